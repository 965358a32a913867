"""`earwitness evaluate transcript`: the recognizer on recordings with their text."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from app.evaluation.bootstrap import Bootstrap
from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound, speech_in
from app.evaluation.keywords import Keywords, recall
from app.evaluation.manifest import LabelledClip, read_manifest
from app.evaluation.written_calls import Track
from audio.errors import AudioError
from detection.transcribe.transcriber import Transcriber
from detection.types import Segment, Utterance
from detection.vad import SileroVad
from detection.vishing.pack import TacticsPack


@dataclass(frozen=True, slots=True)
class _Heard:
    """One recording under one condition; texts normalised, text that was rejected left out."""

    group: str
    reference: str
    hypothesis: str
    said: Counter[str]
    understood: Counter[str]
    segments: int
    rejected: int


@dataclass(frozen=True, slots=True)
class _Errors:
    words: int
    substituted: int
    deleted: int
    inserted: int

    @property
    def total(self) -> int:
        return self.substituted + self.deleted + self.inserted


def evaluate_transcript(
    manifest: Path,
    transcriber: Transcriber,
    pack: TacticsPack,
    vad: SileroVad,
    track: Track = iter,
    *,
    through: Sequence[str] = (),
) -> dict[str, Any]:
    """Word error rates and keyword recall in all and by condition; keys in docs/evaluation.md.

    Every recording goes through each of `through` (names of `CHANNELS`; none: as it is). Raises
    `EvaluationError` for a manifest that cannot be used; a recording that cannot be read is listed
    under `failed` and left out.
    """
    keywords = Keywords(pack)
    heard: defaultdict[str, list[_Heard]] = defaultdict(list)
    failed = []
    for clip in track(read_manifest(manifest, "text")):
        try:
            for condition, speech in _arrivals(clip, vad, through):
                heard[condition].append(_hear(clip, speech, transcriber, keywords))
        except AudioError as error:
            failed.append({"path": str(clip.path), "error": str(error)})
    return {
        "engine": {"id": transcriber.engine.id, "revision": transcriber.engine.revision},
        "wer": _wer([_errors(one) for group in heard.values() for one in group]),
        "conditions": {name: _figures(group) for name, group in heard.items()},
        "failed": failed,
    }


def _arrivals(
    clip: LabelledClip, vad: SileroVad, through: Sequence[str]
) -> Iterator[tuple[str, list[Segment]]]:
    """The name of each condition and the speech that arrives under it. Raises `AudioError`."""
    sound = read_sound(clip.path)
    if not through:
        yield clip.condition, speech_in(sound, vad)
    for name in through:
        condition = name if clip.condition == "clean" else f"{clip.condition}/{name}"
        yield condition, speech_in(CHANNELS[name](sound), vad)


def _hear(
    clip: LabelledClip, speech: Sequence[Segment], transcriber: Transcriber, keywords: Keywords
) -> _Heard:
    transcriber.begin_call()
    results = [transcriber.transcribe(segment) for segment in speech]
    text = " ".join(result.text for result in results if isinstance(result, Utterance))
    return _Heard(
        clip.speaker or str(clip.path),
        _normal(clip.label),
        _normal(text),
        keywords.mentions(clip.label),
        keywords.mentions(text),
        len(results),
        sum(not isinstance(result, Utterance) for result in results),
    )


def _figures(group: Sequence[_Heard]) -> dict[str, Any]:
    errors = [_errors(one) for one in group]
    words = np.array([one.words for one in errors])
    segments = sum(one.segments for one in group)
    spoken = words > 0
    counted = np.where(spoken, [one.total for one in errors], 0)
    return {
        "wer": _wer(errors),
        "interval": Bootstrap([one.group for one in group]).ratio(counted, words),
        "n": len(group),
        "n_words": int(words.sum()),
        "n_substituted": sum(one.substituted for one in errors if one.words),
        "n_deleted": sum(one.deleted for one in errors if one.words),
        "n_inserted": sum(one.inserted for one in errors if one.words),
        "n_invented": sum(one.inserted for one in errors if not one.words),
        "rejected_rate": sum(one.rejected for one in group) / segments if segments else None,
        "keywords": recall((one.said, one.understood) for one in group),
    }


def _wer(errors: Sequence[_Errors]) -> float | None:
    """Errors by words said; what is heard where the text has no words counts as invented instead."""
    words = sum(one.words for one in errors)
    return sum(one.total for one in errors if one.words) / words if words else None


def _errors(one: _Heard) -> _Errors:
    import jiwer

    if not one.reference:
        return _Errors(0, 0, 0, len(one.hypothesis.split()))
    found = jiwer.process_words(one.reference, one.hypothesis)
    return _Errors(len(one.reference.split()), found.substitutions, found.deletions, found.insertions)


@cache
def _normaliser() -> Callable[[str], str]:
    from whisper_normalizer.english import EnglishTextNormalizer

    return EnglishTextNormalizer()


def _normal(text: str) -> str:
    """As the public leaderboards do (Radford et al. 2022, appendix C)."""
    return _normaliser()(text)
