"""`earwitness evaluate speakers`: whether the speaker encoder tells people's voices apart."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from app.errors import EvaluationError
from app.evaluation.channels import CHANNELS
from app.evaluation.det import DetPlot
from app.evaluation.hearing import read_sound, speech_in
from app.evaluation.manifest import LabelledClip, read_manifest
from app.evaluation.speaker_figures import Piece, error_curve, figures
from app.evaluation.written_calls import Track
from audio.errors import AudioError
from audio.types import CALL_RATE, Samples
from detection.metrics import ErrorRates
from detection.vad import SileroVad
from detection.voice.encoder import SpeakerEncoder, windows_of
from detection.voice.quality import fault
from detection.voice.scoring import direction

SECONDS = (3.0, 5.0, 10.0)
MAX_PIECES = 20
"""Of one speaker and length, evenly over their speech: the longest reader must not outweigh all."""


class _Row(NamedTuple):
    """What a piece of speech never spans: one person in one session of one source."""

    person: str
    source: str
    session: str


def evaluate_speakers(
    manifest: Path,
    encoder: SpeakerEncoder,
    vad: SileroVad,
    track: Track = iter,
    *,
    through: Sequence[str] = (),
    seconds: Sequence[float] = SECONDS,
    det: DetPlot | None = None,
) -> dict[str, Any]:
    """Error rates of all trials between disjoint pieces of speech; keys in docs/evaluation.md.

    A person's clips are joined without their pauses and cut into pieces of each of `seconds`. Every
    clip goes through each of the channels `through` (names of `CHANNELS`; none: as it is). Raises
    `EvaluationError` for a manifest that cannot be used; a clip that cannot be read is listed under
    `failed` and left out.
    """
    people = _people(manifest)
    conditions: dict[str, dict[str, Any]] = {}
    curves: dict[str, ErrorRates] = {}
    failed: dict[str, str] = {}
    for name in through or ("",):
        heard: defaultdict[str, dict[_Row, list[Samples]]] = defaultdict(lambda: defaultdict(list))
        for clip, row in track(people):
            try:
                condition, speech = _arrival(clip, name, vad)
            except AudioError as error:
                failed[str(clip.path)] = str(error)
                continue
            heard[condition][row] += speech
        for condition, rows in heard.items():
            conditions[condition] = {}
            for length in seconds:
                pieces = _pieces(rows, length, encoder)
                conditions[condition][f"{length:g}"] = figures(pieces, encoder)
                if det and (curve := error_curve(pieces, encoder)):
                    curves[f"{condition}, {length:g} s"] = curve
    if det:
        det.save(curves, "different people taken for one", "one person not recognized")
    return {
        "engine": {"id": encoder.manifest.id, "revision": encoder.manifest.revision},
        "conditions": conditions,
        "failed": [{"path": path, "error": error} for path, error in failed.items()],
    }


def _people(manifest: Path) -> list[tuple[LabelledClip, _Row]]:
    """The clips of known people; copies of their voices are left out."""
    people = []
    for clip in read_manifest(manifest, "label", "speaker"):
        person = clip.speaker or clip.label
        if clip.speaker and clip.label == "synthetic":
            continue
        if not clip.speaker and clip.label in {"real", "synthetic", ""}:
            raise EvaluationError(
                f"{manifest}: {clip.path.name} has no speaker: name one in the column speaker or label."
            )
        people.append((clip, _Row(person, clip.source, clip.session)))
    if not people:
        raise EvaluationError(f"{manifest} lists no real speech: add a line for each recording.")
    return people


def _arrival(clip: LabelledClip, channel: str, vad: SileroVad) -> tuple[str, list[Samples]]:
    """The condition that `clip` is heard under and its fit speech. Raises `AudioError`."""
    sound = read_sound(clip.path)
    condition = clip.condition
    if channel:
        sound = CHANNELS[channel](sound)
        condition = channel if condition == "clean" else f"{condition}/{channel}"
    return condition, [s.samples for s in speech_in(sound, vad) if fault(s.samples) is None]


def _pieces(rows: dict[_Row, list[Samples]], seconds: float, encoder: SpeakerEncoder) -> list[Piece]:
    size = round(seconds * CALL_RATE)
    cut: defaultdict[str, list[tuple[_Row, Samples]]] = defaultdict(list)
    for row, parts in rows.items():
        speech = np.concatenate([np.zeros(0, np.float32), *parts])
        cut[row.person] += [
            (row, speech[at : at + size]) for at in range(0, len(speech) - size + 1, size)
        ]
    return [
        _embedded(row, samples, encoder)
        for pieces in cut.values()
        for row, samples in _evenly(pieces, MAX_PIECES)
    ]


def _embedded(row: _Row, samples: Samples, encoder: SpeakerEncoder) -> Piece:
    windows = windows_of(samples, encoder.manifest.input)
    if not len(windows):
        raise EvaluationError(
            f"{len(samples) / CALL_RATE:g} s is less than the encoder judges: ask for at least "
            f"{encoder.manifest.input.min_s:g} s with --seconds."
        )
    mean = encoder.embeddings(windows).mean(axis=0, dtype=np.float64)
    spread = 1 - float(np.linalg.norm(mean)) if len(windows) > 1 else None
    return Piece(row.person, row.source, row.session, direction(mean), spread)


def _evenly(items: Sequence[Any], count: int) -> Sequence[Any]:
    if len(items) <= count:
        return items
    return [items[round(at)] for at in np.linspace(0, len(items) - 1, count)]
