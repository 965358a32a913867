"""Training batches: half real, half synthetic, each clip sent a random way."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from detection.training.countermeasure.channels import sent_window
from detection.training.countermeasure.clips import RATE, Clip
from detection.training.countermeasure.network import REAL_INDEX, SYNTHETIC_INDEX
from detection.training.countermeasure.prepare import COPIES_SOURCE, DEBIAN_SOURCE

SHARES = {COPIES_SOURCE: 0.22, DEBIAN_SOURCE: 0.12}
"""Of the synthetic half; the rest are the recorded systems."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Clips of one class with the chance of each to be drawn."""

    numbers: NDArray[np.int64]
    chances: NDArray[np.float64]

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.choice(self.numbers, count, p=self.chances)


def pool_of(clips: list[Clip], synthetic: bool) -> Pool:
    """A clip's chance falls with the root of its source's size; added speech has its fixed share."""
    numbers = np.array([n for n, clip in enumerate(clips) if clip.synthetic == synthetic])
    sizes = Counter(clips[n].source for n in numbers)
    chances = np.array([sizes[clips[n].source] ** -0.5 for n in numbers])
    recorded = np.array([clips[n].source not in SHARES for n in numbers])
    for source, share in SHARES.items() if synthetic else ():
        members = np.array([clips[n].source == source for n in numbers])
        chances[members] = share / members.sum()
    chances[recorded] *= (1 - sum(SHARES.values()) * synthetic) / chances[recorded].sum()
    return Pool(numbers, chances / chances.sum())


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """Batch n is a function of (seed, n) alone, so a resumed run sees what an unbroken one would."""

    def __init__(self, clips: list[Clip], sounds: list[NDArray[np.int16]], size: int, seed: int) -> None:
        self.clips, self.sounds, self.size, self.seed = clips, sounds, size, seed
        self.real, self.synthetic = pool_of(clips, False), pool_of(clips, True)
        self.others = [sounds[n] for n in self.real.numbers]

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Samples (size, n) of 1.5 to 4 s, the same length within a batch, and class indexes (size,)."""
        rng = np.random.default_rng([self.seed, number])
        length = int(rng.choice([1.5, 2.0, 2.5, 3.0, 3.5, 3.5, 4.0]) * RATE)
        half = self.size // 2
        chosen = np.concatenate([self.real.draw(half, rng), self.synthetic.draw(half, rng)])
        sounds = np.stack([sent_window(self.sounds[n], length, rng, self.others) for n in chosen])
        labels = np.repeat([REAL_INDEX, SYNTHETIC_INDEX], half)
        return torch.from_numpy(sounds), torch.from_numpy(labels)
