"""Training batches: clips of like length, some joined, some in Whisper's whole window, some silent."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from audio.types import CALL_RATE
from detection.training.whisper.corpus import Corpus
from detection.training.whisper.examples import Example, silent_example, spoken_example
from detection.training.whisper.features import FRAMES_PER_SECOND, WHOLE_WINDOW, padded
from detection.training.whisper.guidance import IGNORED
from detection.training.whisper.tokenizer import Tokens

SECONDS = 72.0
"""Of sound in a batch, padding counted."""
MOST = 32
JOINED, LONGER, WHOLE = 0.2, 0.15, 0.06
"""Share of batches with several clips an example, with more padding than needed, and with 30 s."""
MOST_JOINED = 4
LONGEST_JOINED_S = 14.0
SILENT = 0.07
BACKGROUND = 5
"""Clips that may talk in the background of one example."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Features (n, 80, frames), tokens and targets (n, tokens), phones and words' frames to look at.

    `phones` (n, frames / 2) holds a phone's number or `IGNORED`; `look_at` (n, tokens, 2) the
    first frame and the one after the last, both 0 where it is not known.
    """

    features: Tensor
    tokens: Tensor
    targets: Tensor
    phones: Tensor
    look_at: Tensor


class Batches(Dataset[Batch]):
    """Batch n is a function of (seed, n) alone, so a resumed run sees what an unbroken one would."""

    def __init__(self, corpus: Corpus, tokens: Tokens, seed: int) -> None:
        self.corpus, self.tokens, self.seed = corpus, tokens, seed

    def __getitem__(self, number: int) -> Batch:
        """One batch, made anew."""
        rng = np.random.default_rng([self.seed, number])
        kind = rng.random()
        frames = 0
        if kind < WHOLE:
            frames = WHOLE_WINDOW
        elif kind < WHOLE + LONGER:
            frames = int(rng.integers(200, 1500))
        groups = self._groups(rng, joined=rng.random() < JOINED, frames=frames)
        examples = [self._example(group, rng) for group in groups]
        return _stacked(examples, frames, self.tokens.end)

    def _groups(self, rng: np.random.Generator, *, joined: bool, frames: int) -> list[NDArray[np.int64]]:
        """Numbers of the clips of each example: neighbours in length among four times as many."""
        drawn = rng.integers(0, len(self.corpus), 4 * MOST)
        if joined:
            groups = [self._with_more(first, rng) for first in drawn]
        else:
            groups = [np.array([number]) for number in drawn]
        lengths = np.array([self.corpus.lengths[group].sum() / CALL_RATE for group in groups])
        order = np.argsort(lengths)
        last = int(rng.integers(1, len(order) + 1))
        longest = max(lengths[order[last - 1]] + 1.0, frames / FRAMES_PER_SECOND)
        size = int(np.clip(SECONDS / longest, 2, MOST))
        return [groups[number] for number in order[max(0, last - size) : last]]

    def _with_more(self, first: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """The clip and up to three more of its voice, 14 s at most."""
        same = self.corpus.of_voice[self.corpus[first].voice]
        more = rng.choice(same, int(rng.integers(1, MOST_JOINED)))
        group = np.array([first, *more])
        fits = np.cumsum(self.corpus.lengths[group]) <= LONGEST_JOINED_S * CALL_RATE
        return group[: max(1, int(fits.sum()))]

    def _example(self, group: NDArray[np.int64], rng: np.random.Generator) -> Example:
        if rng.random() < SILENT:
            return silent_example(self.corpus.lengths[group].sum() / CALL_RATE + 0.5, self.tokens, rng)
        others = rng.integers(0, len(self.corpus), BACKGROUND)
        return spoken_example(
            [self.corpus[int(number)] for number in group],
            [self.corpus.sound(int(number)) for number in others],
            [self.corpus[int(number)].text for number in others[:2]],
            self.tokens,
            rng,
        )


def _stacked(examples: list[Example], frames: int, end: int) -> Batch:
    longest = max(len(example.tokens) for example in examples)
    tokens = torch.full((len(examples), longest), end)
    targets = torch.full((len(examples), longest), IGNORED)
    features = padded([example.features for example in examples], frames)
    phones = torch.full((len(examples), features.shape[-1] // 2), IGNORED)
    look_at = torch.zeros(len(examples), longest, 2, dtype=torch.long)
    for row, example in enumerate(examples):
        phones[row, : len(example.phones)] = torch.from_numpy(example.phones)
        look_at[row, : len(example.spans)] = torch.tensor([span or (0, 0) for span in example.spans])
        tokens[row, : len(example.tokens)] = torch.tensor(example.tokens)
        targets[row, : len(example.targets)] = torch.tensor(example.targets)
    return Batch(torch.from_numpy(features), tokens, targets, phones, look_at)
