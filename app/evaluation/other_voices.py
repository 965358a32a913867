"""Other people's real speech from the same manifest, for what an attack mixes in or puts before."""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.errors import EvaluationError
from app.evaluation.hearing import first_seconds, segments
from app.evaluation.manifest import LabelledClip
from audio.errors import AudioError
from audio.types import CALL_RATE, Samples
from detection.vad import SileroVad

_MOST_S = 8.0
_LEAST_S = 1.0
_KEPT = 256
"""Recordings whose speech is kept, at most 512 KB each."""


class OtherVoices:
    """The clips labelled real; the same ones beside a clip in every run."""

    def __init__(self, clips: Sequence[LabelledClip], vad: SileroVad) -> None:
        self._real = [clip for clip in clips if clip.label == "real"]
        self._vad = vad
        self._speech = lru_cache(_KEPT)(self._read)

    def beside(self, clip: LabelledClip, count: int) -> list[Samples]:
        """The first 8 s of speech of up to `count` real clips, none of the clip's own speaker.

        Where speakers are not named, any other recording will do; those with less than 1 s of speech
        and those that cannot be read are passed over. Raises `EvaluationError` where none is left.
        """
        found: list[Samples] = []
        for number in np.random.default_rng(zlib.crc32(clip.path.name.encode())).permutation(
            len(self._real)
        ):
            if len(found) == count:
                break
            other = self._real[number]
            same = other.path == clip.path or (clip.speaker and other.speaker == clip.speaker)
            if not same and len(speech := self._speech(other.path)) >= _LEAST_S * CALL_RATE:
                found.append(speech)
        if not found and count:
            raise EvaluationError(
                f"{clip.path.name} cannot be mixed with another voice: the manifest needs a real "
                "recording of another speaker with at least 1 s of speech."
            )
        return found

    def _read(self, path: Path) -> Samples:
        try:
            heard = [part.samples for part in first_seconds(segments(path, self._vad), _MOST_S)]
        except AudioError:
            return np.zeros(0, np.float32)
        return np.concatenate([np.zeros(0, np.float32), *heard])
