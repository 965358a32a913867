"""A channel in equal blocks on one grid, each with what the watches of a call need to know of it."""

from dataclasses import dataclass

import numpy as np

from audio.levels import longest_run, rms_dbfs
from audio.types import CALL_RATE, AudioChunk, AudioGap, Samples

BLOCK = CALL_RATE // 10
"""Samples (`CALL_RATE`) per block."""
BLOCKS_PER_S = CALL_RATE // BLOCK

_SILENT = 2e-6
"""Peak to peak: what a resampler leaves of digital silence is smaller, what 24 bits can hold is not."""
_CLIPPED = 0.97
"""The loudest that G.711 holds is 0.98; a resampler's ripple on a flat top is smaller than the rest."""
_CLIPPED_RUN = 3


@dataclass(frozen=True, slots=True)
class Block:
    """`BLOCK` samples from index `start`, at `CALL_RATE`."""

    start: int
    samples: Samples
    has_speech: bool
    is_silent: bool
    """No sound at all, as no microphone or telephone line gives it: zeros, or one constant value."""
    level_dbfs: float
    is_clipped: bool
    """Has flat tops at full scale."""

    @property
    def end(self) -> int:
        """Index one past the last sample."""
        return self.start + BLOCK


class Blocks:
    """Cuts one channel into blocks that begin at multiples of `BLOCK`."""

    def __init__(self) -> None:
        self._next = 0
        self._rest: list[Samples] = []
        self._has_speech = False

    def push(self, sound: AudioChunk | AudioGap, *, has_speech: bool = False) -> list[Block]:
        """The blocks that are full with `sound`, at `CALL_RATE`; one that a gap breaks is left out."""
        if isinstance(sound, AudioGap):
            self._restart(sound.end)
            return []
        if sound.start != self._next:
            self._restart(sound.start)
        self._next = sound.end
        self._has_speech |= has_speech
        self._rest.append(sound.samples)
        first = sound.end - sum(map(len, self._rest))
        begin = -(-first // BLOCK) * BLOCK
        if sound.end - begin < BLOCK:
            return []
        samples = np.concatenate(self._rest)[begin - first :]
        whole = len(samples) // BLOCK * BLOCK
        said, self._has_speech = self._has_speech, False
        self._rest = [samples[whole:]]
        return [_block(begin + at, samples[at : at + BLOCK], said) for at in range(0, whole, BLOCK)]

    def _restart(self, start: int) -> None:
        self._next = start
        self._rest = []
        self._has_speech = False


def _block(start: int, samples: Samples, has_speech: bool) -> Block:
    low, high = float(samples.min()), float(samples.max())
    return Block(
        start,
        samples,
        has_speech,
        is_silent=high - low <= _SILENT,
        level_dbfs=rms_dbfs(samples),
        is_clipped=max(high, -low) >= _CLIPPED and _has_flat_top(samples),
    )


def _has_flat_top(samples: Samples) -> bool:
    return any(longest_run(side >= _CLIPPED) >= _CLIPPED_RUN for side in (samples, -samples))
