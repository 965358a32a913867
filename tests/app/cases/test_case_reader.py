import sqlite3
from contextlib import closing

import pytest

from app.cases.reader import CaseReader
from app.cases.writer import CaseWriter
from app.errors import CaseLogError, NoCaseLogError, UnknownCaseError


def open_at(log, *times):
    with CaseWriter(log) as writer:
        return [writer.open_case(f"{t}.wav", f"2026-11-20T{t}:00.000+00:00") for t in times]


def test_cases_come_newest_first_page_by_page(log):
    early, late, middle = open_at(log, "08:00", "18:00", "12:00")
    with CaseReader(log) as reader:
        assert [case.id for case in reader.summaries()] == [late, middle, early]
        assert [case.id for case in reader.summaries(limit=1, offset=1)] == [middle]
        assert reader.summaries(offset=3) == []
        assert reader.count() == 3


def test_the_beginning_of_an_id_will_do_where_it_is_one_case(log):
    early, late = open_at(log, "08:00", "18:00")
    with CaseReader(log) as reader:
        assert reader.summary("20261120-08").id == early
        assert reader.summary(late).id == late
        assert reader.events(late) == []
        with pytest.raises(
            UnknownCaseError, match=r"More than one case begins with '2026'; .*cases list"
        ):
            reader.events("2026")


@pytest.mark.parametrize("case_id", ["", "1999", "%", "2026*", "'; --"])
def test_an_unknown_id_says_how_to_list(log, case_id):
    open_at(log, "08:00")
    with CaseReader(log) as reader, pytest.raises(UnknownCaseError, match="earwitness cases list"):
        reader.summary(case_id)


def test_a_reader_follows_a_writer(writer, log, call):
    case_id = writer.open_case("call.wav", "2026-11-20T08:00:00.000+00:00")
    with CaseReader(log) as reader:
        assert reader.events(case_id) == []
        writer.append(case_id, call)
        writer.close()
        assert len(reader.events(case_id)) == len(call)


def test_a_reader_cannot_write(store, log):
    store()
    with CaseReader(log) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM events")


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_no_log_yet_is_said_so(log, how):
    if how == "empty":
        log.touch()
    with pytest.raises(NoCaseLogError, match=r"no case log in .* yet"):
        CaseReader(log)


def test_changed_content_is_named_and_the_rest_still_reads(store, log):
    bad, good = store(), store()
    with closing(sqlite3.connect(log)) as db, db:
        db.execute("UPDATE events SET payload = '{}' WHERE case_id = ? AND seq = 3", [bad])
    with CaseReader(log) as reader:
        with pytest.raises(CaseLogError, match=f"Event 3 of case {bad} was changed"):
            reader.events(bad)
        assert len(reader.events(good)) == 9
    with closing(sqlite3.connect(log)) as db, db:
        db.execute("UPDATE cases SET voice_level = 'fine' WHERE id = ?", [bad])
    with CaseReader(log) as reader:
        with pytest.raises(CaseLogError, match=f"summary of case {bad} was changed"):
            reader.summary(bad)
        assert reader.summary(good).id == good
