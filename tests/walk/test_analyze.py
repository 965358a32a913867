"""`earwitness analyze` on real sound, as a person runs it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from audio.types import CALL_RATE
from tests.sound import write_wav
from tests.walk.conftest import Earwitness

REPO = Path(__file__).parent.parent.parent
SCHEMA = json.loads((REPO / "docs" / "analyze.schema.json").read_text())
CALLS = ("a_disclosed_assistant", "b_helpdesk_con")


def objects(out: str) -> list[dict]:
    lines = [json.loads(line) for line in out.splitlines()]
    for each in lines:
        jsonschema.validate(each, SCHEMA)
    return lines


def test_sample_calls_are_judged_as_written_beside_them(earwitness: Earwitness, samples: Path):
    run = earwitness("analyze", "--json", *(samples / f"{call}.wav" for call in CALLS))
    assert run.status == 0, run.err
    for call, judged in zip(CALLS, objects(run.out), strict=True):
        expected = json.loads((samples / f"{call}.expected.json").read_text())
        assert judged["voice"]["level"] == expected["voice"]
        assert judged["conversation"]["level"] == expected["conversation"]
        assert judged["disclosure"]["state"] == expected["disclosure"]
        found = {finding["tactic"] for finding in judged["conversation"]["findings"]}
        assert set(expected["tactics"]) <= found
        alerts = {alert["subject"] for alert in judged["alerts"] if alert["level"] == "alert"}
        assert alerts == set(expected["alerts"])
        if "disclosed_within_s" in expected:
            assert judged["disclosure"]["at_s"] <= expected["disclosed_within_s"]
        assert judged["ended"] == "finished"


def test_the_same_script_in_another_recording_is_a_sign(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    again = tmp_path / "another.wav"
    shutil.copy(samples / "b_helpdesk_con.wav", again)
    run = earwitness("analyze", "--json", samples / "b_helpdesk_con.wav", again, again)
    first, second, third = objects(run.out)
    for judged, is_repeated in ((first, False), (second, True), (third, True)):
        signs = {sign["name"]: sign for sign in judged["agent"]["signs"]}
        assert ("repeated_wording" in signs) is is_repeated
        assert "voice" in signs
    assert first["agent"]["level"] == "agent_like"


def test_every_result_says_what_judged_it(earwitness: Earwitness, samples: Path):
    (judged,) = objects(earwitness("analyze", "--json", samples / "a_disclosed_assistant.wav").out)
    jobs = {engine["job"]: engine for engine in judged["engines"]}
    assert set(jobs) - {"speaker"} == {"vad", "transcript", "voice", "tactics", "talk", "disclosure"}
    assert jobs["transcript"]["id"] == "pocketsphinx-en-us"
    assert judged["voice"]["model_id"] == jobs["voice"]["id"]
    assert judged["voice"]["speech_s"] > 5
    assert judged["voice"]["threshold_synthetic"] is not None


def test_the_report_for_people_names_verdicts_evidence_and_next_step(
    earwitness: Earwitness, samples: Path
):
    run = earwitness("analyze", samples / "b_helpdesk_con.wav")
    assert run.status == 0
    assert run.err == ""
    for words in (
        "Likely synthetic",
        "Vishing pattern",
        "Denied when asked",
        "Next step:",
        "R2",
        "hurry",
    ):
        assert words in run.out


def test_caller_on_the_other_side_swaps_the_channels(earwitness: Earwitness, samples: Path):
    call = samples / "a_disclosed_assistant.wav"
    (left,) = objects(earwitness("analyze", "--json", call).out)
    (right,) = objects(earwitness("analyze", "--json", "--caller", "right", call).out)
    assert {(u["start_s"], u["text"], u["channel"]) for u in right["transcript"]} == {
        (u["start_s"], u["text"], {"caller": "agent", "agent": "caller"}[u["channel"]])
        for u in left["transcript"]
    }
    (mono,) = objects(earwitness("analyze", "--json", "--caller", "mono", call).out)
    assert {u["channel"] for u in mono["transcript"]} == {"caller"}


def test_the_desks_own_voice_is_judged_where_that_is_asked_for(earwitness: Earwitness, samples: Path):
    """The sample's AI is the caller: with the sides swapped it is the desk's, and the same is found."""
    call = samples / "a_disclosed_assistant.wav"
    (judged,) = objects(
        earwitness("analyze", "--json", "--subject", "agent", "--caller", "right", call).out
    )
    assert judged["subject"] == judged["disclosure"]["subject"] == "agent"
    assert judged["voice"]["level"] == "likely_synthetic"
    assert "desk's own speech" in judged["voice"]["reasons"][0]
    assert judged["disclosure"]["state"] == "disclosed"
    assert judged["agent"]["level"] == "agent_like"
    assert [rule["state"] for rule in judged["disclosure"]["rules"]] == ["disclosed"]
    assert judged["alerts"] == []
    (shown,) = objects(earwitness("cases", "show", "--json", judged["case_id"]).out)
    assert shown["agent"] == judged["agent"]
    report = earwitness("cases", "show", judged["case_id"]).out
    assert "AI disclosure (help desk)" in report


def test_the_desks_own_voice_is_on_a_side_of_its_own(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    mono = tmp_path / "mono.wav"
    write_wav(mono, np.zeros((1, CALL_RATE), np.float32), CALL_RATE)
    run = earwitness("analyze", "--json", "--subject", "agent", mono)
    assert run.status == 3
    (refused,) = objects(run.out)
    assert "mono.wav has no side of the help desk to judge" in refused["error"]
    assert "export both sides" in refused["error"]
    assert "mono.wav" not in earwitness("cases", "list").out


@pytest.mark.parametrize("options", [["--claims", "Ann"], ["--caller", "mono"]])
def test_what_is_asked_of_callers_is_not_asked_of_the_desks_own_voice(
    earwitness: Earwitness, tmp_path: Path, options: list[str]
):
    run = earwitness("analyze", "--subject", "agent", *options, "x.wav")
    assert run.status == 2
    assert "leave one of them out" in run.err
    assert options[0] in run.err
    assert not (tmp_path / "data").exists()


def test_a_bad_file_does_not_stop_the_others(earwitness: Earwitness, samples: Path, tmp_path: Path):
    notes = tmp_path / "notes.wav"
    notes.write_text("call back later")
    run = earwitness(
        "analyze", "--json", notes, samples / "a_disclosed_assistant.wav", tmp_path / "none.wav"
    )
    assert run.status == 3
    refused, judged, missing = objects(run.out)
    assert "notes.wav" in refused["error"]
    assert "none.wav" in missing["error"]
    assert judged["case_id"]
    assert run.err.count("earwitness:") == 2
    assert "Traceback" not in run.err
    listed = earwitness("cases", "list")
    assert judged["case_id"] in listed.out
    assert "notes.wav" not in listed.out


@pytest.mark.parametrize("samples_heard", [1, 20 * CALL_RATE])
def test_silence_is_not_a_pass(earwitness: Earwitness, tmp_path: Path, samples_heard: int):
    write_wav(tmp_path / "silent.wav", np.zeros((1, samples_heard), np.float32), CALL_RATE)
    run = earwitness("analyze", "--json", tmp_path / "silent.wav")
    assert run.status == 0, run.err
    (judged,) = objects(run.out)
    assert judged["voice"]["level"] == "not_enough_speech"
    assert judged["voice"]["score"] is None
    assert judged["conversation"]["level"] == "not_enough_speech"
    assert judged["disclosure"]["state"] == "listening"
    assert judged["transcript"] == judged["alerts"] == []
    assert run.err.count("\n") == 1
    assert "silent.wav holds no speech that could be judged: check the recording" in run.err


def test_a_truncated_recording_is_judged_as_far_as_it_goes_and_said_so(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    cut = tmp_path / "cut.wav"
    whole = (samples / "b_helpdesk_con.wav").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    run = earwitness("analyze", "--json", cut)
    assert run.status == 3
    assert "cut.wav is cut off or damaged" in run.err
    (judged,) = objects(run.out)
    assert judged["ended"] == "failed"
    assert "cut.wav is cut off or damaged" in judged["ended_detail"]
    assert judged["transcript"]
    assert earwitness("cases", "verify").status == 0


@pytest.mark.parametrize(
    "arguments",
    [["analyze"], ["analyze", "--nonsense", "x.wav"], ["analyze", "--caller", "middle", "x.wav"], ["x"]],
)
def test_bad_use_is_status_2(earwitness: Earwitness, arguments: list[str]):
    run = earwitness(*arguments)
    assert run.status == 2
    assert "Traceback" not in run.err


def test_a_broken_voice_pack_is_named_and_nothing_is_stored(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    from app.settings import Settings

    pack = tmp_path / "pack"
    shutil.copytree(Settings().voice_pack, pack)
    network = next(pack.glob("*.onnx"))
    network.write_bytes(network.read_bytes()[:-1])
    run = earwitness("analyze", "--voice-pack", pack, samples / "a_disclosed_assistant.wav")
    assert run.status == 3
    assert network.name in run.err
    assert "Traceback" not in run.err
    assert not list((tmp_path / "data").glob("*.db"))


def test_a_case_log_of_a_newer_version_is_left_alone(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    call = samples / "a_disclosed_assistant.wav"
    assert earwitness("analyze", call).status == 0
    log = tmp_path / "data" / "cases.db"
    with sqlite3.connect(log) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = log.read_bytes()
    run = earwitness("analyze", call)
    assert run.status == 3
    assert "99" in run.err
    assert "update Earwitness" in run.err
    assert log.read_bytes() == before


def test_one_flipped_byte_of_a_stored_event_is_found(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    (judged,) = objects(earwitness("analyze", "--json", samples / "a_disclosed_assistant.wav").out)
    assert earwitness("cases", "verify").status == 0
    log = tmp_path / "data" / "cases.db"
    content = bytearray(log.read_bytes())
    at = content.index(b"artificial intelligence")
    content[at] ^= 1
    log.write_bytes(content)
    run = earwitness("cases", "verify")
    assert run.status == 1
    assert judged["case_id"] in run.out
    assert "event" in run.out
    assert "changed" in run.out


def test_a_shown_case_is_the_analysed_one(earwitness: Earwitness, samples: Path):
    (judged,) = objects(earwitness("analyze", "--json", samples / "b_helpdesk_con.wav").out)
    (shown,) = objects(earwitness("cases", "show", "--json", judged["case_id"]).out)
    shown["file"] = judged["file"]
    assert shown == judged


def test_the_real_telephone_call_raises_nothing(earwitness: Earwitness, shared: Path):
    call = shared / "data" / "calls" / "auto_repairs_40.flac"
    run = earwitness("analyze", "--json", call)
    assert run.status == 0, run.err
    (judged,) = objects(run.out)
    assert {u["channel"] for u in judged["transcript"]} == {"caller", "agent"}
    assert judged["alerts"] == []
    assert judged["voice"]["level"] != "likely_synthetic"
    # Much of a noisy call is beyond the basic recognizer: no alarm, and no all-clear either.
    assert judged["conversation"]["level"] in {"calm", "not_enough_speech"}
    for side in ("caller", "agent"):
        (judged,) = objects(earwitness("analyze", "--json", "--subject", side, call).out)
        assert judged["disclosure"]["state"] in {"human", "listening"}
        assert judged["agent"]["level"] in {"human_like", "unsure", "not_enough_speech"}
        assert not [alert for alert in judged["alerts"] if alert["subject"] == "disclosure"]
    assert earwitness("cases", "verify").status == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_what_was_stored_stays(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    import resource

    call = samples / "a_disclosed_assistant.wav"
    (stored,) = objects(earwitness("analyze", "--json", call).out)
    limit = (tmp_path / "data" / "cases.db").stat().st_size + 4096
    run = subprocess.run(
        [Path(sys.executable).with_name("earwitness"), "analyze", "--data-dir", tmp_path / "data", call],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert run.returncode == 3
    assert "cases.db" in run.stderr
    assert "Traceback" not in run.stderr
    (shown,) = objects(earwitness("cases", "show", "--json", stored["case_id"]).out)
    assert shown["transcript"] == stored["transcript"]
    assert earwitness("cases", "verify").status == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_full_disk_is_said_once_and_the_call_is_said_to_have_ended_early(
    samples: Path, small_disk: Path, as_json: bool
):
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("earwitness"), "analyze", "--data-dir", small_disk),
            *(["--json"] if as_json else []),
            samples / "b_helpdesk_con.wav",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert run.stderr.count("\n") == 1
    assert "is full; free some space" in run.stderr
    if as_json:
        (judged,) = objects(run.stdout)
        assert judged["ended"] == "failed"
        assert judged["ended_detail"] in run.stderr
    else:
        assert "The call ended early." in run.stdout
        assert "still on" not in run.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_on_a_terminal_leaves_the_output_alone(samples: Path, tmp_path: Path):
    pty = pytest.importorskip("pty")
    try:
        master, slave = pty.openpty()
    except OSError as error:
        pytest.skip(f"needs a terminal device: {error}")
    call = samples / "a_disclosed_assistant.wav"
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("earwitness"), "analyze", "--json"),
            *("--data-dir", tmp_path / "data", call),
        ],
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
        check=False,
    )
    os.close(slave)
    os.close(master)
    assert run.returncode == 0
    (judged,) = objects(run.stdout)
    assert judged["ended"] == "finished"
