"""The report as CSV, one row per group, which is safe to open in a spreadsheet."""

import csv
import io
import re

from app.disclosure.fields import group_fields
from app.disclosure.figures import Report
from app.words import printable

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet takes for the beginning of a formula, in Western and in full width."""


def report_csv(report: Report) -> str:
    """The rows of RFC 4180 with a header; an empty cell where there is no figure."""
    span = {"since": report.span.since.isoformat(), "until": report.span.until.isoformat()}
    rows = [span | group_fields(group) for group in report.groups]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """A text as a cell that shows it and never runs it; a number as it is."""
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if _FORMULA.match(shown) else shown
