"""`earwitness listen`: a live call, judged as it is spoken."""

import json
import sys
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from app.call.call_after_call import CallAfterCall
from app.call.consent import ConsentError, ConsentRules
from app.call.session import Session
from app.case_json import as_json
from app.case_state import CaseState
from app.cases.voices import read_enrolment, read_watched
from app.cli.common import Exit, data_dir_option, fail, printing
from app.cli.follower import Follower, Listening
from app.cli.live_lines import LiveLines
from app.compose import (
    case_log_path,
    consent_rules,
    live_basis,
    live_source,
    load_engines,
    open_case_log,
)
from app.report import print_report
from app.settings import settings_with
from app.words import error_text
from audio.source import AudioSource
from detection.events import Acknowledgement


@click.command()
@click.option("--microphone", metavar="DEVICE", help="The agent's microphone (see `devices`).")
@click.option("--far-side", metavar="DEVICE", help="Where the caller is heard: an output or a program.")
@click.option("--auto", is_flag=True, help="Find calls by their sound; each becomes a case of its own.")
@click.option("--seconds", type=click.FloatRange(min=1), help="Stop listening after so many seconds.")
@click.option("--recording/--no-recording", default=None, help="Keep the sound of this call, or not.")
@click.option("--consent-given", is_flag=True, help="The caller was told, and you confirm the notice.")
@click.option("--consent-by", metavar="NAME", help="Who confirms it (default: who is logged in).")
@click.option("--json", "as_json_lines", is_flag=True, help="Print one JSON object per call and line.")
@click.option(
    "--whisper-model",
    type=click.Path(path_type=Path),
    help="Folder of a CTranslate2 Whisper model (default: the built-in recognizer).",
)
@click.option(
    "--claims",
    metavar="NAME",
    help="Whom the caller claims to be: compare with the voice enrolled under that name.",
)
@data_dir_option
def listen(
    microphone: str | None,
    far_side: str | None,
    auto: bool,
    seconds: float | None,
    recording: bool | None,
    consent_given: bool,
    consent_by: str | None,
    as_json_lines: bool,
    whisper_model: Path | None,
    claims: str | None,
    data_dir: Path | None,
) -> None:
    """Listen to a call on this machine until Ctrl-C, judge it and store it as a case.

    With `--auto`, listen to call after call.
    """
    settings = settings_with(
        data_dir=data_dir,
        whisper_model=whisper_model,
        microphone=microphone,
        far_side=far_side,
        recording=recording,
    )
    rules = consent_rules(settings)
    if auto and rules.asks:
        raise ConsentError(
            "Call after call cannot be kept where each caller is asked: use `listen` without --auto "
            "for each call, or set a standing basis (consent and consent_basis in the settings)."
        )
    consent = rules.record(_acknowledged(rules, consent_given, consent_by or ""))
    basis = live_basis(settings, consent)
    case_log = case_log_path(settings)
    claimed = read_enrolment(case_log, claims) if claims is not None else None
    watched = read_watched(case_log)
    source = live_source(settings)
    with (
        load_engines(settings) as engines,
        open_case_log(settings) as writer,
        printing() as console,
    ):
        shown = Console(stderr=True, markup=False, highlight=False) if as_json_lines else console
        follower = Follower(LiveLines(shown), partial(_print, console, source.name, as_json_lines))

        def open_call(heard: AudioSource) -> Session:
            return engines.session(heard, writer, follower.receive, claimed, watched, basis)

        if auto:
            segmenters = engines.segmenters(source.channels)
            listening: Listening = CallAfterCall(source, segmenters, open_call)
            shown.print("Waiting for a call. Ctrl-C ends listening.", style="dim")
        else:
            listening = open_call(source)
        follower.follow(listening, seconds)
        error = listening.error
        if error and error is not writer.failed:
            fail(error_text(error))
    raise SystemExit(Exit.FAILED if error else Exit.OK)


def _acknowledged(rules: ConsentRules, given: bool, by: str) -> Acknowledgement | None:
    """What the person confirms, asked on a terminal where it was not given on the command line."""
    if not given and rules.asks and sys.stdin.isatty():
        click.echo(f"Tell the caller:\n\n  {rules.told}\n", err=True)
        given = click.confirm(f"Do you confirm this? {rules.notice.confirmation}", err=True)
    return rules.acknowledged("command line", by) if given else None


def _print(console: Console, source: str, as_json_lines: bool, state: CaseState) -> None:
    """What a call that has ended came to."""
    if as_json_lines:
        click.echo(json.dumps(as_json(state, source)))
    else:
        print_report(console, state)
