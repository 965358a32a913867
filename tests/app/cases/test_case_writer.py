import threading
from types import SimpleNamespace

import pytest

from app.cases import database
from app.cases import writer as writer_module
from app.cases.reader import CaseReader
from app.cases.records import CaseStatus
from app.cases.verify import verify
from app.cases.writer import CaseWriter
from app.errors import CaseLogError
from detection.events import CallEnded, CallStarted, VoiceJudged
from detection.types import ConversationLevel, DisclosureState, VoiceLevel, VoiceVerdict

STARTED_AT = "2026-11-20T14:22:33.120+00:00"


def test_summary_follows_the_events(store, log, call):
    case_id = store()
    assert case_id.startswith("20261120-142233-")
    with CaseReader(log) as reader:
        summary = reader.summary(case_id)
        events = reader.events(case_id)
    assert (summary.source, summary.started_at) == ("call.wav", STARTED_AT)
    assert (summary.voice_level, summary.conversation_level, summary.disclosure_state) == (
        VoiceLevel.UNSURE,
        ConversationLevel.VISHING,
        DisclosureState.DENIED,
    )
    assert (summary.watch_count, summary.alert_count, summary.duration_s) == (1, 1, 5.0)
    assert (summary.status, summary.event_count) == (CaseStatus.COMPLETE, len(call))
    assert summary.head_hash == events[-1].hash
    assert [entry.seq for entry in events] == list(range(len(call)))
    assert [entry.event.kind for entry in events] == [event.kind for event in call]
    assert isinstance(events[2].event, VoiceJudged)
    assert events[2].event.verdict.llr == 0.3


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("finished", CaseStatus.COMPLETE),
        ("stopped", CaseStatus.COMPLETE),
        ("failed", CaseStatus.INTERRUPTED),
        (None, CaseStatus.NOT_ENDED),
    ],
)
def test_status_says_how_far_the_case_got(store, log, call, reason, status):
    events = call[:-1] if reason is None else [*call[:-1], CallEnded(reason, 80_000)]
    case_id = store(events)
    with CaseReader(log) as reader:
        assert reader.summary(case_id).status is status


def test_nothing_is_shown_before_another_connection_can_read_it(writer, log, call):
    case_id = writer.open_case("call.wav", STARTED_AT)
    seen = []

    def on_stored(stored):
        with CaseReader(log) as reader:
            seen.append((threading.current_thread().name, list(stored) == list(reader.events(case_id))))

    writer.append(case_id, call, on_stored)
    writer.close()
    assert seen == [("earwitness-store", True)]


def test_a_full_queue_makes_the_caller_wait_and_drops_nothing(writer, log, monkeypatch):
    case_id = writer.open_case("call.wav", STARTED_AT)
    gate, started, reached = threading.Event(), threading.Event(), []

    def hold(_):
        started.set()
        gate.wait()

    count = writer_module._QUEUE_SIZE + 2

    def feed():
        for at in range(count):
            writer.append(case_id, [CallEnded("failed", at)])
            reached.append(at)

    writer.append(case_id, [CallEnded("failed", 0)], hold)
    assert started.wait(5)
    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(0.5)
    assert feeder.is_alive()
    assert len(reached) == writer_module._QUEUE_SIZE
    gate.set()
    feeder.join(10)
    writer.close()
    with CaseReader(log) as reader:
        assert [e.event.at for e in reader.events(case_id)] == [0, *range(count)]


def test_an_event_that_cannot_be_stored_is_refused_and_the_rest_goes_on(writer, log, call):
    case_id = writer.open_case("call.wav", STARTED_AT)
    bad = VoiceJudged(VoiceVerdict(VoiceLevel.REAL, float("nan")), 3)
    with pytest.raises(CaseLogError, match="VoiceJudged"):
        writer.append(case_id, [call[0], bad])
    assert writer.failed is None
    writer.append(case_id, call)
    writer.close()
    with CaseReader(log) as reader:
        assert reader.summary(case_id).event_count == len(call)


def test_full_database_fails_loudly_and_keeps_what_it_had(log, call):
    writer = CaseWriter(log)
    case_id = writer.open_case("call.wav", STARTED_AT)
    stored = []
    (pages,) = writer._db.execute("PRAGMA page_count").fetchone()
    writer._db.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(CaseLogError, match=r"disk .*cases\.db is full.*kept"):
        [writer.append(case_id, call[1:2], stored.extend) for _ in range(1000)]
    assert isinstance(writer.failed, CaseLogError)
    with pytest.raises(CaseLogError, match="full"):
        writer.open_case("next.wav", STARTED_AT)
    with pytest.raises(CaseLogError, match="full"):
        writer.close()
    assert stored
    with CaseReader(log) as reader:
        assert list(reader.events(case_id)) == stored
    assert all(check.ok for check in verify(log))


def test_a_listener_that_fails_does_not_hang_the_caller(log, call):
    writer = CaseWriter(log)
    case_id = writer.open_case("call.wav", STARTED_AT)

    def broken(_):
        raise KeyError("gone")

    writer.append(case_id, call, broken)
    with pytest.raises(CaseLogError, match="KeyError"):
        writer.close()
    with CaseReader(log) as reader:
        assert reader.summary(case_id).event_count == len(call)


def test_a_case_that_is_gone_is_an_error(log, call):
    writer = CaseWriter(log)
    writer.append("20261120-142233-ffff", call)
    with pytest.raises(CaseLogError, match="20261120-142233-ffff is not in"):
        writer.close()


def test_a_closed_writer_takes_nothing(writer, call):
    case_id = writer.open_case("call.wav", STARTED_AT)
    writer.close()
    writer.close()
    with pytest.raises(CaseLogError, match="closed"):
        writer.append(case_id, call)


def test_a_log_that_stays_locked_is_named(writer, log, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    with database.immediate(writer._db):
        with pytest.raises(CaseLogError, match=r"cases\.db is in use by another program; close"):
            CaseWriter(log)
        with CaseReader(log) as reader:
            assert reader.summaries() == []


def test_two_writers_of_one_case_keep_one_chain(log, call):
    with CaseWriter(log) as first, CaseWriter(log) as second:
        case_id = first.open_case("call.wav", STARTED_AT)
        for event in call[:-1] * 10:
            first.append(case_id, [event])
            second.append(case_id, [event])
    with CaseReader(log) as reader:
        assert reader.summary(case_id).event_count == 20 * len(call[:-1])
    assert all(check.ok for check in verify(log))


def test_an_id_that_is_taken_is_not_given_twice(writer, monkeypatch):
    tokens = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(writer_module, "secrets", SimpleNamespace(token_hex=lambda _: next(tokens)))
    assert writer.open_case("a", STARTED_AT).endswith("-aaaa")
    assert writer.open_case("b", STARTED_AT).endswith("-bbbb")


def test_a_file_name_that_is_not_unicode_is_stored_readably(writer, log, call):
    case_id = writer.open_case("caf\udce9.wav", STARTED_AT)
    writer.append(case_id, [CallStarted("caf\udce9.wav", STARTED_AT, (), ())])
    writer.close()
    with CaseReader(log) as reader:
        assert reader.summary(case_id).source == "caf\\udce9.wav"
        (entry,) = reader.events(case_id)
        assert isinstance(entry.event, CallStarted)
        assert entry.event.source == "caf\\udce9.wav"


def test_the_log_is_private_and_flushed(writer, log):
    assert log.stat().st_mode & 0o077 == 0
    pragmas = {
        name: writer._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert all(writer._db.table(name).strict for name in ("cases", "events"))


def test_what_was_queued_behind_a_failure_is_not_stored_as_if_nothing_had_happened(log, call):
    writer = CaseWriter(log)
    case_id = writer.open_case("call.wav", STARTED_AT)
    gate = threading.Event()

    def fail_late(_):
        gate.wait()
        raise KeyError("gone")

    writer.append(case_id, call[:1], fail_late)
    writer.append(case_id, call[1:])
    gate.set()
    with pytest.raises(CaseLogError, match="KeyError"):
        writer.close()
    with CaseReader(log) as reader:
        assert reader.summary(case_id).event_count == 1
