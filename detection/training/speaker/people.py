"""Whose voice a clip is, who may be learnt from, and who is only ever measured on.

Held-out people are in no part of the training: neither their recordings from any source nor their
synthetic clones. They choose the recipe, calibration and thresholds. The people of the evaluation
split are left out of the training too (but for LJSpeech, the one voice of half the synthesizers) and
are only measured on.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from detection.training.countermeasure.clips import Clip, Part, read_parts

NAMED = ("libri-", "vctk-p", "mls-", "tort-", "cv-", "fsdd-", "celeb-", "vox-", "aishell")
"""Labels that stand for one person each; other labels may share a person."""
NAMED_ALONE = frozenset({"ljspeech", "thorsten"})
ALWAYS_TRAINED = frozenset({"ljspeech"})
MIN_HELD_CLIPS = 2
KEPT_ONE_IN = 5
"""Of the people with at least `MIN_HELD_CLIPS` recordings, one in this many stays in the training."""


@dataclass(frozen=True, slots=True)
class People:
    """Clips by what they are for. `held` and `evaluation` are real recordings of named people."""

    training: list[Clip]
    held: list[Clip]
    evaluation: list[Clip]


def is_named(speaker: str) -> bool:
    """Whether two clips with this label are of one person, and clips with another are not."""
    return speaker.startswith(NAMED) or speaker in NAMED_ALONE


def read_people(data: Path) -> People:
    """The clips of `data`/manifest.csv by what they are for; no person is in two parts."""
    parts = read_parts(data)
    train, evaluation = parts[Part.TRAIN], parts[Part.EVAL]
    recorded = _real_by_speaker(train)
    tested = _real_by_speaker(evaluation).keys() - ALWAYS_TRAINED
    held = {
        speaker
        for speaker, clips in recorded.items()
        if len(clips) >= MIN_HELD_CLIPS
        and speaker not in tested | ALWAYS_TRAINED
        and zlib.crc32(speaker.encode()) % KEPT_ONE_IN
    }
    return People(
        training=[clip for clip in train if clip.speaker not in held | tested],
        held=[clip for clip in train if clip.speaker in held and not clip.synthetic],
        evaluation=[clip for clip in evaluation if clip.speaker in tested and not clip.synthetic],
    )


def _real_by_speaker(clips: Iterable[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if is_named(clip.speaker) and not clip.synthetic:
            found[clip.speaker].append(clip)
    return found
