import csv
import io

import pytest

from app.cases.disclosures import JudgedCall
from app.disclosure.figures import report_of
from app.disclosure.rows import report_csv
from app.disclosure.span import Span
from audio.types import Channel
from detection.types import DisclosureState as S
from tests.app.disclosure.calls import NOON, rule, verdict

COLUMNS = (
    "since,until,group_by,group,title,calls,ai_calls,disclosed_in_time,disclosed_late,disclosed,"
    "share_in_time,share_in_time_low,share_in_time_high,share_late,share_late_low,share_late_high,"
    "share_disclosed,share_disclosed_low,share_disclosed_high,median_seconds,timed,not_disclosed,evasive,"
    "denied,asked,human_like,not_settled,not_applicable,not_checked"
)


def rows(source: str, title: str = "Say so") -> list[dict[str, str]]:
    judged = verdict(S.DISCLOSED, rule(S.DISCLOSED, title=title), said_after_s=2.5)
    calls = [JudgedCall("1", source, NOON, Channel.CALLER, judged)]
    return list(csv.DictReader(io.StringIO(report_csv(report_of(calls, Span(NOON, NOON))), newline="")))


def test_there_is_a_row_for_each_group_with_the_columns_of_the_documentation():
    text = report_csv(report_of([], Span(NOON, NOON)))
    assert text.splitlines()[0] == COLUMNS
    assert [row["group_by"] for row in rows("call.wav")] == ["all", "rule", "side", "line"]
    row = rows("call.wav")[1]
    assert (row["group"], row["title"], row["median_seconds"]) == ("company 1", "Say so", "2.5")
    assert (row["share_disclosed"], row["share_disclosed_low"]) == ("1.0", "0.2065")


def test_where_there_is_no_figure_the_cell_is_empty():
    (row,) = csv.DictReader(io.StringIO(report_csv(report_of([], Span(NOON, NOON))), newline=""))
    assert (row["calls"], row["share_disclosed"], row["median_seconds"]) == ("0", "", "")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", " =", "\uff1d"])
def test_a_name_that_a_spreadsheet_would_run_is_made_text(begin):
    name = f'{begin}HYPERLINK("http://x","y")'
    by_line = rows(name)[-1]
    assert by_line["group"] == f"'{name}"
    assert rows("call.wav", title=name)[1]["title"] == f"'{name}"


def test_line_ends_and_control_characters_stay_in_their_cell():
    assert rows('a"b,c\r\n\t=1+1\x1b[2J')[-1]["group"] == r'a"b,c\r\n\t=1+1\x1b[2J'
