"""`earwitness voices`, and calls whose caller claims to be somebody, as a person runs them.

The sample calls are spoken by the same two synthetic voices, so that the caller of one can be
enrolled and recognized in the other, and is a likely clone there.
"""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment
from tests.sound import read_sound, write_wav
from tests.tiny_encoder import write_pack
from tests.walk.conftest import Earwitness

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text())


class Deaf:
    """A recognizer that understands nothing, and at once: these tests are not about words."""

    engine = EngineInfo("transcript", "deaf", "1")

    def begin_call(self) -> None: ...

    def transcribe(self, segment: Segment) -> Rejection:
        return Rejection("nothing understood")

    def close(self) -> None: ...


@pytest.fixture(autouse=True)
def no_recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.compose.load_transcriber", lambda _: Deaf())


@pytest.fixture(autouse=True)
def tiny_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pack = write_pack(tmp_path / "pack")
    monkeypatch.setenv("EARWITNESS_SPEAKER_PACK", str(pack))
    return pack


@pytest.fixture
def con(samples: Path) -> Path:
    return samples / "b_helpdesk_con.wav"


@pytest.fixture
def assistant(samples: Path) -> Path:
    return samples / "a_disclosed_assistant.wav"


def enrol(earwitness: Earwitness, name: str, *arguments: object) -> None:
    run = earwitness("voices", "enrol", name, "--consent", "form of 2026-11-20", *arguments)
    assert run.status == 0, run.err
    assert f"{name} is enrolled from" in run.out


def analyzed(earwitness: Earwitness, *arguments: object) -> dict:
    run = earwitness("analyze", "--json", *arguments)
    assert run.status == 0, run.err
    judged = json.loads(run.out)
    jsonschema.validate(judged, SCHEMA)
    return judged


def test_a_copied_voice_is_a_likely_clone_and_an_alert(earwitness: Earwitness, con: Path):
    enrol(earwitness, "Daniel Reyes", "--channel", "caller", con)
    judged = analyzed(earwitness, "--claims", "Daniel Reyes", con)
    speaker, identity = judged["speaker"], judged["identity"]
    assert (speaker["level"], speaker["claimed"]) == ("matches", "Daniel Reyes")
    assert speaker["llr"] >= speaker["threshold_match"]
    assert (speaker["model_id"], speaker["model_revision"]) == ("tiny-speaker", "1")
    assert 0 < speaker["spread"] < 1
    assert identity["level"] == "likely_clone"
    assert identity["llr"] < 0
    (alert,) = [alert for alert in judged["alerts"] if alert["subject"] == "identity"]
    assert alert["level"] == "alert"
    assert "sounds like Daniel Reyes and looks synthetic" in alert["title"]
    assert "speaker" in {engine["job"] for engine in judged["engines"]}
    shown = json.loads(earwitness("cases", "show", "--json", judged["case_id"]).out)
    assert shown["identity"] == identity
    report = earwitness("cases", "show", judged["case_id"]).out
    assert "Is it Daniel Reyes?" in report
    assert "Likely a clone" in report
    assert earwitness("cases", "verify").status == 0


def test_another_voice_does_not_match_and_is_a_watch(earwitness: Earwitness, con: Path):
    enrol(earwitness, "Ann", "--channel", "caller", con)
    judged = analyzed(earwitness, "--claims", "Ann", "--caller", "right", con)
    assert judged["identity"]["level"] == "does_not_match"
    (alert,) = [alert for alert in judged["alerts"] if alert["subject"] == "identity"]
    assert alert["level"] == "watch"


def test_without_a_claim_nobody_s_identity_is_judged(earwitness: Earwitness, assistant: Path):
    judged = analyzed(earwitness, assistant)
    assert judged["speaker"]["level"] == judged["identity"]["level"] == "not_checked"
    assert judged["speaker"]["speech_s"] > 5
    assert judged["speaker"]["changes"] == []
    assert judged["identity"]["reasons"] == []


def test_a_watched_voice_is_found_in_a_later_call_and_not_after_it_was_erased(
    earwitness: Earwitness, con: Path, assistant: Path
):
    case = analyzed(earwitness, con)["case_id"]
    arguments = ("--case", case[:13], "--note", "asks for MFA", "--channel", "caller", con)
    run = earwitness("voices", "watch", "con man", *arguments)
    assert run.status == 0, run.err
    judged = analyzed(earwitness, assistant)
    (hit,) = judged["speaker"]["watch_hits"]
    assert (hit["name"], hit["case_id"], hit["note"]) == ("con man", case, "asks for MFA")
    assert hit["llr"] >= hit["threshold"]
    (alert,) = [alert for alert in judged["alerts"] if alert["subject"] == "watch_list"]
    assert alert["level"] == "watch"
    assert case in alert["reason"]
    assert analyzed(earwitness, "--caller", "right", assistant)["speaker"]["watch_hits"] == []
    assert earwitness("voices", "unwatch", "con man").status == 0
    assert analyzed(earwitness, assistant)["speaker"]["watch_hits"] == []


def test_the_third_call_about_a_person_is_a_sign_from_the_log(
    earwitness: Earwitness, con: Path, tmp_path: Path
):
    enrol(earwitness, "Mark Oduya", "--channel", "caller", con)
    calls = [tmp_path / f"call {number}.wav" for number in range(3)]
    for call in calls:
        call.symlink_to(con)

    def judged(call: Path) -> dict:
        return analyzed(earwitness, "--claims", "Mark Oduya", call)

    first, second, third = map(judged, calls)
    assert first["conversation"]["findings"] == second["conversation"]["findings"] == []
    (note,) = third["conversation"]["findings"]
    assert (note["tactic"], note["start_s"]) == ("P13", 0)
    assert "call 3 about Mark Oduya in 24 hours" in note["quote"]
    assert first["case_id"] in note["quote"]
    assert second["case_id"] in note["quote"]
    assert third["conversation"]["llr"] == pytest.approx(note["weight"])
    shown = earwitness("analyze", "--claims", "Mark Oduya", calls[2]).out
    assert "call 3 about Mark Oduya" in " ".join(shown.split()), "the same recording is no fourth call"


def test_a_watched_voice_that_claimed_to_be_another_is_an_alert(
    earwitness: Earwitness, con: Path, assistant: Path
):
    for name in ("Ann Lee", "Mark Oduya"):
        enrol(earwitness, name, "--channel", "caller", con)
    assert earwitness("voices", "watch", "con man", "--channel", "caller", con).status == 0
    first = analyzed(earwitness, "--claims", "Ann Lee", con)
    second = analyzed(earwitness, "--claims", "Mark Oduya", assistant)
    told = [
        [alert for alert in judged["alerts"] if alert["subject"] == "watch_list"]
        for judged in (first, second)
    ]
    assert [[alert["level"] for alert in alerts] for alerts in told] == [["watch"], ["alert"]]
    assert "claimed to be Ann Lee" in told[1][0]["reason"]
    assert first["case_id"] in told[1][0]["reason"]


def test_verify_answers_by_its_status(earwitness: Earwitness, con: Path, assistant: Path):
    enrol(earwitness, "Ann", "--channel", "agent", con, assistant)
    other = earwitness("voices", "verify", "Ann", assistant, "--channel", "caller")
    assert other.status == 1
    assert "Does not match" in other.out
    same = earwitness("voices", "verify", "Ann", assistant, "--channel", "agent", "--json")
    answer = json.loads(same.out)
    assert answer["speaker_llr"] >= answer["threshold_match"]
    # The sample's help desk is a synthetic voice too: matching it is no pass.
    assert answer["level"] in {"likely_clone", "unsure"}
    assert same.status == 1


def test_voices_are_listed_and_erased(earwitness: Earwitness, con: Path):
    assert "No voice is kept." in earwitness("voices", "list").out
    enrol(earwitness, "Ann", "--channel", "caller", "--keep-days", 30, con)
    earwitness("voices", "watch", "[b]con[/b]", "--channel", "caller", con)
    listed = earwitness("voices", "list").out
    for word in ("Enrolled", "Ann", "form of 2026-11-20", "tiny-speaker 1", "Watch list", "[b]con[/b]"):
        assert word in listed
    as_json = json.loads(earwitness("voices", "list", "--json").out)
    assert as_json["enrolled"][0]["expires_at"] > as_json["enrolled"][0]["enrolled_at"]
    assert as_json["watched"][0]["case_id"] == ""
    assert earwitness("voices", "erase", "Ann").status == 0
    again = earwitness("voices", "erase", "Ann")
    assert again.status == 3
    assert "Nobody is enrolled as 'Ann'" in again.err
    assert earwitness("analyze", "--claims", "Ann", con).status == 3


def test_an_enrolment_of_another_revision_is_refused_with_the_cure(
    earwitness: Earwitness, tiny_pack: Path, con: Path
):
    enrol(earwitness, "Ann", "--channel", "caller", con)
    write_pack(tiny_pack, revision="2")
    for command in (("analyze", "--claims", "Ann", con), ("voices", "verify", "Ann", con)):
        run = earwitness(*command)
        assert run.status == 3
        assert "enrol Ann again" in run.err
        assert run.err.count("\n") == 1
    assert earwitness("cases", "list").out.count("b_helpdesk_con") == 0


def test_what_is_too_little_or_two_voices_is_not_enrolled(
    earwitness: Earwitness, con: Path, tmp_path: Path, tiny_pack: Path
):
    write_pack(tiny_pack, calibration={"scale": 200.0, "offset": -186.0})
    sound, rate = read_sound(con)
    write_wav(tmp_path / "short.wav", sound[:1, : 12 * rate], rate)
    turns = np.concatenate([sound[0, : 40 * rate], sound[1, : 40 * rate]])
    write_wav(tmp_path / "both.wav", turns[None], rate)
    for file, said in (
        ("short.wav", "s more"),
        ("both.wav", "more than one voice"),
        ("no.wav", "no.wav"),
    ):
        run = earwitness("voices", "enrol", "Ann", "--consent", "yes", tmp_path / file)
        assert run.status == 3
        assert said in run.err
        assert run.err.count("\n") == 1
    assert "No voice is kept." in earwitness("voices", "list").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("enrol", "Ann", "x.wav"),
        ("enrol", "Ann", "--consent", " ", "x.wav"),
        ("enrol", "  ", "--consent", "yes", "x.wav"),
        ("enrol", "A" * 101, "--consent", "yes", "x.wav"),
        ("enrol", "Ann", "--consent", "yes"),
        ("enrol", "Ann", "--consent", "yes", "--keep-days", "0", "x.wav"),
        ("verify", "Ann"),
    ],
)
def test_bad_use_is_status_2(earwitness: Earwitness, arguments: tuple[str, ...]):
    run = earwitness("voices", *arguments)
    assert run.status == 2
    assert "Traceback" not in run.err


def test_without_a_pack_calls_are_judged_and_claims_refused(
    earwitness: Earwitness, con: Path, assistant: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    enrol(earwitness, "Ann", "--channel", "caller", con)
    monkeypatch.delenv("EARWITNESS_SPEAKER_PACK")
    monkeypatch.setattr("app.compose._BUILT_IN_ENCODER", tmp_path / "none")
    judged = analyzed(earwitness, assistant)
    assert judged["speaker"]["level"] == "not_checked"
    assert judged["speaker"]["model_id"] == ""
    assert "speaker" not in {engine["job"] for engine in judged["engines"]}
    for command in (
        ("analyze", "--claims", "Ann", assistant),
        ("voices", "verify", "Ann", assistant),
        ("evaluate", "speakers", "people.csv"),
    ):
        run = earwitness(*command)
        assert run.status == 3
        assert "pack" in run.err
        assert run.err.count("\n") == 1


def test_a_broken_pack_is_named(earwitness: Earwitness, tiny_pack: Path, assistant: Path):
    (tiny_pack / "encoder.onnx").write_bytes(b"")
    run = earwitness("analyze", assistant)
    assert run.status == 3
    assert "encoder.onnx" in run.err


def test_speakers_are_evaluated_for_people_and_programs(
    earwitness: Earwitness, con: Path, assistant: Path, tmp_path: Path
):
    lines = ["path,speaker"]
    for call in (con, assistant):
        sound, rate = read_sound(call)
        for side, name in enumerate(("kal", "slt [b]")):
            write_wav(tmp_path / f"{call.stem}{side}.wav", sound[side : side + 1], rate)
            lines.append(f"{call.stem}{side}.wav,{name}")
    people = tmp_path / "people.csv"
    people.write_text("\n".join([*lines, "none.wav,x"]))
    options = ("--through", "clean,g711", "--seconds", "3,5")
    found = json.loads(earwitness("evaluate", "speakers", people, *options, "--json").out)
    assert list(found["conditions"]) == ["clean", "g711"]
    assert list(found["conditions"]["g711"]) == ["3", "5"]
    assert found["conditions"]["clean"]["5"]["eer"] < 0.3
    run = earwitness("evaluate", "speakers", people, *options, "--det", tmp_path / "det.png")
    assert run.status == 0, run.err
    for said in ("tiny-speaker, revision 1", "g711", "5 s", "none.wav was not found"):
        assert said in run.out
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")
    assert earwitness("evaluate", "speakers", people, "--seconds", "soon").status == 2
