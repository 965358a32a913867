"""Earlier calls, read from a real case log."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cases.memory import CaseMemory
from app.cases.writer import CaseWriter
from app.errors import CaseLogError
from audio.types import Channel
from detection.circumstances import Circumstances
from detection.desk_hours import DeskHours
from detection.events import CallStarted, ConsentRecorded, Event, SpeakerJudged, WordingSketched
from detection.types import SpeakerLevel, SpeakerVerdict, WatchHit

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HIT = WatchHit("con man", "20261101-1", "", 6.0, 4.6, 0)
OTHER_HIT = WatchHit("other man", "20261102-1", "", 6.0, 4.6, 0)
CONSENT = ConsentRecorded("policy", None, keeps_audio=False)

Call = Callable[..., str]


@pytest.fixture
def call(log: Path) -> Call:
    """Stores a call that began so long before `NOW`, and returns its case id."""

    def store(
        before: timedelta,
        claimed: str = "Mark Oduya",
        hits: tuple[WatchHit, ...] = (),
        source: str = "call.wav",
        *,
        is_live: bool = False,
        wording: str = "",
    ) -> str:
        started_at = (NOW - before).isoformat(timespec="milliseconds")
        level = SpeakerLevel.UNSURE if claimed else SpeakerLevel.NOT_CHECKED
        verdict = SpeakerVerdict(level, claimed, watch_hits=hits)
        early = SpeakerVerdict(SpeakerLevel.NOT_ENOUGH_SPEECH, claimed)
        events: list[Event] = [
            CallStarted(source, started_at, (Channel.CALLER,), ()),
            *([CONSENT] if is_live else []),
            SpeakerJudged(early, 16_000),
            SpeakerJudged(verdict, 32_000),
            *([WordingSketched(wording, 50, 48_000)] if wording else []),
        ]
        with CaseWriter(log) as writer:
            case_id = writer.open_case(source, started_at)
            writer.append(case_id, events)
        return case_id

    return store


def memory(log: Path, source: str = "now.wav", before: datetime = NOW) -> CaseMemory:
    return CaseMemory(log, source, before)


def test_the_calls_about_a_person_in_24_hours_the_oldest_first(log: Path, call: Call):
    second = call(timedelta(minutes=5))
    first = call(timedelta(hours=23, minutes=59))
    call(timedelta(hours=24, seconds=1))
    call(timedelta(hours=1), claimed="Ann Lee")
    call(timedelta(hours=1), claimed="")
    call(timedelta(seconds=-1))
    call(timedelta(0))
    found = memory(log).about("Mark Oduya")
    assert [one.case_id for one in found] == [first, second], "across midnight, and none after"
    assert found[1].started_at == NOW - timedelta(minutes=5)
    assert memory(log).about("Nobody") == []


def test_a_recording_judged_again_is_no_other_call(log: Path, call: Call):
    call(timedelta(hours=2), source="call.wav")
    live = call(timedelta(hours=1), source="Headset", is_live=True)
    assert [one.case_id for one in memory(log, "call.wav").about("Mark Oduya")] == [live]
    assert len(memory(log, "Headset").about("Mark Oduya")) == 2


def test_a_voice_is_looked_for_in_30_days(log: Path, call: Call):
    old = call(timedelta(days=29), claimed="Ann Lee", hits=(OTHER_HIT, HIT))
    call(timedelta(days=31), claimed="Ann Lee", hits=(HIT,))
    call(timedelta(days=1), claimed="Ann Lee", hits=(OTHER_HIT,))
    (found,) = memory(log).with_voice("con man")
    assert (found.case_id, found.claimed) == (old, "Ann Lee")


def test_the_wordings_of_90_days_but_not_of_the_same_recording(log: Path, call: Call):
    call(timedelta(days=91), wording="too old")
    call(timedelta(days=89), wording="old")
    call(timedelta(hours=2), source="now.wav", wording="the same recording")
    call(timedelta(hours=1), source="now.wav", is_live=True, wording="a live call")
    call(timedelta(hours=1))
    assert sorted(memory(log).wordings()) == ["a live call", "old"]


def test_odd_names_are_values_and_no_sql(log: Path, call: Call):
    odd = "Zoë'; DROP TABLE events; -- \udcff"
    case_id = call(timedelta(hours=1), claimed=odd)
    assert [one.case_id for one in memory(log).about(odd)] == [case_id]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system takes no time zone from TZ")
def test_the_third_call_is_a_sign_with_cases_and_times(
    log: Path, call: Call, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        ids = [call(timedelta(hours=16))]
        assert Circumstances(memory(log), "Mark Oduya").earlier_calls() == [], "a second call"
        ids.append(call(timedelta(minutes=30)))
        circumstances = Circumstances(memory(log), "Mark Oduya")
        (note,) = circumstances.earlier_calls()
        assert note.tactic == "P13"
        assert note.quote == (
            "call 3 about Mark Oduya in 24 hours; before it cases "
            f"{ids[0]} (20 Nov 00:00), {ids[1]} (20 Nov 15:30)"
        )
        assert circumstances.earlier_calls() == [], "counted once"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nobody_claimed_nothing_looked_up(tmp_path: Path):
    circumstances = Circumstances(memory(tmp_path / "none.db"))
    assert circumstances.earlier_calls() == []
    assert circumstances.other_claims([HIT]) == []


def test_a_call_out_of_hours_is_told_once(log: Path):
    hours = DeskHours.of("mon-fri 08:00-18:00")
    saturday = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
    circumstances = Circumstances(memory(log), begun=saturday, hours=hours)
    (note,) = circumstances.time()
    assert note == ("P12", "the call began on Saturday at 02:14; desk hours are mon-fri 08:00-18:00")
    assert circumstances.time() == []
    for begun, known in ((NOW, hours), (None, hours), (saturday, None)):
        assert Circumstances(memory(log), begun=begun, hours=known).time() == []


def test_a_voice_that_claimed_to_be_another_is_told_once(log: Path, call: Call):
    case_id = call(timedelta(days=2), claimed="Ann Lee", hits=(HIT,))
    call(timedelta(days=1), claimed="Mark Oduya", hits=(HIT,))
    call(timedelta(days=1), claimed="", hits=(HIT,))
    circumstances = Circumstances(memory(log), "Mark Oduya")
    assert circumstances.other_claims([OTHER_HIT]) == []
    (sentence,) = circumstances.other_claims([OTHER_HIT, HIT])
    assert "a voice like con man claimed to be Ann Lee" in sentence
    assert f"case {case_id} (" in sentence
    assert circumstances.other_claims([OTHER_HIT, HIT]) == []


def test_many_calls_are_cut_to_the_latest(log: Path, call: Call):
    ids = [call(timedelta(hours=8 - number)) for number in range(8)]
    (note,) = Circumstances(memory(log), "Mark Oduya").earlier_calls()
    assert note.quote.startswith("call 9 about")
    assert note.quote.endswith(" and 3 earlier")
    assert ids[2] not in note.quote
    assert all(one in note.quote for one in ids[3:])


_OTHER_PROGRAM = """
import sys
from pathlib import Path
from app.cases.writer import CaseWriter
from audio.types import Channel
from detection.events import CallStarted, SpeakerJudged
from detection.types import SpeakerLevel, SpeakerVerdict
with CaseWriter(Path(sys.argv[1])) as writer:
    print("begun", flush=True)
    for number in range(40):
        when = sys.argv[2]
        case = writer.open_case(f"{number}.wav", when)
        verdict = SpeakerVerdict(SpeakerLevel.UNSURE, "Mark Oduya")
        writer.append(case, [CallStarted(f"{number}.wav", when, (Channel.CALLER,), ())])
        for at in range(5):
            writer.append(case, [SpeakerJudged(verdict, at)])
"""


def test_the_log_is_read_while_another_process_writes(log: Path, call: Call):
    call(timedelta(hours=2))
    when = (NOW - timedelta(hours=1)).isoformat(timespec="milliseconds")
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROGRAM, str(log), when], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "begun\n"
        counts = [len(memory(log).about("Mark Oduya"))]
        while other.poll() is None:
            counts.append(len(memory(log).about("Mark Oduya")))
    counts.append(len(memory(log).about("Mark Oduya")))
    assert other.returncode == 0
    assert counts == sorted(counts)
    assert counts[-1] == 41
    assert len(set(counts)) > 2, "it was read while the other wrote"


def test_any_thread_may_ask(log: Path, call: Call):
    call(timedelta(hours=2))
    asked = memory(log)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(len(asked.about("Mark Oduya"))))
    thread.start()
    thread.join()
    assert found == [len(asked.about("Mark Oduya"))] == [1]


def test_a_log_that_cannot_be_read_is_the_logs_error(tmp_path: Path):
    path = tmp_path / "cases.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(CaseLogError, match=r"cases\.db"):
        memory(path).about("Mark Oduya")
