"""`earwitness disclosure report`, from the case log to what is printed and written."""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from app.cases.disclosures import judged_calls
from app.cli.commands import cli
from app.cli.disclosure_report_tables import report_lines
from app.disclosure.figures import report_of
from app.disclosure.span import Span
from app.errors import USER_ERRORS
from audio.types import Channel
from detection.types import DisclosureState as S
from tests.app.disclosure.calls import NOON, rule, store, verdict

DEVICES = "Headset (agent), =Speakers (caller)"
DAY = timedelta(days=1)

Report = Callable[..., Result]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "data" / "cases.db"


@pytest.fixture
def report(log: Path) -> Report:
    def run(*arguments: object) -> Result:
        given = ["disclosure", "report", *map(str, arguments), "--data-dir", str(log.parent)]
        return CliRunner().invoke(cli, given)

    return run


@pytest.fixture
def denial(log: Path) -> str:
    """A log with a call of every kind; the id of the one in which an AI denied it."""
    store(log, verdict(S.DISCLOSED, rule(S.DISCLOSED), said_after_s=2.5), source=DEVICES)
    store(log, verdict(S.DISCLOSED_LATE, rule(S.DISCLOSED_LATE), said_after_s=30), source="=1+1.wav")
    store(log, verdict(S.DISCLOSED, subject=Channel.AGENT, said_after_s=1), source=DEVICES)
    store(log, verdict(S.HUMAN, rule(S.HUMAN)), source=DEVICES)
    store(log, verdict(S.LISTENING, rule(S.LISTENING)), source="quiet.wav")
    store(log, source="unjudged.wav")
    question, answer = "are you <b>real</b>\x1b[2J", "of course i am"
    judged = verdict(S.DENIED, rule(S.DENIED), question=question, answer=answer)
    return store(log, verdict(S.LISTENING), judged, source=DEVICES, began=NOON + timedelta(hours=1))


def error_of(result: Result) -> str:
    assert isinstance(result.exception, USER_ERRORS), result.exception
    sentence = str(result.exception)
    assert "\n" not in sentence
    return sentence


def shown(log: Path, width: int) -> str:
    span = Span(NOON - DAY, NOON + DAY)
    found = report_of(judged_calls(log, span.since, span.until), span)
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    for line in report_lines(found, console):
        console.print(line)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_piped_every_group_is_one_line_and_every_call_is_accounted_for(report: Report, denial: str):
    result = report("--since", "2026-11-01", "--until", "2026-11-30")
    assert result.exit_code == 0
    assert (
        "7 calls: 4 with an AI, 1 human-like, 1 not settled, 0 not applicable, 1 not checked."
        in result.output
    )
    assert "not passes" in result.output
    lines = [re.split(r"\s{2,}", line.strip()) for line in result.output.splitlines()]
    assert [DEVICES, "3", "1", "2 of 3 (21-94 %)"] in [line[:4] for line in lines]
    assert ["No rule", "0", "0", "-"] in [line[:4] for line in lines]
    assert "2 lines are not shown: no call with an AI." in result.output
    assert (
        "This is a finding under the policies this site chose, not a legal judgement." in result.output
    )
    assert denial in result.output
    assert r"asked at 0:09: “are you <b>real</b>\x1b[2J”" in result.output
    assert "answered at 1:11: “of course i am”" in result.output
    assert "\x1b" not in result.output
    assert not re.search("illegal|violat", result.output, re.IGNORECASE)


@pytest.mark.parametrize(("width", "heading"), [(80, None), (165, "AI"), (220, "Rule ")])
def test_whatever_the_width_nothing_is_cut(log: Path, denial: str, width: int, heading: str | None):
    text = shown(log, width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text
    assert denial in text
    flat = " ".join(text.split())
    for figure in ("2 of 4 (15-85 %)", "1 of 4 (5-70 %)", "3 of 4 (30-95 %)", "2.5 s", "1 human-like"):
        assert figure in flat
    assert heading is None or any(line.lstrip().startswith(heading) for line in text.splitlines())


def test_long_lists_are_cut_on_a_terminal_and_say_so(log: Path):
    for number in range(25):
        judged = verdict(S.DENIED, rule(S.DENIED), answer="i am")
        store(log, judged, source=f"{number:02}.wav", began=NOON + timedelta(minutes=number))
    text = shown(log, 200)
    assert "And 5 more; --csv, --html and --json have them all." in text
    assert "And 5 more; --html and --json have them all." in text


def test_as_json_it_is_one_object(report: Report, denial: str):
    found = json.loads(report("--since", "2026-11-01", "--until", "2026-11-30", "--json").stdout)
    assert list(found) == ["since", "until", "note", "total", "groups", "denials"]
    assert datetime.fromisoformat(found["since"]) < NOON < datetime.fromisoformat(found["until"])
    assert (found["total"]["calls"], found["total"]["share_disclosed"]) == (7, 0.75)
    assert found["total"]["median_seconds"] == 2.5
    assert {(one["group_by"], one["group"]) for one in found["groups"]} >= {
        ("rule", "company 1"),
        ("side", "agent"),
        ("line", "=1+1.wav"),
    }
    assert found["denials"] == [
        {
            "case_id": denial,
            "line": DEVICES,
            "side": "caller",
            "started_at": "2026-11-20T13:00:00+00:00",
            "asked_at_s": 9.0,
            "question": "are you <b>real</b>\x1b[2J",
            "answered_at_s": 71.0,
            "answer": "of course i am",
        }
    ]


def test_files_are_written_whole_and_named(report: Report, denial: str, tmp_path: Path):
    rows, page = tmp_path / "r.csv", tmp_path / "r.html"
    page.write_text("the report of last month")
    result = report("--since", "2026-11-01", "--until", "2026-11-30", "--csv", rows, "--html", page)
    assert f"Written: {rows}" in result.output
    assert f"Written: {page}" in result.output
    assert rows.read_bytes().count(b"\r\n") == rows.read_bytes().count(b"\n") == 10
    with rows.open(encoding="utf-8", newline="") as file:
        by_line = [row["group"] for row in csv.DictReader(file) if row["group_by"] == "line"]
    assert "'=1+1.wav" in by_line
    text = page.read_text(encoding="utf-8")
    assert "are you &lt;b&gt;real&lt;/b&gt;" in text
    assert "last month" not in text
    assert {path.name for path in tmp_path.iterdir()} == {"data", "r.csv", "r.html"}


def test_a_span_without_calls_is_a_report_and_a_sentence(report: Report, denial: str, tmp_path: Path):
    page = tmp_path / "r.html"
    result = report("--since", "2020-01-01", "--until", "2020-01-31", "--html", page, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["total"]["calls"] == 0
    assert "No call of this case log began from" in result.stderr.replace("\n", " ")
    assert page.exists()


def test_days_back_are_counted_from_now(report: Report, log: Path):
    store(log, verdict(S.HUMAN), began=datetime.now(UTC) - DAY)
    store(log, verdict(S.HUMAN), began=datetime.now(UTC) - 10 * DAY)
    assert "1 call: 0 with an AI, 1 human-like" in report("--since", "7d").output
    assert "2 calls: " in report("--since", "30d").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing option '--since'"),
        (["--since", "soon"], "--since: 'soon' is no day; give an ISO date such as 2026-11-01, or 7d"),
        (["--since", "7d", "--until", "x"], "--until: 'x' is no day"),
        (["--since", "0d"], "--since: it is not before now"),
        (["--since", "2999-01-01"], "--since: it is not before now"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--since: it is not before --until"),
        (["--since", "7d", "--csv", "x", "--html", "./x"], "--csv and --html name the same file"),
    ],
)
def test_bad_use_is_said_with_its_cure(report: Report, denial: str, arguments: list[str], said: str):
    result = report(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_where_nothing_was_ever_stored_it_says_so_and_makes_nothing(report: Report, tmp_path: Path):
    page = tmp_path / "r.html"
    assert "There is no case log in" in error_of(report("--since", "7d", "--html", page))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_log_is_one_sentence(report: Report, log: Path, denial: str):
    log.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    assert "is not a case log" in error_of(report("--since", "2026-11-01"))


@pytest.mark.parametrize(
    "name", ["absent/r.html", "folder", "loop", "data/cases.db", "data/cases.db-wal"]
)
def test_what_cannot_be_written_is_one_sentence(
    report: Report, log: Path, denial: str, tmp_path: Path, name: str
):
    (tmp_path / "folder").mkdir()
    if name == "loop":
        if sys.platform == "win32":
            pytest.skip("links need rights on Windows")
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = log.read_bytes()
    sentence = error_of(report("--since", "2026-11-01", "--html", tmp_path / name))
    assert re.fullmatch(
        r"The report .* (cannot be written \(.*\)|would take the place.*); name .*\.", sentence
    )
    assert log.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="needs modes that count")
def test_a_folder_that_may_not_be_written_is_one_sentence(report: Report, denial: str, tmp_path: Path):
    (tmp_path / "shut").mkdir(mode=0o500)
    sentence = error_of(report("--since", "2026-11-01", "--csv", tmp_path / "shut" / "r.csv"))
    assert "Permission denied" in sentence
