"""`earwitness analyze`: recordings in, verdicts and stored cases out."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.analysis import analyze_file
from app.cases.writer import CaseWriter
from app.cli.common import Exit, data_dir_option, fail
from app.compose import load_engines, open_case_log
from app.engines import Engines
from app.report import as_json, print_report
from app.settings import settings_with
from audio.errors import AudioError
from audio.file_source import Caller


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
@data_dir_option
def analyze(
    files: tuple[Path, ...],
    caller: Caller | None,
    as_json_lines: bool,
    whisper_model: Path | None,
    voice_pack: Path | None,
    data_dir: Path | None,
) -> None:
    """Judge recordings of calls, store each as a case and print what was found."""
    settings = settings_with(data_dir=data_dir, whisper_model=whisper_model, voice_pack=voice_pack)
    with load_engines(settings) as engines, open_case_log(settings) as writer, _progress() as progress:
        done = [_analyze_one(file, caller, as_json_lines, engines, writer, progress) for file in files]
    raise SystemExit(Exit.OK if all(done) else Exit.FAILED)


def _analyze_one(
    file: Path,
    caller: Caller | None,
    as_json_lines: bool,
    engines: Engines,
    writer: CaseWriter,
    progress: Progress,
) -> bool:
    """Analyse, print, and tell whether the whole file could be analysed."""
    task = progress.add_task(file.name, total=None)
    try:
        state, error = analyze_file(
            file,
            caller,
            engines,
            writer,
            lambda heard, total: progress.update(task, completed=heard, total=total),
        )
    except AudioError as unreadable:
        fail(str(unreadable))
        if as_json_lines:
            click.echo(json.dumps({"file": str(file), "error": str(unreadable)}))
        return False
    finally:
        progress.remove_task(task)
    if as_json_lines:
        click.echo(json.dumps(as_json(state, str(file))))
    else:
        print_report(Console(), state)
    if error:
        fail(str(error))
    return error is None


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
