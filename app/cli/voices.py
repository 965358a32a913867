"""`earwitness voices`: who is enrolled, who is on the watch list, and whether a recording is of them."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from app.cases.reader import CaseReader
from app.cases.voices import (
    KeptEnrolment,
    VoiceWriter,
    read_enrolment,
    read_enrolments,
    read_watched,
)
from app.cli.common import Exit, data_dir_option, printing
from app.compose import case_log_path, load_speaker_encoder
from app.evaluation.hearing import segments
from app.paths import case_log, data_dir
from app.settings import Settings, settings_with
from app.words import TONE_COLOUR, identity_text, local_time, printable
from audio.types import Channel
from detection.errors import DetectionError
from detection.types import IdentityLevel, IdentityVerdict, Segment, SpeakerVerdict
from detection.vad import SileroVad
from detection.voice.countermeasure import load_countermeasure
from detection.voice.encoder import SpeakerEncoder
from detection.voice.enrolment import Enrolment, WatchedVoice, voiceprint
from detection.voice.identity import identity
from detection.voice.judge import CountermeasureJudge
from detection.voice.speaker import EmbeddingJudge

_channel = click.option(
    "--channel",
    type=click.Choice(["caller", "agent"]),
    help="Take this side of recordings with two channels, the caller's being the left "
    "(default: both mixed).",
)
_speaker_pack = click.option(
    "--speaker-pack", type=click.Path(path_type=Path), help="Folder of another speaker model pack."
)
_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


_LONGEST_NAME = 100


def _name(_context: click.Context, _argument: click.Parameter, given: str) -> str:
    if not given.strip() or len(given) > _LONGEST_NAME:
        raise click.BadParameter(f"use 1 to {_LONGEST_NAME} characters.")
    return given.strip()


_person = click.argument("name", callback=_name)


@click.group()
def voices() -> None:
    """Keep known voices, compare recordings with them, and erase them (docs/voices.md)."""


@voices.command()
@_person
@_files
@click.option(
    "--consent", required=True, help="When and how this person agreed, such as 'form of 2026-11-20'."
)
@click.option(
    "--keep-days",
    type=click.IntRange(1, 36_500),
    help="Do not use the voice after so many days, and erase it (default: keep it until erased).",
)
@_channel
@_speaker_pack
@data_dir_option
def enrol(
    name: str,
    files: tuple[Path, ...],
    consent: str,
    keep_days: int | None,
    channel: str | None,
    speaker_pack: Path | None,
    data_dir: Path | None,
) -> None:
    """Enrol NAME from recordings of at least 20 s in which only they speak."""
    if not consent.strip():
        raise click.BadParameter("say when and how the person agreed.", param_hint="--consent")
    settings = settings_with(data_dir=data_dir, speaker_pack=speaker_pack)
    encoder = _encoder(settings)
    now = datetime.now(UTC)
    voice = voiceprint(encoder, name, _speech(files, channel))
    expires_at = _iso(now + timedelta(days=keep_days)) if keep_days else None
    with _writer(settings) as writer:
        writer.enrol(Enrolment(name, voice, _iso(now), consent.strip()), expires_at)
    with printing():
        click.echo(f"{printable(name)} is enrolled from {voice.speech_s:.1f} s of speech.")


@voices.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@data_dir_option
def list_voices(as_json: bool, data_dir: Path | None) -> None:
    """List who is enrolled and who is on the watch list."""
    path = case_log_path(settings_with(data_dir=data_dir))
    enrolled, watched = read_enrolments(path), read_watched(path)
    with printing(rows=True) as console:
        if as_json:
            click.echo(json.dumps(_as_object(enrolled, watched)))
            return
        if not enrolled and not watched:
            click.echo("No voice is kept.")
        for title, table in (("Enrolled", _enrolled(enrolled)), ("Watch list", _watched(watched))):
            if table.row_count:
                console.print(Text(title, "bold"))
                console.print(table)


@voices.command()
@_person
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_channel
@_speaker_pack
@click.option(
    "--voice-pack", type=click.Path(path_type=Path), help="Folder of another voice model pack."
)
@data_dir_option
def verify(
    name: str,
    file: Path,
    as_json: bool,
    channel: str | None,
    speaker_pack: Path | None,
    voice_pack: Path | None,
    data_dir: Path | None,
) -> None:
    """Compare FILE with the voice enrolled for NAME; status 0 only where it matches and sounds real."""
    settings = settings_with(data_dir=data_dir, speaker_pack=speaker_pack, voice_pack=voice_pack)
    claimed = read_enrolment(case_log_path(settings), name)
    speaker = EmbeddingJudge(_encoder(settings), claimed)
    voice = CountermeasureJudge(load_countermeasure(settings.voice_pack))
    for segment in _speech((file,), channel):
        voice.hear(segment)
        speaker.hear(segment)
    compared = speaker.finish()
    verdict = identity(voice.finish(), compared)
    with printing() as console:
        if as_json:
            click.echo(json.dumps(_verdict_object(file, verdict, compared)))
        else:
            text = identity_text(verdict)
            console.print(Text(text.phrase.word, f"bold {TONE_COLOUR[text.phrase.tone]}"))
            for reason in text.reasons:
                console.print(Text(printable(reason)))
    raise SystemExit(Exit.OK if verdict.level is IdentityLevel.MATCHES else Exit.NOT_AS_EXPECTED)


@voices.command()
@_person
@data_dir_option
def erase(name: str, data_dir: Path | None) -> None:
    """Erase the voice enrolled for NAME."""
    with _writer(settings_with(data_dir=data_dir)) as writer:
        writer.erase(name)
    with printing():
        click.echo(f"The voice of {printable(name)} is erased.")


@voices.command()
@_person
@_files
@click.option("--case", "case_id", metavar="CASE", help="The case in which this voice was heard.")
@click.option("--note", default="", help="A few words that an alert will show.")
@_channel
@_speaker_pack
@data_dir_option
def watch(
    name: str,
    files: tuple[Path, ...],
    case_id: str | None,
    note: str,
    channel: str | None,
    speaker_pack: Path | None,
    data_dir: Path | None,
) -> None:
    """Put the voice in recordings on the watch list as NAME; every caller is compared with it."""
    settings = settings_with(data_dir=data_dir, speaker_pack=speaker_pack)
    case = ""
    if case_id:
        with CaseReader(case_log_path(settings)) as reader:
            case = reader.summary(case_id).id
    voice = voiceprint(_encoder(settings), name, _speech(files, channel))
    with _writer(settings) as writer:
        writer.watch(WatchedVoice(name, voice, _iso(datetime.now(UTC)), case, note.strip()))
    with printing():
        click.echo(f"{printable(name)} is on the watch list, from {voice.speech_s:.1f} s of speech.")


@voices.command()
@_person
@data_dir_option
def unwatch(name: str, data_dir: Path | None) -> None:
    """Erase NAME from the watch list."""
    with _writer(settings_with(data_dir=data_dir)) as writer:
        writer.unwatch(name)
    with printing():
        click.echo(f"{printable(name)} is erased from the watch list.")


def _encoder(settings: Settings) -> SpeakerEncoder:
    encoder = load_speaker_encoder(settings)
    if encoder is None:
        raise DetectionError(
            "There is no model pack to compare voices with; name one with --speaker-pack."
        )
    return encoder


def _writer(settings: Settings) -> VoiceWriter:
    return VoiceWriter(case_log(data_dir(settings.data_dir)))


def _speech(files: tuple[Path, ...], channel: str | None) -> Iterator[Segment]:
    vad = SileroVad()
    for file in files:
        yield from segments(file, vad, Channel(channel) if channel else None)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _is_over(kept: KeptEnrolment) -> bool:
    return kept.expires_at is not None and kept.expires_at <= _iso(datetime.now(UTC))


def _enrolled(enrolled: Sequence[KeptEnrolment]) -> Table:
    table = _table("Name", "Speech", "Enrolled", "Kept until", "Model", "Consent")
    for kept in enrolled:
        voice = kept.enrolment.voice
        until = local_time(kept.expires_at) if kept.expires_at else "erased"
        cells = (
            kept.enrolment.name,
            f"{voice.speech_s:.0f} s",
            local_time(kept.enrolment.enrolled_at),
            f"{until} (over)" if _is_over(kept) else until,
            f"{voice.model_id} {voice.model_revision}",
            kept.enrolment.consent,
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _watched(watched: Sequence[WatchedVoice]) -> Table:
    table = _table("Name", "Speech", "Added", "Case", "Model", "Note")
    for each in watched:
        cells = (
            each.name,
            f"{each.voice.speech_s:.0f} s",
            local_time(each.added_at),
            each.case_id or "-",
            f"{each.voice.model_id} {each.voice.model_revision}",
            each.note,
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _as_object(enrolled: Sequence[KeptEnrolment], watched: Sequence[WatchedVoice]) -> dict[str, Any]:
    return {
        "enrolled": [
            {
                "name": kept.enrolment.name,
                "speech_s": round(kept.enrolment.voice.speech_s, 2),
                "model_id": kept.enrolment.voice.model_id,
                "model_revision": kept.enrolment.voice.model_revision,
                "enrolled_at": kept.enrolment.enrolled_at,
                "expires_at": kept.expires_at,
                "consent": kept.enrolment.consent,
            }
            for kept in enrolled
        ],
        "watched": [
            {
                "name": each.name,
                "speech_s": round(each.voice.speech_s, 2),
                "model_id": each.voice.model_id,
                "model_revision": each.voice.model_revision,
                "added_at": each.added_at,
                "case_id": each.case_id,
                "note": each.note,
            }
            for each in watched
        ],
    }


def _verdict_object(file: Path, verdict: IdentityVerdict, speaker: SpeakerVerdict) -> dict[str, Any]:
    return {
        "file": str(file),
        "claimed": verdict.claimed,
        "level": verdict.level.value,
        "llr": verdict.llr,
        "speaker_llr": speaker.llr,
        "threshold_match": speaker.threshold_match,
        "threshold_reject": speaker.threshold_reject,
        "speech_s": round(verdict.speech_s, 2),
        "speaker_model": verdict.speaker,
        "voice_model": verdict.voice,
        "reasons": list(verdict.reasons),
    }
