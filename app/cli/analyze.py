"""`earwitness analyze`: recordings in, verdicts and stored cases out."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.analysis import Progress as OnProgress
from app.analysis import analyze_file
from app.case_json import as_json
from app.case_state import CaseState
from app.cases.voices import read_enrolment, read_watched
from app.cases.writer import CaseWriter
from app.cli.common import Exit, data_dir_option, fail, printing, warn
from app.compose import case_log_path, load_engines, open_case_log
from app.report import print_report
from app.settings import settings_with
from app.words import error_text, printable
from audio.errors import AudioError
from audio.file_source import Caller
from audio.types import Channel

Walked: TypeAlias = tuple[CaseState, Exception | None]
"""What a recording came to, and why its walk ended early where it did."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--caller",
    type=click.Choice(["left", "right", "mono"]),
    help="Which channel the caller is on (default: left of two, or the only one).",
)
@click.option("--json", "as_json_lines", is_flag=True, help="Print one JSON object per file and line.")
@click.option(
    "--whisper-model",
    type=click.Path(path_type=Path),
    help="Folder of a CTranslate2 Whisper model (default: the built-in recognizer).",
)
@click.option(
    "--voice-pack", type=click.Path(path_type=Path), help="Folder of another voice model pack."
)
@click.option(
    "--speaker-pack", type=click.Path(path_type=Path), help="Folder of another speaker model pack."
)
@click.option(
    "--claims",
    metavar="NAME",
    help="Whom the caller claims to be: compare with the voice enrolled under that name.",
)
@click.option(
    "--subject",
    type=click.Choice([channel.value for channel in (Channel.CALLER, Channel.AGENT)]),
    default=Channel.CALLER.value,
    show_default=True,
    help="Whose voice is judged and who has to say that it is an AI; agent: the desk's own voice.",
)
@data_dir_option
def analyze(
    files: tuple[Path, ...],
    caller: Caller | None,
    as_json_lines: bool,
    whisper_model: Path | None,
    voice_pack: Path | None,
    speaker_pack: Path | None,
    claims: str | None,
    subject: str,
    data_dir: Path | None,
) -> None:
    """Judge recordings of calls, store each as a case and print what was found."""
    judged = Channel(subject)
    if judged is not Channel.CALLER:
        _refuse_for_callers_only(caller, claims)
    settings = settings_with(
        data_dir=data_dir,
        whisper_model=whisper_model,
        voice_pack=voice_pack,
        speaker_pack=speaker_pack,
    )
    case_log = case_log_path(settings)
    claimed = read_enrolment(case_log, claims) if claims is not None else None
    watched = read_watched(case_log) if judged is Channel.CALLER else ()
    with load_engines(settings) as engines, open_case_log(settings) as writer:

        def walk(file: Path, on_progress: OnProgress) -> Walked:
            return analyze_file(
                file,
                caller,
                engines,
                writer,
                on_progress,
                claimed=claimed,
                watched=watched,
                subject=judged,
            )

        done = [_analyze_one(file, as_json_lines, walk, writer) for file in files]
    raise SystemExit(Exit.OK if all(done) else Exit.FAILED)


def _refuse_for_callers_only(caller: Caller | None, claims: str | None) -> None:
    """Raises `UsageError` where an option is about the caller and the desk's side is to be judged."""
    if claims is not None:
        raise click.UsageError(
            "--claims is about whom the caller claims to be, and with --subject agent the desk's own "
            "voice is judged: leave one of them out."
        )
    if caller == "mono":
        raise click.UsageError(
            "--caller mono takes everything said as the caller's, which leaves --subject agent nobody "
            "to judge: leave one of them out."
        )


def _analyze_one(
    file: Path,
    as_json_lines: bool,
    walk: Callable[[Path, OnProgress], Walked],
    writer: CaseWriter,
) -> bool:
    """Analyse, print, and tell whether the whole file could be analysed."""
    try:
        with _shown_progress(file) as on_progress:
            state, error = walk(file, on_progress)
    except AudioError as unreadable:
        fail(str(unreadable))
        if as_json_lines:
            with printing():
                click.echo(json.dumps({"file": str(file), "error": str(unreadable)}))
        return False
    with printing() as console:
        if as_json_lines:
            click.echo(json.dumps(as_json(state, str(file), error)))
        else:
            print_report(console, state, error)
    if error is None and _nothing_heard(state):
        warn(
            f"{file.name} holds no speech that could be judged: check the recording, or choose the "
            "caller's side with --caller."
        )
    # A case log that failed is told of where it is closed, for no further file can be stored either.
    if error and error is not writer.failed:
        fail(error_text(error))
    return error is None


def _nothing_heard(state: CaseState) -> bool:
    return not state.utterances and not state.not_judged


@contextmanager
def _shown_progress(file: Path) -> Iterator[OnProgress]:
    """Shows how far `file` is while the context lasts, where standard error is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(printable(file.name), total=None)
        yield lambda heard, total: progress.update(task, completed=heard, total=total)
