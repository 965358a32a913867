"""Training batches: a piece of a clip sent a random way, the target of the clean clip, its class."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from detection.training.countermeasure.channels import sent_window
from detection.training.countermeasure.clips import RATE
from detection.training.speaker.prepare import Prepared
from detection.training.speaker.voices import COPIES

LENGTHS_S = (2.0, 2.5, 3.0)

Batch = tuple[Tensor, Tensor, Tensor]


class Batches(Dataset[Batch]):
    """Batch n is a function of (seed, n) alone, so a resumed run sees what an unbroken one would."""

    def __init__(self, prepared: Prepared, size: int, seed: int) -> None:
        self.prepared, self.size, self.seed = prepared, size, seed
        chances = np.bincount(prepared.voices)[prepared.voices] ** -0.5
        self.chances = chances / chances.sum()
        self.others = [prepared.sound(n) for n in range(0, len(chances), COPIES + 1)]

    def __getitem__(self, number: int) -> Batch:
        """Samples (size, n) of 2 to 3 s, targets (size, 192) and classes (size,)."""
        rng = np.random.default_rng([self.seed, number])
        length = int(rng.choice(LENGTHS_S) * RATE)
        chosen = rng.choice(len(self.chances), self.size, replace=False, p=self.chances)
        samples = np.stack(
            [sent_window(self.prepared.sound(n), length, rng, self.others) for n in chosen]
        )
        return (
            torch.from_numpy(samples),
            torch.from_numpy(self.prepared.targets[chosen]),
            torch.from_numpy(self.prepared.classes[chosen]),
        )
