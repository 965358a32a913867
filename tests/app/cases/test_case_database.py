import sqlite3
import threading
from contextlib import closing

import pytest

from app.cases import database
from app.cases.migrations import SCHEMA_VERSION, migrations
from app.cases.reader import CaseReader
from app.cases.verify import Fault, verify
from app.cases.writer import CaseWriter
from app.errors import CaseLogError, NoCaseLogError
from audio.types import Channel
from detection.events import NotJudged

STARTED_AT = "2026-11-20T14:22:33.120+00:00"
OPENERS = [CaseReader, CaseWriter, lambda path: list(verify(path))]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def execute(path, sql):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


@pytest.mark.parametrize("opener", OPENERS[1:])
def test_a_newer_version_is_refused_unchanged(store, log, opener):
    store()
    execute(log, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = contents(log.parent)
    sentence = (
        rf"cases\.db has version {SCHEMA_VERSION + 1} .* up to {SCHEMA_VERSION}; update Earwitness"
    )
    with pytest.raises(CaseLogError, match=sentence):
        opener(log)
    assert contents(log.parent)["cases.db"] == before["cases.db"]


def test_a_refusing_writer_leaves_no_files_behind(store, log):
    store()
    execute(log, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = contents(log.parent)
    with pytest.raises(CaseLogError, match="update Earwitness"):
        CaseWriter(log)
    assert contents(log.parent) == before


def test_a_newer_version_that_was_not_yet_checkpointed_is_refused_unchanged(store, log):
    store()
    with closing(sqlite3.connect(log)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        before = contents(log.parent)
        with pytest.raises(CaseLogError, match="update Earwitness"):
            CaseWriter(log)
        after = contents(log.parent)
        assert (after["cases.db"], after["cases.db-wal"]) == (before["cases.db"], before["cases.db-wal"])


def test_a_log_that_is_being_created_meanwhile_is_none_yet(log, monkeypatch):
    is_empty = database._is_empty
    log.touch()
    creating = threading.Thread(target=lambda: database.open_for_writing(log).close())

    def looked_at_late(db):
        monkeypatch.setattr(database, "_is_empty", is_empty)
        creating.start()
        creating.join(0.5)
        return is_empty(db)

    monkeypatch.setattr(database, "_is_empty", looked_at_late)
    with pytest.raises(NoCaseLogError):
        CaseReader(log)
    creating.join()
    CaseReader(log).close()


@pytest.mark.parametrize("opener", OPENERS)
def test_another_programs_database_is_refused_unchanged(log, opener):
    execute(log, "CREATE TABLE holidays (day)")
    before = contents(log.parent)
    with pytest.raises(CaseLogError, match=r"cases\.db is the database of another program; move it"):
        opener(log)
    assert contents(log.parent) == before


@pytest.mark.parametrize("opener", OPENERS)
def test_a_file_that_is_no_database_is_refused_unchanged(log, opener):
    log.write_text("Dear diary, this is not a database. " * 200)
    before = contents(log.parent)
    with pytest.raises(CaseLogError, match=r"cases\.db is not a case log; move it away"):
        opener(log)
    assert contents(log.parent) == before


@pytest.mark.parametrize("opener", OPENERS)
def test_a_folder_in_its_place_is_named(log, opener):
    log.mkdir()
    with pytest.raises(CaseLogError, match=r"cases\.db is a folder and not a case log; move"):
        opener(log)


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CaseLogError, match=r"cases\.db cannot be created .*; choose another"):
        CaseWriter(tmp_path / "file" / "cases.db")


def test_a_truncated_file_is_named_and_not_changed(store, log):
    store()
    log.write_bytes(log.read_bytes()[:-4096])
    before = log.read_bytes()
    with (
        pytest.raises(CaseLogError, match=r"cases\.db is damaged; keep a copy"),
        CaseReader(log) as reader,
    ):
        [reader.events(summary.id) for summary in reader.summaries()]
    assert log.read_bytes() == before


def test_a_damaged_page_costs_only_the_cases_on_it(log):
    with CaseWriter(log) as writer:
        ids = [writer.open_case("a.wav", f"2026-11-20T0{hour}:00:00+00:00") for hour in range(3)]
        for case_id in ids:
            for at in range(40):
                writer.append(case_id, [NotJudged("all", Channel.CALLER, 0, at, "x" * 500, at)])
    content = bytearray(log.read_bytes())
    places = [at for at in range(len(content)) if content.startswith(ids[1].encode(), at)]
    page = places[len(places) // 2] // 4096 * 4096
    content[page : page + 4096] = b"\xff" * 4096
    log.write_bytes(content)

    checks = {}
    with pytest.raises(CaseLogError, match="is damaged"):
        checks.update((check.case_id, check) for check in verify(log))
    assert checks[ids[0]].ok
    assert checks[ids[2]].ok
    assert checks[ids[1]].fault is Fault.UNREADABLE
    assert 0 < checks[ids[1]].seq < 40
    with CaseReader(log) as reader:
        assert len(reader.events(ids[0])) == 40
        with pytest.raises(CaseLogError, match="is damaged"):
            reader.events(ids[1])


def test_a_dropped_table_is_said_in_a_sentence(store, log):
    store()
    execute(log, "DROP TABLE events")
    with pytest.raises(CaseLogError, match=r"could not be read or written .*no such table"):
        list(verify(log))


def test_an_empty_file_becomes_a_log(log):
    log.touch()
    CaseWriter(log).close()
    with closing(database.open_for_reading(log)) as db:
        assert [migration.name for migration in migrations.applied(db)] == [
            "create_tables",
            "create_voices",
        ]
        assert migrations.pending(db) == []
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_opening_again_changes_nothing(store, log):
    store()
    before = log.read_bytes()
    CaseWriter(log).close()
    CaseReader(log).close()
    assert log.read_bytes() == before


def test_writers_that_start_together_on_a_new_folder_share_it(log, call):
    errors, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        try:
            with CaseWriter(log) as writer:
                writer.append(writer.open_case("a.wav", STARTED_AT), call)
        except CaseLogError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [check.ok for check in verify(log)] == [True] * 8


def test_a_wrong_use_of_the_library_is_not_dressed_up(store, log):
    store()
    failures = []

    def use(reader):
        try:
            reader.summaries()
        except sqlite3.ProgrammingError as error:
            failures.append(error)

    with CaseReader(log) as reader:
        thread = threading.Thread(target=use, args=[reader])
        thread.start()
        thread.join()
    assert len(failures) == 1
