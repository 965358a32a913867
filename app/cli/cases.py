"""`earwitness cases`: what is in the case log, and whether it is as it was written."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from app.case_json import as_json
from app.case_state import CaseState
from app.cases.reader import CaseReader
from app.cases.records import CaseStatus, CaseSummary
from app.cases.verify import verify
from app.cli.common import Exit, data_dir_option, printing, warn
from app.compose import case_log_path
from app.errors import NoCaseLogError
from app.report import print_report
from app.settings import settings_with
from app.words import CONVERSATION, DISCLOSURE, TONE_COLOUR, VOICE, Phrase, Tone, local_time, printable
from detection.clock import clock

_GROUPS = (
    ("Case", "Started", "Source"),
    ("Length", "Status"),
    ("Voice",),
    ("Conversation",),
    ("AI disclosure",),
    ("Alerts", "Watches"),
)
"""Columns of the list; what stands together shares a column where the terminal is narrow."""

_NEVER_FOLDED = {"Case", "Started", "Length", "Status", "Alerts", "Watches"}

_ONE_LINE_WIDTH = 160
"""Columns a terminal needs for a case on one line."""

_STATUS = {
    CaseStatus.NOT_ENDED: ("not ended", Tone.WATCH),
    CaseStatus.COMPLETE: ("complete", Tone.UNKNOWN),
    CaseStatus.INTERRUPTED: ("interrupted", Tone.WATCH),
}


@click.group()
def cases() -> None:
    """List, show and verify stored cases."""


@cases.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json_lines", is_flag=True, help="Print one JSON object per case and line.")
@data_dir_option
def list_cases(limit: int, as_json_lines: bool, data_dir: Path | None) -> None:
    """List stored cases, newest first."""
    try:
        with CaseReader(case_log_path(settings_with(data_dir=data_dir))) as reader:
            summaries = reader.summaries(limit)
    except NoCaseLogError as nothing_yet:
        warn(str(nothing_yet))
        return
    with printing(rows=True) as console:
        if as_json_lines:
            for case in summaries:
                click.echo(json.dumps(_as_object(case)))
        else:
            console.print(_table(summaries, stacked=console.width < _ONE_LINE_WIDTH))


def _as_object(case: CaseSummary) -> dict[str, Any]:
    return {
        "id": case.id,
        "source": case.source,
        "started_at": case.started_at,
        "duration_s": round(case.duration_s, 2),
        "status": case.status.value,
        "voice": case.voice_level.value,
        "conversation": case.conversation_level.value,
        "disclosure": case.disclosure_state.value,
        "alerts": case.alert_count,
        "watches": case.watch_count,
    }


def _table(summaries: Sequence[CaseSummary], *, stacked: bool) -> Table:
    """One row per case; `stacked` sets the columns of a group one below the other."""
    groups = _GROUPS if stacked else [(name,) for group in _GROUPS for name in group]
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    rows = [_cells(case) for case in summaries]
    for group in groups:
        never_folded = _NEVER_FOLDED.intersection(group)
        lengths = [len(name) for name in never_folded]
        lengths += [row[name].cell_len for row in rows for name in never_folded]
        width = max(lengths, default=None)
        table.add_column("\n".join(group), overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text("\n").join(row[name] for name in group) for group in groups))
        if stacked:
            table.add_row()
    return table


def _cells(case: CaseSummary) -> dict[str, Text]:
    """The texts of a case's row, by the column's name."""
    return {
        "Case": Text(printable(case.id)),
        "Started": Text(_started(case.started_at)),
        "Source": Text(printable(case.source)),
        "Length": Text(clock(case.duration_s)),
        "Status": _toned(*_STATUS[case.status]),
        "Voice": _word(VOICE[case.voice_level]),
        "Conversation": _word(CONVERSATION[case.conversation_level]),
        "AI disclosure": _word(DISCLOSURE[case.disclosure_state]),
        "Alerts": _toned(str(case.alert_count), Tone.ALERT if case.alert_count else Tone.UNKNOWN),
        "Watches": _toned(str(case.watch_count), Tone.WATCH if case.watch_count else Tone.UNKNOWN),
    }


def _started(iso: str) -> str:
    try:
        return local_time(iso)
    except ValueError:  # changed after it was stored, as `cases verify` tells
        return printable(iso)


def _word(phrase: Phrase) -> Text:
    return _toned(phrase.word, phrase.tone)


def _toned(words: str, tone: Tone) -> Text:
    return Text(words, "" if tone is Tone.UNKNOWN else TONE_COLOUR[tone])


@cases.command("show")
@click.argument("case_id", metavar="CASE")
@click.option("--json", "as_one_json", is_flag=True, help="Print the object that analyze --json prints.")
@data_dir_option
def show_case(case_id: str, as_one_json: bool, data_dir: Path | None) -> None:
    """Show one case (the start of its id is enough): verdicts, evidence and transcript."""
    with CaseReader(case_log_path(settings_with(data_dir=data_dir))) as reader:
        summary = reader.summary(case_id)
        state = CaseState.of(summary.id, (stored.event for stored in reader.events(summary.id)))
    with printing() as console:
        if as_one_json:
            click.echo(json.dumps(as_json(state, state.source)))
        else:
            print_report(console, state)


@cases.command("verify")
@click.argument("case_ids", metavar="[CASE]...", nargs=-1)
@data_dir_option
def verify_cases(case_ids: tuple[str, ...], data_dir: Path | None) -> None:
    """Check that cases (all, if none is named) are as they were stored; status 1 where one is not."""
    path = case_log_path(settings_with(data_dir=data_dir))
    checked = faults = 0
    for wanted in case_ids or (None,):
        for check in verify(path, wanted):
            checked += 1
            faults += not check.ok
            if not check.ok:
                with printing() as console:
                    name = Text(printable(check.case_id), "bold red")
                    console.print(name, printable(check.detail), sep=": ", soft_wrap=True)
    with printing():
        click.echo(f"Cases checked: {checked}; changed since they were stored: {faults or 'none'}.")
    raise SystemExit(Exit.NOT_AS_EXPECTED if faults else Exit.OK)
