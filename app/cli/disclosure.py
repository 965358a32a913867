"""`earwitness disclosure`: which AIs said that they are one, over many calls."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from app.cases.disclosures import judged_calls
from app.cli.common import data_dir_option, printing, warn
from app.cli.disclosure_report_tables import report_lines
from app.compose import case_log_path
from app.disclosure.fields import report_object
from app.disclosure.figures import report_of
from app.disclosure.page import report_page
from app.disclosure.rows import report_csv
from app.disclosure.span import Span, beginning, ending
from app.disclosure.words import span_text
from app.errors import ReportError
from app.settings import settings_with
from app.whole_file import replace_file
from app.words import printable


@click.group()
def disclosure() -> None:
    """Tell over many calls which AIs said that they are one."""


@disclosure.command()
@click.option(
    "--since", required=True, metavar="DATE", help="First day (2026-11-01), or the last 7d, 30d."
)
@click.option("--until", metavar="DATE", help="Last day, counted whole (default: until now).")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also write a row per group.",
)
@click.option(
    "--html", "html_file", metavar="FILE", type=click.Path(path_type=Path), help="Also write a page."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@data_dir_option
def report(
    since: str,
    until: str | None,
    csv_file: Path | None,
    html_file: Path | None,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """How many AIs said that they are one, by rule, side and line, in the calls of a time."""
    now = datetime.now(UTC)
    span = _span(since, until, now)
    log = case_log_path(settings_with(data_dir=data_dir))
    _check_files([file for file in (csv_file, html_file) if file], log)
    found = report_of(judged_calls(log, span.since, span.until), span)
    if csv_file:
        # The rows end as RFC 4180 says, on every system.
        _write(csv_file, report_csv(found), newline="")
    if html_file:
        _write(html_file, report_page(found, now))
    if not found.total.calls:
        warn(
            f"No call of this case log began from {span_text(span)}; `earwitness cases list` shows all."
        )
    with printing(rows=True) as console:
        if as_json:
            click.echo(json.dumps(report_object(found)))
            return
        if found.total.calls:
            for line in report_lines(found, console):
                console.print(line)
        for file in filter(None, (csv_file, html_file)):
            click.echo(f"Written: {printable(str(file))}")


def _span(since: str, until: str | None, now: datetime) -> Span:
    start = _given("--since", since, beginning, now)
    end = now if until is None else _given("--until", until, ending, now)
    if start >= end:
        end_of_it = "now" if until is None else "--until"
        raise click.BadParameter(
            f"it is not before {end_of_it}; give an earlier day.", param_hint="--since"
        )
    return Span(start, end)


def _given(
    option: str, text: str, moment: Callable[[str, datetime], datetime], now: datetime
) -> datetime:
    try:
        return moment(text, now)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _check_files(files: Sequence[Path], log: Path) -> None:
    """Refuse what a report must not take the place of, before any is written."""
    targets = [_target(file) for file in files]
    if len(set(targets)) < len(targets):
        raise click.UsageError("--csv and --html name the same file; name two.")
    for file, target in zip(files, targets, strict=True):
        if target.parent == log.resolve().parent and target.name.startswith(log.name):
            raise ReportError(
                f"The report {file} would take the place of the case log; name another file."
            )


def _target(file: Path) -> Path:
    """The file itself where `file` is a link."""
    try:
        target = file.resolve()
        is_taken = target.exists() and not target.is_file()
    except RuntimeError as error:  # links that lead to each other
        raise _cannot_write(file, "its links go in a circle") from error
    except OSError as error:
        raise _cannot_write(file, error.strerror) from error
    if is_taken:
        raise _cannot_write(file, "what has this name is no file")
    return target


def _write(path: Path, text: str, newline: str | None = None) -> None:
    try:
        replace_file(path, text, newline=newline)
    except OSError as error:
        raise _cannot_write(path, error.strerror) from error


def _cannot_write(path: Path, reason: str | None) -> ReportError:
    return ReportError(
        f"The report {path} cannot be written ({reason}); "
        "name a file in a folder that exists and that you may write to."
    )
