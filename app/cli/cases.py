"""`earwitness cases`: what is in the case log, and whether it is as it was written."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.case_state import CaseState
from app.cases.reader import CaseReader
from app.cases.verify import verify
from app.cli.common import Exit, data_dir_option
from app.compose import case_log_path
from app.report import as_json, print_report
from app.settings import settings_with
from app.words import CONVERSATION, DISCLOSURE, VOICE
from detection.clock import clock


@click.group()
def cases() -> None:
    """List, show and verify stored cases."""


@cases.command("list")
@click.option("--limit", default=20, show_default=True, help="How many, newest first.")
@data_dir_option
def list_cases(limit: int, data_dir: Path | None) -> None:
    """List stored cases, newest first."""
    with CaseReader(case_log_path(settings_with(data_dir=data_dir))) as reader:
        summaries = reader.summaries(limit)
    table = Table(
        "Case", "Started (UTC)", "Length", "Voice", "Conversation", "AI disclosure", "Alerts", "Source"
    )
    for case in summaries:
        table.add_row(
            case.id,
            case.started_at[:19].replace("T", " "),
            clock(case.duration_s),
            VOICE[case.voice_level].word,
            CONVERSATION[case.conversation_level].word,
            DISCLOSURE[case.disclosure_state].word,
            str(case.alert_count),
            case.source,
        )
    Console().print(table)


@cases.command("show")
@click.argument("case_id", metavar="CASE")
@click.option("--json", "as_one_json", is_flag=True, help="Print the object that analyze --json prints.")
@data_dir_option
def show_case(case_id: str, as_one_json: bool, data_dir: Path | None) -> None:
    """Show one case (the start of its id is enough): verdicts, evidence and transcript."""
    with CaseReader(case_log_path(settings_with(data_dir=data_dir))) as reader:
        summary = reader.summary(case_id)
        state = CaseState.of(summary.id, (stored.event for stored in reader.events(summary.id)))
    if as_one_json:
        click.echo(json.dumps(as_json(state, state.source)))
    else:
        print_report(Console(), state)


@cases.command("verify")
@click.argument("case_ids", metavar="[CASE]...", nargs=-1)
@data_dir_option
def verify_cases(case_ids: tuple[str, ...], data_dir: Path | None) -> None:
    """Check that cases (all, if none is named) are as they were stored; status 1 where one is not."""
    path = case_log_path(settings_with(data_dir=data_dir))
    console = Console()
    checked = faults = 0
    for wanted in case_ids or (None,):
        for check in verify(path, wanted):
            checked += 1
            faults += not check.ok
            if not check.ok:
                console.print(f"[bold red]{check.case_id}[/]: {check.detail}", soft_wrap=True)
    console.print(f"{checked} cases checked, {faults or 'none'} changed since they were stored.")
    raise SystemExit(Exit.NOT_AS_EXPECTED if faults else Exit.OK)
