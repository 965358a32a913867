"""`earwitness evaluate`: measure a judge on a person's own labelled cases."""

import json
import math
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console, RenderableType
from rich.progress import track
from rich.table import Table
from rich.text import Text

from app.cli.common import printing
from app.cli.disclosure_tables import disclosure_tables
from app.cli.speaker_tables import speaker_tables
from app.cli.talk_tables import talk_tables
from app.cli.transcript_tables import transcript_tables
from app.cli.voice_tables import voice_tables
from app.compose import (
    load_engines,
    load_reader_of_statements,
    load_speaker_encoder,
    load_talk_reader,
    load_transcriber,
)
from app.errors import EvaluationError
from app.evaluation.attacks import ATTACKS
from app.evaluation.channels import CHANNELS, MISSING
from app.evaluation.det import DetPlot
from app.evaluation.disclosure import Hear, as_written, evaluate_disclosure
from app.evaluation.heard_disclosure import HeardDisclosure
from app.evaluation.heard_talk import HeardTalk
from app.evaluation.speakers import SECONDS, evaluate_speakers
from app.evaluation.synthesizers import system_synthesizer
from app.evaluation.talk import JudgeCall, WrittenTalk, evaluate_talk
from app.evaluation.transcript import evaluate_transcript
from app.evaluation.voice import evaluate_voice
from app.settings import Settings, settings_with
from app.words import printable
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import load_rules
from detection.disclosure.statements import load_statements
from detection.types import EngineInfo
from detection.vad import SileroVad
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics
from detection.voice.countermeasure import load_countermeasure
from detection.voice.judge import CountermeasureJudge

_cases = click.argument("cases", metavar="FILE", type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")

_limit = click.option(
    "--limit", type=click.IntRange(min=1), help="Take so many of the calls, evenly spread."
)
_through_recognizer = click.option(
    "--through-recognizer",
    is_flag=True,
    help="Have a synthesizer speak every call, and judge what the recognizer hears.",
)
_hears_with = click.option(
    "--whisper-model",
    type=click.Path(path_type=Path),
    help="Folder of the Whisper model to hear with (with --through-recognizer).",
)

_Command = TypeVar("_Command", bound=Callable[..., Any])
_WAYS = (*CHANNELS, *ATTACKS)
_Callback = Callable[[click.Context, click.Parameter, str], tuple[str, ...]]


def _needs_recognizer(whisper_model: Path | None, through_recognizer: bool) -> None:
    if whisper_model and not through_recognizer:
        raise click.UsageError("--whisper-model hears nothing without --through-recognizer.")


def _some_of(known: Collection[str]) -> _Callback:
    """Names in a list parted by commas, each one of `known`."""
    told = ", ".join(known)

    def check(_context: click.Context, _option: click.Parameter, given: str) -> tuple[str, ...]:
        names = _listed(given)
        for name in names:
            if name in MISSING:
                raise click.BadParameter(
                    f"this machine has no encoder for {name} (docs/evaluation.md says where to get "
                    f"one); known are {told}."
                )
            if name not in known:
                raise click.BadParameter(f"{name!r} is no channel; known are {told}.")
        return names

    return check


def _seconds(_context: click.Context, _option: click.Parameter, given: str) -> tuple[float, ...]:
    windows = []
    for number in _listed(given):
        try:
            seconds = float(number)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            raise click.BadParameter(f"{number!r} is no number of seconds; use some such as 1,2,3,5.")
        windows.append(seconds)
    return tuple(windows)


def _listed(given: str) -> tuple[str, ...]:
    """The different names in a list parted by commas, in order."""
    return tuple(dict.fromkeys(name for part in given.split(",") if (name := part.strip())))


def _through(ways: Collection[str]) -> Callable[[_Command], _Command]:
    return click.option(
        "--through",
        metavar="CHANNELS",
        default="",
        callback=_some_of(ways),
        help=f"Send every recording through each of these: {','.join(ways)}.",
    )


_det = click.option(
    "--det",
    metavar="PNG",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw misses against false alarms (needs earwitness[evaluate]).",
)


@click.group()
def evaluate() -> None:
    """Measure a judge on labelled cases; docs/command-line.md has the formats."""


@evaluate.command()
@_cases
@_json
@click.option(
    "--voice-pack", type=click.Path(path_type=Path), help="Folder of another voice model pack."
)
@_through(_WAYS)
@click.option(
    "--windows",
    metavar="SECONDS",
    default="",
    callback=_seconds,
    help="Also judge only the first so many seconds of speech, such as 1,2,3,5.",
)
@_det
def voice(
    cases: Path,
    as_json: bool,
    voice_pack: Path | None,
    through: tuple[str, ...],
    windows: tuple[float, ...],
    det: Path | None,
) -> None:
    """Error rates of the voice judge on recordings labelled real or synthetic (CSV: path,label)."""
    model = load_countermeasure(settings_with(voice_pack=voice_pack).voice_pack)
    result = evaluate_voice(
        cases,
        lambda: CountermeasureJudge(model),
        SileroVad(),
        _tracked,
        through=through,
        windows=windows,
        det=DetPlot(det) if det else None,
    )
    _show(result, as_json, voice_tables)


@evaluate.command()
@click.argument("cases", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@_json
@_limit
@_through_recognizer
@_hears_with
def talk(
    cases: tuple[Path, ...],
    as_json: bool,
    limit: int | None,
    through_recognizer: bool,
    whisper_model: Path | None,
) -> None:
    """Recall, false alarms and lead of the conversation judge on written calls (JSON lines)."""
    _needs_recognizer(whisper_model, through_recognizer)
    settings = settings_with(whisper_model=whisper_model)
    judge_call = _heard_talk if through_recognizer else _written_talk
    with judge_call(settings) as (judge, judged_by):
        result = evaluate_talk(cases, judge, _tracked, limit=limit)
    pack = load_tactics(settings.tactics_pack)
    titles = {label: tactic.title for label, tactic in pack.tactics.items()}
    _show({**judged_by, **result}, as_json, partial(talk_tables, titles=titles))


@contextmanager
def _written_talk(settings: Settings) -> Iterator[tuple[JudgeCall, dict[str, Any]]]:
    """The judge on text as it is written, and by what is judged."""
    pack = load_tactics(settings.tactics_pack)
    reader = load_talk_reader(settings, pack)
    yield WrittenTalk(lambda: TalkJudge(pack, reader)), _judged_by(TalkJudge(pack, reader).engines)


@contextmanager
def _heard_talk(settings: Settings) -> Iterator[tuple[JudgeCall, dict[str, Any]]]:
    """The same at the end of the walk, of calls that are spoken."""
    synthesizer = system_synthesizer()
    with (
        load_engines(settings) as engines,
        tempfile.TemporaryDirectory(prefix="earwitness-talk-", ignore_cleanup_errors=True) as folder,
    ):
        judges = TalkJudge(engines.tactics, engines.reader).engines
        judged_by = _judged_by(judges, engines.transcriber.engine, synthesizer.name)
        yield HeardTalk(engines, synthesizer, Path(folder)), judged_by


def _judged_by(
    judges: Sequence[EngineInfo], recognizer: EngineInfo | None = None, synthesizer: str | None = None
) -> dict[str, Any]:
    named = [{"id": engine.id, "revision": engine.revision} for engine in judges]
    heard = {"id": recognizer.id, "revision": recognizer.revision} if recognizer else None
    return {"engine": named[0], "engines": named, "recognizer": heard, "synthesizer": synthesizer}


@evaluate.command()
@_cases
@_json
@_limit
@_through_recognizer
@_hears_with
def disclosure(
    cases: Path,
    as_json: bool,
    limit: int | None,
    through_recognizer: bool,
    whisper_model: Path | None,
) -> None:
    """Accuracy of the disclosure judge on written calls (JSON lines)."""
    _needs_recognizer(whisper_model, through_recognizer)
    settings = settings_with(whisper_model=whisper_model)
    rules, statements = load_rules(settings.policies), load_statements(settings.statements)
    reader = load_reader_of_statements(statements)
    today = datetime.now().astimezone().date()
    hearing = _heard_disclosure(settings) if through_recognizer else nullcontext((as_written, {}))
    with hearing as (hear, heard_by):
        result = evaluate_disclosure(
            cases,
            lambda subject: DisclosureJudge(rules, statements, subject, reader, day=today),
            _tracked,
            hear,
            limit=limit,
        )
    _show({**result, **heard_by}, as_json, disclosure_tables)


@contextmanager
def _heard_disclosure(settings: Settings) -> Iterator[tuple[Hear, dict[str, Any]]]:
    """The turns as a recognizer hears them spoken, and by what."""
    synthesizer = system_synthesizer()
    with (
        closing(load_transcriber(settings)) as transcriber,
        tempfile.TemporaryDirectory(prefix="earwitness-talk-", ignore_cleanup_errors=True) as folder,
    ):
        engine = transcriber.engine
        heard_by = {
            "recognizer": {"id": engine.id, "revision": engine.revision},
            "synthesizer": synthesizer.name,
        }
        yield HeardDisclosure(transcriber, SileroVad(), synthesizer, Path(folder)), heard_by


@evaluate.command()
@_cases
@_json
@click.option("--whisper-model", type=click.Path(path_type=Path), help="Folder of a Whisper model.")
@_through(CHANNELS)
def transcript(cases: Path, as_json: bool, whisper_model: Path | None, through: tuple[str, ...]) -> None:
    """Word errors and tactic words heard, on recordings with their text (CSV: path,text)."""
    settings = settings_with(whisper_model=whisper_model)
    pack = load_tactics(settings.tactics_pack)
    with closing(load_transcriber(settings)) as transcriber:
        result = evaluate_transcript(cases, transcriber, pack, SileroVad(), _tracked, through=through)
    _show(result, as_json, transcript_tables)


@evaluate.command()
@_cases
@_json
@click.option(
    "--speaker-pack", type=click.Path(path_type=Path), help="Folder of another speaker model pack."
)
@_through(CHANNELS)
@click.option(
    "--seconds",
    metavar="SECONDS",
    default=",".join(f"{seconds:g}" for seconds in SECONDS),
    show_default=True,
    callback=_seconds,
    help="Compare pieces of so many seconds of speech.",
)
@_det
def speakers(
    cases: Path,
    as_json: bool,
    speaker_pack: Path | None,
    through: tuple[str, ...],
    seconds: tuple[float, ...],
    det: Path | None,
) -> None:
    """Error rates of the speaker encoder on recordings of known people (CSV: path,speaker)."""
    encoder = load_speaker_encoder(settings_with(speaker_pack=speaker_pack))
    if encoder is None:
        raise EvaluationError(
            f"{cases} was not evaluated: no speaker encoder is built in; name one with --speaker-pack."
        )
    result = evaluate_speakers(
        cases,
        encoder,
        SileroVad(),
        _tracked,
        through=through,
        seconds=seconds or SECONDS,
        det=DetPlot(det) if det else None,
    )
    _show(result, as_json, speaker_tables)


def _tracked(items: Iterable[Any]) -> Iterable[Any]:
    console = Console(stderr=True)
    return track(
        items,
        description="Evaluating",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _figures(result: Mapping[str, Any]) -> Iterable[RenderableType]:
    table = Table("", "", show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in _flat(result):
        told = f"{value:.4f}" if isinstance(value, float) else str(value)
        table.add_row(Text(printable(name)), Text(printable(told)))
    yield table


def _show(
    result: Mapping[str, Any],
    as_json: bool,
    sections: Callable[[Mapping[str, Any]], Iterable[RenderableType]] = _figures,
) -> None:
    with printing(rows=True) as console:
        if as_json:
            click.echo(json.dumps(result))
            return
        for section in sections(result):
            console.print(section)
            console.print()


def _flat(result: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in result.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        else:
            yield f"{prefix}{key}", "none" if value in (None, []) else value
