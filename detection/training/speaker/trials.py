"""Same person or not? Pairs of stretches of speech of one length, and how often a score errs on them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.clips import RATE, Clip

SHUFFLES = 5
"""How many ways a person's clips are dealt into stretches."""
SAME_RECORDING = 0.6
"""Correlation of two waveforms above which they are copies of one recording."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Clips of one person joined and cut to one length; `shuffle` says in which dealing."""

    speaker: str
    sources: frozenset[str]
    clips: tuple[int, ...]
    shuffle: int


@dataclass(frozen=True, slots=True)
class Trials:
    """Pairs of stretches by number, shape (n, 2); whether both are one person's, and share a source."""

    pairs: NDArray[np.int64]
    target: NDArray[np.bool_]
    same_source: NDArray[np.bool_]


def distinct(clips: list[Clip], sounds: list[Sound]) -> list[int]:
    """Numbers of the clips that are not copies of an earlier clip of the same person."""
    kept: list[int] = []
    by_speaker: dict[str, list[int]] = defaultdict(list)
    for n, clip in enumerate(clips):
        if not any(correlation(sounds[n], sounds[m]) > SAME_RECORDING for m in by_speaker[clip.speaker]):
            kept.append(n)
            by_speaker[clip.speaker].append(n)
    return kept


def correlation(one: Sound, other: Sound) -> float:
    """The largest normalised cross-correlation of two sounds at any lag (0-1)."""
    size = 1 << (len(one) + len(other)).bit_length()
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    energy = float(np.linalg.norm(one)) * float(np.linalg.norm(other)) + 1e-9
    return float(np.abs(np.fft.irfft(product, size)).max()) / energy


def stretches(clips: list[Clip], lengths: list[int], seconds: float, seed: int) -> list[Stretch]:
    """Stretches of `seconds` out of whole fresh clips; no clip is in two stretches of one shuffle.

    `lengths` are the clips' lengths in samples.
    """
    people: dict[str, list[int]] = defaultdict(list)
    for n, clip in enumerate(clips):
        people[clip.speaker].append(n)
    found = set[Stretch]()
    for shuffle in range(SHUFFLES):
        rng = np.random.default_rng([seed, shuffle])
        for speaker, numbers in sorted(people.items()):
            for group in _dealt(rng.permutation(numbers).tolist(), lengths, seconds):
                sources = frozenset(clips[n].source for n in group)
                found.add(Stretch(speaker, sources, group, shuffle))
    return sorted(found, key=lambda stretch: (stretch.shuffle, stretch.speaker, stretch.clips))


def _dealt(numbers: list[int], lengths: list[int], seconds: float) -> Iterator[tuple[int, ...]]:
    group: list[int] = []
    for n in numbers:
        group.append(n)
        if sum(lengths[m] for m in group) >= seconds * RATE:
            yield tuple(group)
            group = []


def joined(stretch: Stretch, sounds: list[Sound], seconds: float) -> Sound:
    """The sound of a stretch, `seconds` long."""
    return np.concatenate([sounds[n] for n in stretch.clips])[: round(seconds * RATE)]


def all_trials(found: list[Stretch]) -> Trials:
    """Every pair of stretches within a shuffle."""
    shuffles = np.array([stretch.shuffle for stretch in found])
    speakers = np.array([stretch.speaker for stretch in found])
    every = sorted(set[str]().union(*(stretch.sources for stretch in found)))
    sources = np.array([[source in stretch.sources for source in every] for stretch in found])
    one, other = np.triu_indices(len(found), 1)
    within = shuffles[one] == shuffles[other]
    one, other = one[within], other[within]
    return Trials(
        np.stack([one, other], axis=1),
        speakers[one] == speakers[other],
        (sources[one] & sources[other]).any(axis=1),
    )
