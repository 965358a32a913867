"""Voices in the case log: kept, read back, and really erased."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.cases.database import open_for_writing
from app.cases.migrations import SCHEMA_VERSION
from app.cases.reader import CaseReader
from app.cases.verify import verify
from app.cases.voices import VoiceWriter, read_enrolment, read_enrolments, read_watched
from app.cases.writer import CaseWriter
from app.errors import CaseLogError, UnknownVoiceError
from detection.voice.enrolment import Enrolment, Voiceprint, WatchedVoice
from detection.voice.scoring import direction

WHEN = "2026-11-20T14:00:00+00:00"
PAST, FUTURE = "2026-11-20T15:00:00+00:00", "2999-01-01T00:00:00+00:00"


def voice(seed: int) -> Voiceprint:
    numbers = np.random.default_rng(seed).standard_normal(192)
    return Voiceprint(direction(numbers), 31.25, "enc", "4")


def enrolment(name: str, seed: int = 0) -> Enrolment:
    return Enrolment(name, voice(seed), WHEN, "form of 2026-11-20")


def on_disk(folder: Path, seed: int) -> bool:
    """Whether any file here still holds (the middle of) that voice."""
    numbers = voice(seed).embedding[20:60].tobytes()
    return any(numbers in path.read_bytes() for path in folder.iterdir())


def execute(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


def test_what_is_kept_reads_back_the_same(log):
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Zoë", 1))
        writer.enrol(enrolment("Ann", 2), FUTURE)
        writer.watch(WatchedVoice("con man", voice(3), WHEN, "20261101-1", "asks for MFA"))
    ann, zoe = read_enrolments(log)
    assert (ann.enrolment.name, ann.expires_at) == ("Ann", FUTURE)
    assert (zoe.enrolment.name, zoe.expires_at) == ("Zoë", None)
    kept = read_enrolment(log, "Zoë")
    np.testing.assert_array_equal(kept.voice.embedding, voice(1).embedding)
    assert (kept.voice.speech_s, kept.voice.model_id, kept.voice.model_revision) == (31.25, "enc", "4")
    assert (kept.enrolled_at, kept.consent) == (WHEN, "form of 2026-11-20")
    (watched,) = read_watched(log)
    assert (watched.name, watched.case_id, watched.note) == ("con man", "20261101-1", "asks for MFA")
    np.testing.assert_array_equal(watched.voice.embedding, voice(3).embedding)


def test_enrolling_again_replaces_and_leaves_nothing_of_the_old_voice(log):
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann", 1))
    assert on_disk(log.parent, 1)
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann", 2))
    (kept,) = read_enrolments(log)
    np.testing.assert_array_equal(kept.enrolment.voice.embedding, voice(2).embedding)
    assert not on_disk(log.parent, 1)


def test_an_erased_voice_is_in_no_file_any_more(log, store):
    case_id = store()
    with VoiceWriter(log) as writer:
        for seed in range(1, 40):
            writer.enrol(enrolment(f"person {seed}", seed))
        writer.watch(WatchedVoice("con man", voice(90), WHEN))
        assert on_disk(log.parent, 7)
        assert on_disk(log.parent, 90)
        writer.erase("person 7")
        writer.unwatch("con man")
        # Also while the log is open, and whatever pages the others moved over.
        assert not on_disk(log.parent, 7)
        assert not on_disk(log.parent, 90)
        for seed in range(8, 40):
            writer.erase(f"person {seed}")
        assert not any(on_disk(log.parent, seed) for seed in range(7, 40))
    assert len(read_enrolments(log)) == 6
    assert [check.ok for check in verify(log, case_id)] == [True]


def test_without_secure_delete_the_voice_would_stay(log):
    """The test above can fail: plain SQLite keeps deleted rows in the file."""
    with VoiceWriter(log) as writer:
        for seed in range(1, 40):
            writer.enrol(enrolment(f"person {seed}", seed))
    with closing(open_for_writing(log)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM enrolments")
        db.conn.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert any(on_disk(log.parent, seed) for seed in range(1, 40))


def test_an_enrolment_whose_time_is_over_is_not_used_and_is_erased_at_the_next_change(log):
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann", 1), PAST)
        writer.enrol(enrolment("Ben", 2), FUTURE)
    with pytest.raises(UnknownVoiceError, match=r"was to be kept until 2026-11-20 .* enrol it again"):
        read_enrolment(log, "Ann")
    assert read_enrolment(log, "Ben").name == "Ben"
    VoiceWriter(log).close()
    assert [kept.enrolment.name for kept in read_enrolments(log)] == ["Ben"]
    assert not on_disk(log.parent, 1)


def test_an_unknown_name_is_one_sentence(log):
    with VoiceWriter(log) as writer:
        for refused in (writer.erase, writer.unwatch):
            with pytest.raises(UnknownVoiceError, match=r"'Nobody'.*voices list"):
                refused("Nobody")
    with pytest.raises(UnknownVoiceError, match="Nobody is enrolled as 'Nobody'"):
        read_enrolment(log, "Nobody")


def test_where_nothing_was_ever_stored_there_are_no_voices(log):
    assert list(read_enrolments(log)) == list(read_watched(log)) == []
    assert not log.exists()


def as_version_1(log: Path) -> None:
    execute(log, "DROP TABLE enrolments")
    execute(log, "DROP TABLE watched_voices")
    execute(log, "DELETE FROM _sqlite_migrations WHERE name = 'create_voices'")
    execute(log, "PRAGMA user_version = 1")


def test_a_log_of_version_1_is_read_unchanged_and_migrated_when_written(log, store):
    case_id = store()
    as_version_1(log)
    before = log.read_bytes()
    assert list(read_enrolments(log)) == list(read_watched(log)) == []
    with CaseReader(log) as reader:
        assert reader.count() == 1
    assert log.read_bytes() == before
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann"))
    assert len(read_enrolments(log)) == 1
    with closing(sqlite3.connect(log)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert [check.ok for check in verify(log, case_id)] == [True]


@pytest.mark.parametrize("blob", [b"", b"abc", b"\x00" * 768, voice(1).embedding.tobytes()[:-1]])
def test_a_changed_voice_is_named_and_can_be_erased(log, blob):
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann"))
    execute(log, "UPDATE enrolments SET embedding = ?", blob)
    with pytest.raises(CaseLogError, match=r"voice 'Ann' in .* was changed by something other"):
        read_enrolments(log)
    with VoiceWriter(log) as writer:
        writer.erase("Ann")
    assert list(read_enrolments(log)) == []


def test_voices_are_kept_and_erased_while_a_call_is_being_stored(log, call):
    with CaseWriter(log) as cases:
        case_id = cases.open_case("a.wav", WHEN)
        for event in call:
            cases.append(case_id, [event])
            with VoiceWriter(log) as writer:
                writer.enrol(enrolment("Ann"))
                writer.erase("Ann")
    assert [check.ok for check in verify(log)] == [True]
    assert not on_disk(log.parent, 0)


def test_what_could_not_be_cut_off_the_log_is_said(log, monkeypatch):
    monkeypatch.setattr("app.cases.database.BUSY_TIMEOUT_S", 0.05)
    with VoiceWriter(log) as writer:
        writer.enrol(enrolment("Ann", 1))
        with closing(sqlite3.connect(log)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM enrolments").fetchone()
            with pytest.raises(CaseLogError, match=r"cases\.db-wal may keep what was there"):
                writer.erase("Ann")
            reader.rollback()
        with pytest.raises(UnknownVoiceError):
            writer.erase("Ann")
    assert not on_disk(log.parent, 1)
