"""The program in docs/case-log.md must judge real logs as Earwitness does."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.cases.migrations import APPLICATION_ID, SCHEMA_VERSION
from app.cases.verify import verify

PAGE = Path(__file__).parents[3] / "docs" / "case-log.md"


def run_documented(log: Path) -> str:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    command = [sys.executable, "-X", "utf8", "-c", program, str(log)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_documented_program_accepts_what_earwitness_stores(store, log):
    ids = [store(source='häßlich "1"\\.wav\n\x7f'), store(), store([])]
    assert run_documented(log).split("\n")[:-1] == [f"{case_id} unchanged" for case_id in sorted(ids)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE events SET payload = replace(payload, 'MFA', 'PIN') WHERE seq = 4", "event 4"),
        ("DELETE FROM events WHERE seq = 3", "event 3"),
        ("DELETE FROM events WHERE seq > 5", "its end"),
        ("UPDATE cases SET source = 'x'", "event 0"),
    ],
)
def test_the_documented_program_finds_changes(store, log, change, problem):
    store()
    with closing(sqlite3.connect(log)) as db, db:
        db.execute(change)
    assert problem in run_documented(log)
    assert not any(check.ok for check in verify(log))


def test_the_page_names_every_column_and_the_version(store, log):
    store()
    page = PAGE.read_text("utf-8")
    with closing(sqlite3.connect(log)) as db:
        for table in ("cases", "events", "enrolments", "watched_voices"):
            for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", [table]):
                assert f"`{column}`" in page
    assert f"is {APPLICATION_ID} " in page
    assert f"version of the tables, {SCHEMA_VERSION}." in page
