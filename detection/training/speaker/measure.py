"""Scores trials of people never trained on, embedded as the program does it, through channels."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from audio.codecs import MU_LAW, through_codec
from audio.types import CALL_RATE
from detection.metrics import equal_error
from detection.models.manifest import MeasuredSpeakers
from detection.training.countermeasure.clips import Clip, read_sounds
from detection.training.speaker.trials import (
    Sound,
    Stretch,
    Trials,
    all_trials,
    distinct,
    joined,
    stretches,
)
from detection.voice.encoder import SpeakerEncoder, windows_of
from detection.voice.scoring import Embeddings, direction, scores

CHANNELS: dict[str, Callable[[Sound], Sound]] = {
    "clean": lambda sound: sound,
    "g711": partial(through_codec, MU_LAW),
}
CONDITIONS = {"clean": ("clean", "clean"), "g711": ("g711", "g711"), "clean to g711": ("clean", "g711")}
"""The channels of a trial's two sides; the last is a person enrolled from a clean recording."""
SECONDS = (3, 5, 10)
SPREAD_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Recordings:
    """Distinct real clips of people never trained on, and their sound through each of `CHANNELS`."""

    clips: list[Clip]
    sounds: dict[str, list[Sound]]


@dataclass(frozen=True, slots=True)
class Scored:
    """Trials of one length in one condition: normalised scores and plain cosines, each (n,)."""

    name: str
    speakers: int
    trials: Trials
    normalised: NDArray[np.float64]
    cosines: NDArray[np.float64]


def recordings(clips: list[Clip]) -> Recordings:
    """`clips` without second copies of one recording, through every channel."""
    clean = [sound.astype(np.float32) / 32768 for sound in read_sounds(clips)]
    numbers = distinct(clips, clean)
    sounds = {name: [way(clean[n]) for n in numbers] for name, way in CHANNELS.items()}
    return Recordings([clips[n] for n in numbers], sounds)


def voice_of(encoder: SpeakerEncoder, sound: Sound) -> Embeddings:
    """The direction, shape (d,), of the mean over the windows of a sound."""
    return direction(_mean(encoder, sound))


def spreads(encoder: SpeakerEncoder, heard: Recordings, seed: int) -> NDArray[np.float64]:
    """How far the windows of each stretch of `SPREAD_SECONDS` scatter, through every channel.

    1 less the mean resultant length, as the judge reckons it.
    """
    groups = {stretch.clips: stretch for stretch in _stretches(heard, SPREAD_SECONDS, seed)}
    return np.array(
        [
            1 - np.linalg.norm(_mean(encoder, joined(stretch, sounds, SPREAD_SECONDS)))
            for sounds in heard.sounds.values()
            for stretch in groups.values()
        ]
    )


def scored_trials(
    embed: Callable[[Sound], Embeddings],
    cohort: Embeddings | None,
    heard: Recordings,
    seed: int,
    lengths: Iterable[int] = SECONDS,
) -> list[Scored]:
    """All trials of unit vectors by `embed`, shape (d,), of each length (s) in all `CONDITIONS`."""
    found: list[Scored] = []
    for seconds in lengths:
        dealt = _stretches(heard, seconds, seed)
        trials = all_trials(dealt)
        one, other = trials.pairs.T
        voices = {
            channel: _voices(embed, dealt, sounds, seconds) for channel, sounds in heard.sounds.items()
        }
        for name, (left, right) in CONDITIONS.items():
            sides = voices[left], voices[right]
            found.append(
                Scored(
                    f"{seconds} s, {name}",
                    len({stretch.speaker for stretch in dealt}),
                    trials,
                    scores(*sides, cohort)[one, other],
                    scores(*sides, None)[one, other],
                )
            )
    return found


def measured(scored: Scored) -> MeasuredSpeakers:
    """The error rate of the normalised scores."""
    return MeasuredSpeakers(
        eer=round(error_rate(scored.normalised, scored.trials), 4),
        n_speakers=scored.speakers,
        n_target=int(scored.trials.target.sum()),
        n_nontarget=int((~scored.trials.target).sum()),
    )


def cost(encoder: SpeakerEncoder, seconds: int = 60) -> float:
    """Core-seconds per second of speech, windows overlapping as the program's."""
    sound = np.random.default_rng(0).standard_normal(seconds * CALL_RATE, dtype=np.float32) * np.float32(
        0.1
    )
    began = time.process_time()
    _mean(encoder, sound)
    return (time.process_time() - began) / seconds


def error_rate(given: NDArray[np.float64], trials: Trials, same_source: bool = False) -> float:
    """The equal error rate; with `same_source` only other people of one source are impostors."""
    impostors = ~trials.target & (trials.same_source | (not same_source))
    return equal_error(given[trials.target], given[impostors]).rate


def _stretches(heard: Recordings, seconds: float, seed: int) -> list[Stretch]:
    return stretches(heard.clips, [len(sound) for sound in heard.sounds["clean"]], seconds, seed)


def _voices(
    embed: Callable[[Sound], Embeddings], dealt: list[Stretch], sounds: list[Sound], seconds: float
) -> Embeddings:
    embedded: dict[tuple[int, ...], Embeddings] = {}
    for stretch in dealt:
        if stretch.clips not in embedded:
            embedded[stretch.clips] = embed(joined(stretch, sounds, seconds))
    return np.stack([embedded[stretch.clips] for stretch in dealt])


def _mean(encoder: SpeakerEncoder, sound: Sound) -> NDArray[np.float64]:
    windows = windows_of(sound, encoder.manifest.input)
    return encoder.embeddings(windows).mean(axis=0, dtype=np.float64)
