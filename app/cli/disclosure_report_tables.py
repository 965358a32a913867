"""What `earwitness disclosure report` prints."""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.console import Group as RenderGroup
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.disclosure.figures import Denial, Figures, Group, GroupBy, Report
from app.disclosure.words import (
    HEADING,
    NOTE,
    NOTHING,
    SHARES,
    group_text,
    lines_left_out,
    meaning_text,
    median_text,
    others_text,
    share_text,
    span_text,
    total_text,
)
from app.words import local_time, printable
from detection.clock import clock_at
from detection.types import DisclosureState

_TOGETHER = (
    ("AI calls", "Asked"),
    ("In time", "Late", "Together"),
    ("Median delay", "Not disclosed", "Evasive", "Denied"),
    ("Other calls",),
)
"""What stands on one line where the terminal is narrow."""

_WIDEST = 10_000
"""Columns to measure a table in: more than any needs."""

_NAME_WIDTH, _OTHERS_WIDTH = 28, 22
"""Columns of the first and the last cell of a row where it is folded."""

_Show = Callable[[GroupBy, Sequence[Group]], RenderableType]

_MOST = 20
"""Rows of what grows with the number of calls."""


def report_lines(report: Report, console: Console) -> Iterator[RenderableType]:
    """The report for `console`: tables where they fit, else a few lines for each group."""
    with_ai = [line for line in report.lines if line.figures.ai_calls]
    sections = [
        (GroupBy.RULE, report.rules),
        (GroupBy.SIDE, report.sides),
        (GroupBy.LINE, with_ai[:_MOST]),
    ]
    show = _fitting(console, sections)
    yield Text(f"AI disclosure, {span_text(report.span)}", "bold")
    yield Text(total_text(report.total))
    if meaning := meaning_text(report.total):
        yield Text(meaning, "dim")
    for by, groups in sections:
        if groups:
            yield Text(f"\n{HEADING[by]}", "bold")
            yield show(by, groups)
    if len(with_ai) > _MOST:
        yield Text(f"And {len(with_ai) - _MOST} more; --csv, --html and --json have them all.", "dim")
    if left_out := lines_left_out(len(report.lines) - len(with_ai)):
        yield Text(left_out, "dim")
    yield from _denials(report.denials)
    if report.total.ai_calls:
        yield Text(f"\n{SHARES}", "dim")
    yield Text(NOTE)


def _fitting(console: Console, sections: Sequence[tuple[GroupBy, Sequence[Group]]]) -> _Show:
    """The same way for all sections: tables with whole rows, with folded ones, or no tables."""
    unbounded = console.options.update(width=_WIDEST)
    for show in (_table, _folded_table):
        tables = [show(by, groups) for by, groups in sections if groups]
        if all(console.measure(table, options=unbounded).maximum <= console.width for table in tables):
            return show
    return _lines


def _table(by: GroupBy, groups: Sequence[Group], *, folded: bool = False) -> Table:
    rows = [(group_text(group), _cells(group.figures)) for group in groups]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    widths = (_NAME_WIDTH, _OTHERS_WIDTH) if folded else (None, None)
    table.add_column(_corner(by), overflow="fold", max_width=widths[0])
    *names, others = rows[0][1]
    for name in names:
        table.add_column(name.replace(" ", "\n") if folded else name)
    table.add_column(others, overflow="fold", max_width=widths[1])
    for heading, cells in rows:
        table.add_row(Text(heading), *cells.values())
    return table


def _folded_table(by: GroupBy, groups: Sequence[Group]) -> Table:
    return _table(by, groups, folded=True)


def _corner(by: GroupBy) -> str:
    return HEADING[by].removeprefix("By ").capitalize()


def _lines(_by: GroupBy, groups: Sequence[Group]) -> RenderableType:
    """Every group with its figures below it."""
    lines: list[RenderableType] = []
    for group in groups:
        cells = _cells(group.figures)
        lines.append(Text(group_text(group)))
        for names in _TOGETHER:
            told = Text(", ").join(Text.assemble(f"{name} ", cells[name]) for name in names)
            lines.append(Padding(told, (0, 0, 0, 4), expand=False))
    return RenderGroup(*lines)


def _cells(figures: Figures) -> dict[str, Text]:
    """The texts of a group's row, by the column's name."""
    counts = figures.counts
    return {
        "AI calls": Text(str(figures.ai_calls)),
        "Asked": Text(str(figures.asked)),
        "In time": Text(share_text(figures.in_time)),
        "Late": Text(share_text(figures.late)),
        "Together": Text(share_text(figures.said_so)),
        "Median delay": Text(median_text(figures)),
        "Not disclosed": _count(counts.get(DisclosureState.NOT_DISCLOSED, 0), "red"),
        "Evasive": _count(counts.get(DisclosureState.EVASIVE, 0), "yellow"),
        "Denied": _count(counts.get(DisclosureState.DENIED, 0), "red"),
        "Other calls": Text(others_text(figures)),
    }


def _count(count: int, style: str) -> Text:
    return Text(str(count), style if count else "")


def _denials(denials: Sequence[Denial]) -> Iterator[RenderableType]:
    if not denials:
        return
    yield Text("\nDenials", "bold")
    for denial in denials[:_MOST]:
        call, verdict = denial.call, denial.verdict
        when = local_time(call.started_at.isoformat())
        yield Text.assemble((printable(call.case_id), "bold"), f"  {when}  {printable(call.source)}")
        if verdict.question:
            yield _said("asked", verdict.asked_at, verdict.question)
        yield _said("answered", verdict.answered_at, verdict.answer_quote)
    if len(denials) > _MOST:
        yield Text(f"And {len(denials) - _MOST} more; --html and --json have them all.", "dim")


def _said(what: str, at: int | None, quote: str) -> Text:
    when = "" if at is None else f" at {clock_at(at)}"
    return Text(f"  {what}{when}: " + (f"“{printable(quote)}”" if quote else NOTHING))
