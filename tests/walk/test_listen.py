"""`earwitness listen` against a real sound server, into whose sinks both sides of a call are played."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from app.cases.reader import CaseReader
from app.cases.verify import verify
from audio.types import CALL_RATE
from detection.events import CallStarted, ConsentRecorded
from tests.live_program import COMMAND, CONSENT, DEVICES, REPO, listening, play, playing, sides
from tests.pulse import PrivatePulse
from tests.sound import read_sound

HEARD_S = 12.5


@pytest.fixture
def call(samples: Path, tmp_path: Path) -> dict[str, Path]:
    """What is played into each sink: the sample's first seconds."""
    return sides(samples / "a_disclosed_assistant.wav", HEARD_S, tmp_path)


def refused(pulse: PrivatePulse, data: Path, *options: str) -> str:
    """What the program says when it does not begin."""
    command = [*COMMAND, *options, "--data-dir", str(data)]
    done = run(command, env=pulse.env, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    return done.stderr


def test_a_live_call_is_judged_kept_and_recorded(
    pulse: PrivatePulse, call: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    data = tmp_path / "data"
    another_day = (datetime.now(UTC).astimezone() + timedelta(days=3)).strftime("%a").lower()
    monkeypatch.setitem(pulse.env, "EARWITNESS_DESK_HOURS", f"{another_day} 08:00-18:00")
    with listening(pulse, data, "--json", "--recording", *CONSENT) as program:
        play(pulse, call)
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    case = json.loads(out)
    schema = json.loads((REPO / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
    assert not [error.message for error in Draft202012Validator(schema).iter_errors(case)]
    assert case["ended"] == "stopped"
    assert {line["channel"] for line in case["transcript"]} == {"caller", "agent"}
    assert case["disclosure"]["state"] == "disclosed"
    assert "artificial intelligence" in case["disclosure"]["quote"]
    assert case["voice"]["speech_s"] > 4
    (out_of_hours,) = [one for one in case["conversation"]["findings"] if one["tactic"] == "P12"]
    assert f"desk hours are {another_day} 08:00-18:00" in out_of_hours["quote"]
    assert case["gaps"] == []
    assert case["echoes"] == []
    assert case["consent"]["acknowledgement"]["by"] == "Ann"
    assert all(check.ok for check in verify(data / "cases.db"))
    for kept in case["recording"]["files"]:
        (sound,), rate = read_sound(data / "recordings" / kept["file"])
        assert rate == CALL_RATE
        assert len(sound) / rate == pytest.approx(case["duration_s"], abs=0.5)
        assert np.abs(sound).max() > 3000 / 32768
        assert len(kept["sha256"]) == 64
    with CaseReader(data / "cases.db") as reader:
        first, second, *_ = (entry.event for entry in reader.events(case["case_id"]))
    assert isinstance(first, CallStarted)
    assert isinstance(second, ConsentRecorded)


def test_what_is_said_is_shown_as_it_is_said(pulse: PrivatePulse, samples: Path, tmp_path: Path):
    call = sides(samples / "a_disclosed_assistant.wav", 18.0, tmp_path)
    with listening(pulse, tmp_path / "data", "--seconds", "20", *CONSENT) as program:
        assert program.stdout
        assert program.stderr
        out = ""
        with playing(pulse, call) as players:
            while "Caller: " not in out:
                out += (line := program.stdout.readline())
                assert line, "it ended before the caller said anything"
            assert any(player.poll() is None for player in players)
        out += program.stdout.read()
        assert program.wait(60) == 0, program.stderr.read()
    live, _, report = out.partition("\nfar (caller)")
    assert "AI disclosure: Disclosed" in live
    assert "Ann confirmed (command line, " in report
    assert "The sound of this call is not kept" in report
    assert not (tmp_path / "data" / "recordings").exists()


def test_a_call_is_found_by_its_sound(
    pulse: PrivatePulse, call: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(pulse.env, "EARWITNESS_CONSENT", "standing")
    monkeypatch.setitem(pulse.env, "EARWITNESS_CONSENT_BASIS", "Contract, clause 7")
    with listening(pulse, tmp_path / "data", "--auto", "--json") as program:
        time.sleep(3)
        play(pulse, call)
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    (case,) = map(json.loads, out.splitlines())
    assert case["consent"]["standing_basis"] == "Contract, clause 7"
    assert case["disclosure"]["state"] == "disclosed"
    assert case["transcript"][0]["start_s"] < 2
    assert 10 < case["duration_s"] < 15
    assert case["gaps"] == []


def test_call_after_call_needs_a_standing_basis(pulse: PrivatePulse, tmp_path: Path):
    errors = refused(pulse, tmp_path, "--auto", *DEVICES, *CONSENT)
    assert "set a standing basis" in errors


def test_without_consent_nothing_is_kept(pulse: PrivatePulse, tmp_path: Path):
    errors = refused(pulse, tmp_path / "data", *DEVICES)
    assert "Nothing of this call is kept, because nobody has confirmed" in errors
    assert not (tmp_path / "data").exists()


def test_a_device_that_is_not_there_is_named(pulse: PrivatePulse, tmp_path: Path):
    errors = refused(pulse, tmp_path, "--microphone", "Jabra", "--far-side", "far", *CONSENT)
    assert '"Jabra" fits no device: choose one of ' in errors
