"""Training batches: half real, half synthetic, each clip one of the ways it was sent."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.clips import DEBIAN_SOURCE, RATE, Clip
from detection.training.countermeasure.residual.network import REAL_INDEX, SYNTHETIC_INDEX
from detection.training.countermeasure.residual.rendered import WAYS, Rendered

DEBIAN_SHARE = 0.12
"""Of the synthetic half; the rest are the recorded systems."""
LENGTHS_S = (1.5, 2.0, 2.5, 3.0, 3.5, 3.5)


@dataclass(frozen=True, slots=True)
class Pool:
    """Clips of one class with the chance of each to be drawn."""

    numbers: NDArray[np.int64]
    chances: NDArray[np.float64]

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.choice(self.numbers, count, p=self.chances)


def pool_of(clips: Sequence[Clip], numbers: Sequence[int], synthetic: bool) -> Pool:
    """Of the clips with these `numbers` those of one class.

    A clip's chance falls with the root of its source's size; Debian's voices have a fixed share.
    """
    members = np.array([number for number in numbers if clips[number].synthetic == synthetic])
    sources = [clips[number].source for number in members]
    sizes = Counter(sources)
    chances = np.array([sizes[source] ** -0.5 for source in sources])
    added = np.array([source == DEBIAN_SOURCE for source in sources])
    if added.any():
        chances[added] = DEBIAN_SHARE / added.sum()
        chances[~added] *= (1 - DEBIAN_SHARE) / chances[~added].sum()
    return Pool(members, chances / chances.sum())


class Batches:
    """Batch n is a function of (seed, n) alone, so a resumed run sees what an unbroken one would."""

    def __init__(
        self, clips: Sequence[Clip], numbers: Sequence[int], rendered: Rendered, size: int, seed: int
    ) -> None:
        self.rendered, self.size, self.seed = rendered, size, seed
        self.pools = [pool_of(clips, numbers, synthetic) for synthetic in (False, True)]

    def batch(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Samples (size, n), 1.5 to 3.5 s and all of one length, and class indexes (size,)."""
        rng = np.random.default_rng([self.seed, number])
        length = int(rng.choice(LENGTHS_S) * RATE)
        half = self.size // 2
        chosen = np.concatenate([pool.draw(half, rng) for pool in self.pools])
        windows = []
        for clip in chosen:
            way = self.rendered[clip, rng.integers(WAYS)]
            start = int(rng.integers(0, len(way) - length + 1))
            windows.append(way[start : start + length])
        labels = np.repeat([REAL_INDEX, SYNTHETIC_INDEX], half)
        return np.stack(windows).astype(np.float32) / 32768, labels
