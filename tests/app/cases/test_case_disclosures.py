"""The last disclosure verdict of each case in a span, from a real log."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.cases.disclosures import judged_calls
from app.errors import CaseLogError, NoCaseLogError
from audio.types import Channel
from detection.types import DisclosureState
from tests.app.disclosure.calls import NOON, store, verdict

DAY = timedelta(days=1)


def change(log: Path, sql: str, *values: str) -> None:
    with closing(sqlite3.connect(log)) as db, db:
        db.execute(sql, values)


def test_the_last_verdict_of_each_case_is_read_in_the_order_of_the_calls(log):
    late = store(log, verdict(DisclosureState.HUMAN), began=NOON + timedelta(hours=2))
    early = store(log, verdict(DisclosureState.LISTENING), verdict(DisclosureState.DENIED))
    calls = judged_calls(log, NOON - DAY, NOON + DAY)
    assert [call.case_id for call in calls] == [early, late]
    assert [call.verdict and call.verdict.state for call in calls] == ["denied", "human"]
    assert (calls[0].started_at, calls[0].source) == (NOON, "call.wav")


def test_a_span_holds_its_first_moment_and_not_its_last(log):
    store(log)
    assert len(judged_calls(log, NOON, NOON + DAY)) == 1
    assert judged_calls(log, NOON - DAY, NOON) == []


def test_a_case_without_a_verdict_has_none_and_the_side_it_was_to_be_judged_on(log, writer):
    store(log, subject=Channel.AGENT)
    writer.open_case("empty.wav", (NOON + DAY).isoformat())
    writer.close()
    calls = judged_calls(log, NOON, NOON + 2 * DAY)
    assert [(call.verdict, call.subject) for call in calls] == [(None, "agent"), (None, "caller")]


def test_the_verdict_says_which_side_was_judged(log):
    store(log, verdict(DisclosureState.HUMAN, subject=Channel.AGENT))
    assert judged_calls(log, NOON, NOON + DAY)[0].subject is Channel.AGENT


@pytest.mark.parametrize(
    "payload", ["{}", "nonsense", '{"kind":"call_ended","reason":"finished","at":0}']
)
def test_a_changed_verdict_is_named(log, payload):
    case_id = store(log, verdict(DisclosureState.HUMAN))
    change(log, "UPDATE events SET payload = ? WHERE kind = 'disclosure'", payload)
    with pytest.raises(CaseLogError, match=f"Event 1 of case {case_id} was changed .*cases verify"):
        judged_calls(log, NOON, NOON + DAY)


@pytest.mark.parametrize("started", ["2026-11-20Tx", "2026-11-20T12:30:00"])
def test_a_changed_start_is_named(log, started):
    case_id = store(log)
    change(log, "UPDATE cases SET started_at = ?", started)
    with pytest.raises(CaseLogError, match=f"summary of case {case_id} was changed"):
        judged_calls(log, NOON - DAY, NOON + DAY)


def test_bytes_that_are_no_text_are_written_as_escapes(log):
    store(log)
    change(log, "UPDATE cases SET source = CAST(x'ff2e776176' AS TEXT)")
    assert judged_calls(log, NOON, NOON + DAY)[0].source == r"\udcff.wav"


def test_a_damaged_log_is_said_so(log):
    store(log)
    content = bytearray(log.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    log.write_bytes(content)
    with pytest.raises(CaseLogError, match=r"cases\.db is damaged"):
        judged_calls(log, NOON, NOON + DAY)


def test_no_log_yet_is_said_so(log):
    with pytest.raises(NoCaseLogError, match="no case log"):
        judged_calls(log, NOON, NOON + DAY)
