"""The report as one HTML page that needs nothing else: no script, no font, no picture."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from app.disclosure.figures import WITH_AI, WITHOUT_AI, Denial, Figures, Group, GroupBy, Report
from app.disclosure.words import (
    HEADING,
    NOTE,
    NOTHING,
    SHARES,
    STATE,
    group_text,
    lines_left_out,
    meaning_text,
    median_text,
    others_text,
    share_text,
    side_text,
    span_text,
    total_text,
)
from app.words import local_time, printable
from detection.clock import clock_at
from detection.types import DisclosureState

_TITLE = "AI disclosure on calls"
_STYLE = """
:root { color-scheme: light dark; --text: #1d1f23; --soft: #565b64; --line: #d4d7dc; --back: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e7e9ec; --soft: #a5abb5; --line: #3d424b; --back: #17191d; }
}
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1.25rem; color: var(--text);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; break-after: avoid; }
p { margin: .5rem 0; max-width: 48rem; }
.soft { color: var(--soft); }
.note { border-left: .25rem solid var(--line); padding-left: .75rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 13rem; }
td.number { text-align: right; white-space: nowrap; }
thead th.number { text-align: right; }
td.quote { overflow-wrap: anywhere; min-width: 12rem; }
td.whole { white-space: nowrap; }
@media print {
  :root { --text: #000000; --soft: #333333; --line: #999999; --back: #ffffff; }
  @page { size: landscape; margin: 1.5cm; }
  body { margin: 0; max-width: none; padding: 0; font-size: 9pt; }
  .wide { overflow: visible; }
  td.number { white-space: normal; }
  tbody th, td.quote { min-width: 7rem; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing."""

_NUMBER, _WHOLE, _QUOTE = "number", "whole", "quote"
_GROUP_COLUMNS = (
    ("AI calls", _NUMBER),
    ("Asked", _NUMBER),
    ("Disclosed in time", _NUMBER),
    ("Disclosed late", _NUMBER),
    ("Together", _NUMBER),
    ("Median delay", _NUMBER),
    ("Not disclosed", _NUMBER),
    ("Evasive", _NUMBER),
    ("Denied", _NUMBER),
    ("Other calls", ""),
)
_DENIAL_COLUMNS = (
    ("Call began", _WHOLE),
    ("Side and line", _QUOTE),
    ("Asked", _QUOTE),
    ("Answered", _QUOTE),
)
_Column = tuple[str, str]
"""A heading and the style of its cells."""


def report_page(report: Report, made_at: datetime) -> str:
    """The page, made at `made_at`; times are by this machine's clock."""
    parts = [
        f"<h1>{_TITLE}</h1>",
        _paragraph(f"Calls that began from {span_text(report.span)}", "soft"),
        _paragraph(NOTE, "note"),
        _paragraph(total_text(report.total)),
        _paragraph(meaning_text(report.total)),
        *_total(report.total),
        _paragraph(SHARES, "soft"),
        *_groups(GroupBy.RULE, report.rules),
        *_groups(GroupBy.SIDE, report.sides),
        *_lines(report.lines),
        *_denials(report.denials),
        _paragraph(f"Made {local_time(made_at.isoformat())} from the case log, by Earwitness.", "soft"),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_TITLE}, {escape(span_text(report.span))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{_joined(parts)}\n</body>\n</html>\n"
    )


def _total(figures: Figures) -> list[str]:
    rows = [
        (STATE[state].capitalize(), [str(figures.counts.get(state, 0))])
        for state in (*WITH_AI, *WITHOUT_AI)
    ]
    rows.insert(len(WITH_AI), ("With an AI, all together", [str(figures.ai_calls)]))
    return ["<h2>All calls</h2>", _table("What was found", [("Calls", _NUMBER)], rows)]


def _groups(by: GroupBy, groups: Sequence[Group]) -> list[str]:
    if not groups:
        return []
    rows = [(group_text(group), _figures(group.figures)) for group in groups]
    return [f"<h2>{HEADING[by]}</h2>", _table(HEADING[by].removeprefix("By "), _GROUP_COLUMNS, rows)]


def _lines(lines: Sequence[Group]) -> list[str]:
    """Lines that AIs were heard on; the recordings of a year would bury them."""
    with_ai = [line for line in lines if line.figures.ai_calls]
    return [
        *_groups(GroupBy.LINE, with_ai),
        _paragraph(lines_left_out(len(lines) - len(with_ai)), "soft"),
    ]


def _figures(figures: Figures) -> list[str]:
    return [
        str(figures.ai_calls),
        str(figures.asked),
        share_text(figures.in_time),
        share_text(figures.late),
        share_text(figures.said_so),
        median_text(figures),
        str(figures.counts.get(DisclosureState.NOT_DISCLOSED, 0)),
        str(figures.counts.get(DisclosureState.EVASIVE, 0)),
        str(figures.counts.get(DisclosureState.DENIED, 0)),
        others_text(figures),
    ]


def _denials(denials: Sequence[Denial]) -> list[str]:
    heading = "<h2>Denials</h2>"
    if not denials:
        return [heading, _paragraph("In no call was an AI found to say that it is a person.")]
    said = "An AI said that it is a person, in these words as the recognizer understood them."
    rows = [(denial.call.case_id, _denial(denial)) for denial in denials]
    return [heading, _paragraph(said), _table("Case", _DENIAL_COLUMNS, rows)]


def _denial(denial: Denial) -> list[str]:
    call, verdict = denial.call, denial.verdict
    return [
        local_time(call.started_at.isoformat()),
        f"{side_text(call.subject)}: {call.source}",
        _said(verdict.asked_at, verdict.question),
        _said(verdict.answered_at, verdict.answer_quote),
    ]


def _said(at: int | None, quote: str) -> str:
    """When in the call and in which words."""
    when = "" if at is None else clock_at(at)
    words = f"“{quote}”" if quote else ""
    return " ".join(part for part in (when, words) if part) or NOTHING


def _table(corner: str, columns: Sequence[_Column], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table with a heading for each row and column; cells are text, and escaped here."""
    headings = [(corner.capitalize(), ""), *columns]
    head = "".join(_cell("th", name, style, scope="col") for name, style in headings)
    body = "\n".join(_row(heading, cells, columns) for heading, cells in rows)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
        "</table></div>"
    )


def _row(heading: str, texts: Sequence[str], columns: Sequence[_Column]) -> str:
    cells = [_cell("td", text, style) for text, (_, style) in zip(texts, columns, strict=True)]
    return f"<tr>{_cell('th', heading, scope='row')}{''.join(cells)}</tr>"


def _cell(tag: str, text: str, style: str = "", scope: str = "") -> str:
    classed = f' class="{style}"' if style else ""
    scoped = f' scope="{scope}"' if scope else ""
    return f"<{tag}{classed}{scoped}>{escape(printable(text))}</{tag}>"


def _paragraph(text: str, style: str = "") -> str:
    """A paragraph; nothing where there is no text."""
    if not text:
        return ""
    styled = f' class="{style}"' if style else ""
    return f"<p{styled}>{escape(text)}</p>"


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)
