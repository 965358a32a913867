"""`earwitness evaluate` as a person runs it; what it measures is tested in tests/app/evaluation."""

import json
import shutil
from pathlib import Path

import pytest

from tests.walk.conftest import Earwitness

DATA = Path(__file__).parent.parent / "data"


def test_talk_and_disclosure_on_the_written_calls(earwitness: Earwitness):
    talk = json.loads(earwitness("evaluate", "talk", "--json", DATA / "talk_dev.jsonl").out)
    assert talk["n"] == 31
    assert {"recall", "precision", "false_alarms_per_100"} <= set(talk)
    assert talk["recall"] > 0.5
    said = json.loads(earwitness("evaluate", "disclosure", "--json", DATA / "disclosure_dev.jsonl").out)
    assert {"accuracy", "per_state", "confusion", "n"} <= set(said)


def test_talk_for_people_fits_100_columns(earwitness: Earwitness):
    files = (DATA / "talk_dev.jsonl", DATA / "talk_heldout.jsonl")
    run = earwitness("evaluate", "talk", *files)
    assert run.status == 0, run.err
    lines = run.out.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 100
    for said in ("60 calls: 26 vishing, 34 honest", "R2 MFA reset", "before the harm", "Missed"):
        assert said in run.out


@pytest.mark.skipif(not shutil.which("flite"), reason="needs Debian's flite")
def test_talk_through_the_recognizer(earwitness: Earwitness, tmp_path: Path):
    calls = tmp_path / "calls.jsonl"
    first, second, *_ = (DATA / "talk_dev.jsonl").read_text(encoding="utf-8").splitlines()
    calls.write_text(f"{first}\n{second}\n", encoding="utf-8")
    run = earwitness("evaluate", "talk", calls, "--through-recognizer", "--limit", "2", "--json")
    assert run.status == 0, run.err
    found = json.loads(run.out)
    assert (found["n"], found["synthesizer"]) == (2, "flite")
    assert found["recognizer"]["id"] == "pocketsphinx-en-us"
    assert (found["recall"], found["before_intervention"]) == (1.0, 1.0)
    assert found["lead"]["seconds"] > 0
    assert not found["false_alarms"]


def test_a_model_to_hear_with_hears_nothing_of_written_calls(earwitness: Earwitness, tmp_path: Path):
    run = earwitness("evaluate", "talk", DATA / "talk_dev.jsonl", "--whisper-model", tmp_path)
    assert run.status == 2
    assert "--through-recognizer" in run.err


def test_voice_and_transcript_on_a_manifest(earwitness: Earwitness, samples: Path, tmp_path: Path):
    call = samples / "a_disclosed_assistant.wav"
    manifest = tmp_path / "clips.csv"
    manifest.write_text(
        f"path,label,text\n{call},synthetic,hello i am an automated assistant\nnone.wav,real,hello\n"
    )
    run = earwitness("evaluate", "voice", "--json", manifest)
    assert run.status == 0, run.err
    voice = json.loads(run.out)
    assert voice["conditions"]["clean"]["n_synthetic"] == 1
    assert voice["conditions"]["clean"]["eer"] is None
    assert len(voice["failed"]) == 1
    transcript = json.loads(earwitness("evaluate", "transcript", "--json", manifest).out)
    assert transcript["wer"] > 1, "both sides of the call were set against one line"
    assert transcript["engine"]["id"] == "pocketsphinx-en-us"
    assert "Synth." in earwitness("evaluate", "voice", manifest).out


def test_voice_through_channels_for_people_and_programs(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    manifest = tmp_path / "clips.csv"
    manifest.write_text(
        "path,label,system,condition,group\n"
        f"{samples / 'a_disclosed_assistant.wav'},synthetic,Voice [b]maker[/b],studio,\n"
        f"{samples / 'b_helpdesk_con.wav'},real,,studio,Over [i]sixty[/i]\n"
        "none.wav,real,,,\n"
    )
    options = ("--through", "clean, g711", "--windows", "1.5,3")
    found = json.loads(earwitness("evaluate", "voice", manifest, *options, "--json").out)
    assert list(found["conditions"]) == ["studio/clean", "studio/g711"]
    assert list(found["windows"]) == ["1.5", "3"]
    assert set(found["windows"]["3"]["studio/g711"]) < set(found["conditions"]["studio/g711"])
    run = earwitness("evaluate", "voice", manifest, *options)
    assert run.status == 0
    for said in (
        "studio/g711",
        "Voice [b]maker[/b] (1)",
        "Over [i]sixty[/i] (1)",
        "1.5 s",
        "none.wav was not found",
    ):
        assert said in run.out


def test_transcript_through_channels_for_people_and_programs(
    earwitness: Earwitness, samples: Path, tmp_path: Path
):
    manifest = tmp_path / "clips.csv"
    manifest.write_text(
        "path,text,condition\n"
        f"{samples / 'b_helpdesk_con.wav'},reset my MFA and my password,[b]desk[/b]\n"
        "none.wav,hello,\n"
    )
    run = earwitness("evaluate", "transcript", manifest, "--through", "g711", "--json")
    assert run.status == 0, run.err
    found = json.loads(run.out)
    assert list(found["conditions"]) == ["[b]desk[/b]/g711"]
    figures = found["conditions"]["[b]desk[/b]/g711"]
    assert found["wer"] == figures["wer"] > 0
    assert figures["keywords"]["n"] == 2
    assert len(found["failed"]) == 1
    shown = earwitness("evaluate", "transcript", manifest, "--through", "g711").out
    for said in ("pocketsphinx-en-us", "[b]desk[/b]/g711", "password", "none.wav was not found"):
        assert said in shown


def test_an_attack_on_the_voice_is_no_channel_for_a_transcript(earwitness: Earwitness):
    run = earwitness("evaluate", "transcript", "clips.csv", "--through", "spliced")
    assert run.status == 2
    assert "'spliced' is no channel" in run.err


def test_a_domain_word_without_a_sound_is_one_sentence(
    earwitness: Earwitness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EARWITNESS_DOMAIN_WORDS", "Okta,Zyxwvut")
    run = earwitness("evaluate", "transcript", tmp_path / "clips.csv")
    assert run.status == 3
    assert "'Zyxwvut'" in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "given", "named"),
    [
        ("--through", "clean,fax", "'fax' is no channel; known are clean, g711,"),
        ("--through", "Room", "spliced"),
        ("--windows", "1,soon", "'soon'"),
        ("--windows", "0", "'0'"),
        ("--windows", "nan", "'nan'"),
        ("--det", ".", "directory"),
    ],
)
def test_an_option_that_means_nothing_is_bad_use(
    earwitness: Earwitness, option: str, given: str, named: str
):
    run = earwitness("evaluate", "voice", "clips.csv", option, given)
    assert run.status == 2
    assert named in run.err


@pytest.mark.parametrize("judge", ["voice", "talk", "disclosure", "transcript", "speakers"])
def test_a_list_that_cannot_be_used_is_one_sentence(earwitness: Earwitness, tmp_path: Path, judge: str):
    listed = tmp_path / "cases.jsonl"
    listed.write_text("{nonsense")
    run = earwitness("evaluate", judge, listed)
    assert run.status == 3
    assert "cases.jsonl" in run.err
    assert run.err.count("\n") == 1
    assert "Traceback" not in run.err
