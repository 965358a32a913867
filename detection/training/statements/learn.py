"""Training the network that tells what a turn says of being an AI."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from detection.disclosure.reader import LONGEST_BEFORE, LONGEST_TURN, joined_pieces
from detection.training.minilm import WIDTH
from detection.training.statements.calls import LABELS, Sample
from detection.training.talk.noise import Confusions
from detection.training.text_encoder import TunedEncoder

EPOCHS = 6
_BATCH = 32
_RATE = 1e-4
_HEAD_RATE = 1e-3
_SPOILED = 0.3
"""Share of the turns that are spoiled as a recognizer would."""
_CUT_SHORT = 0.1
"""Share of the turns whose context is not known."""
_CLIP = 1.0
_RARE = 3.0
"""What a label that is there counts, beside one that is not."""


class StatementNetwork(nn.Module):
    """An encoder, and from its vectors of the turn itself the logits of each label."""

    def __init__(self, encoder: TunedEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(0.2)
        self.told = nn.Linear(2 * WIDTH, len(LABELS))

    def forward(self, ids: Tensor, sides: Tensor, own: Tensor, mask: Tensor) -> Tensor:
        """Logits (n, labels); `own` is 1 at the pieces of the turn itself, each (n, pieces)."""
        x = self.encoder(ids, sides, mask)
        own = own[..., None]
        mean = (x * own).sum(1) / own.sum(1).clamp_min(1)
        return self.told(self.drop(torch.cat([x[:, 0], mean], 1)))


def train(
    network: StatementNetwork,
    tokenizer: Tokenizer,
    samples: Sequence[Sample],
    confusions: Confusions,
    seed: int,
    epochs: int = EPOCHS,
) -> None:
    """Fit `network` to `samples`."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    parts = [
        {"params": network.encoder.parameters(), "lr": _RATE, "weight_decay": 0.01},
        {"params": network.told.parameters(), "lr": _HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(parts)
    steps = epochs * -(-len(samples) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [_RATE, _HEAD_RATE], total_steps=steps + 1, pct_start=0.1
    )
    network.train()
    for epoch in range(epochs):
        losses = []
        for indexes in _by_length(samples, rng):
            varied = [_varied(samples[index], rng, confusions) for index in indexes]
            goal = torch.tensor([[float(label in one.labels) for label in LABELS] for one in varied])
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(*_batch(varied, tokenizer)).float()
            known = torch.tensor([[label not in one.unknown for label in LABELS] for one in varied])
            weight = torch.where(goal > 0, _RARE, 1.0) * known
            loss = functional.binary_cross_entropy_with_logits(logits, goal, weight)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}", flush=True)
    network.eval()


def _batch(samples: Sequence[Sample], tokenizer: Tokenizer) -> tuple[Tensor, ...]:
    rows = [
        joined_pieces(
            tokenizer,
            " ".join(one.before[-LONGEST_BEFORE:]),
            " ".join(one.words[-LONGEST_TURN:]),
            is_subject=one.is_subject,
        )
        for one in samples
    ]
    longest = max(len(ids) for ids, _, _ in rows)
    out = [torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(2)]
    own, mask = (torch.zeros(len(rows), longest) for _ in range(2))
    for number, (ids, sides, mine) in enumerate(rows):
        out[0][number, : len(ids)] = torch.tensor(ids)
        out[1][number, : len(ids)] = torch.tensor(sides)
        own[number, : len(ids)] = torch.tensor(mine, dtype=torch.float32)
        mask[number, : len(ids)] = 1
    return (*out, own, mask)


def _varied(sample: Sample, rng: np.random.Generator, confusions: Confusions) -> Sample:
    """The turn as it might have been heard another time."""
    before = () if rng.random() < _CUT_SHORT else sample.before
    words = sample.words
    if rng.random() < _SPOILED:
        share = rng.uniform(0.1, 0.7)
        before, words = (confusions.spoil(part, rng, share) for part in (before, words))
    return replace(sample, before=tuple(before), words=tuple(words))


def _by_length(samples: Sequence[Sample], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    lengths = np.array([len(one.words) + len(one.before) for one in samples])
    order = np.argsort(lengths + rng.uniform(0, 10, len(samples)))
    batches = [order[first : first + _BATCH] for first in range(0, len(order), _BATCH)]
    return [batches[index] for index in rng.permutation(len(batches))]
