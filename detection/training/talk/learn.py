"""Training on written calls: what each turn shows, and what the call is, by the worst of its turns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from detection.training.talk.calls import LABELS, Call, Turn
from detection.training.talk.network import TalkNetwork
from detection.training.talk.noise import Confusions
from detection.training.talk.word_vectors import WordVectors

_SHARPNESS = 2.0
_CLIP = 1.0
_GROUP = 64


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained."""

    epochs: int = 18
    batch: int = 24
    rate: float = 2e-3
    decay: float = 0.1
    words_rate: float = 0.0
    """Of the word vectors themselves; 0 leaves them as they are."""
    tactics_weight: float = 1.0
    spoiled: float = 0.3
    """Share of the calls that are spoiled as a recognizer would."""
    begun_late: float = 0.2
    """Share of the calls whose first turns are left out."""
    found_kept: float = 0.6
    """Share of what the phrases found that the network gets to see."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Turns of about the same length: their places in the batch, word pieces (n, pieces) and mask."""

    places: Tensor
    ids: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class _Batch:
    """Calls side by side, shape (calls, turns, ...), padded at the end."""

    groups: list[_Group]
    speaker: Tensor
    found: Tensor
    labels: Tensor
    turns: Tensor
    """1 where there is a turn."""
    before_harm: Tensor
    con: Tensor
    known: Tensor


class Learner:
    """Trains networks on calls, over word vectors that may learn with them."""

    def __init__(self, words: WordVectors, confusions: Confusions | None) -> None:
        self._words = words
        self._confusions = confusions

    def train(self, calls: Sequence[Call], seed: int, recipe: Recipe) -> TalkNetwork:
        """A network that has seen `calls` `recipe.epochs` times."""
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        network = TalkNetwork(self._words.dimensions, len(LABELS))
        _set_base_rates(network, calls)
        optimiser, rates = self._optimiser(network, recipe)
        steps = recipe.epochs * -(-len(calls) // recipe.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, rates, total_steps=steps + 1, pct_start=0.15
        )
        network.train()
        self._words.train(recipe.words_rate > 0)
        for epoch in range(recipe.epochs):
            losses = []
            for indexes in _by_length(calls, recipe.batch, rng):
                varied = [_varied(calls[index], rng, recipe, self._confusions) for index in indexes]
                loss = _loss(network, self._words, self._batch(varied), recipe)
                optimiser.zero_grad()
                loss.backward()
                for group in optimiser.param_groups:
                    nn.utils.clip_grad_norm_(group["params"], _CLIP)
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
            print(f"epoch {epoch}: loss {np.mean(losses):.3f}", flush=True)
        self._words.eval()
        return network.eval()

    def _optimiser(
        self, network: TalkNetwork, recipe: Recipe
    ) -> tuple[torch.optim.Optimizer, list[float]]:
        parts = [{"params": list(network.parameters()), "weight_decay": recipe.decay}]
        rates = [recipe.rate]
        if recipe.words_rate:
            parts.append({"params": list(self._words.parameters()), "weight_decay": 0.01})
            rates.append(recipe.words_rate)
        return torch.optim.AdamW(parts, recipe.rate), rates

    @torch.no_grad()
    def predict(
        self, networks: Sequence[TalkNetwork], calls: Sequence[Call]
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """For each call: probabilities (turns, labels) and logits (turns,), means over `networks`."""
        told = []
        for call in calls:
            batch = self._batch([call])
            outputs = [_read(network, self._words, batch) for network in networks]
            tactics = torch.stack([torch.sigmoid(one) for one, _ in outputs]).mean(0)[0]
            logits = torch.stack([one for _, one in outputs]).mean(0)[0]
            told.append((tactics.numpy(), logits.numpy()))
        return told

    def _batch(self, calls: Sequence[Call]) -> _Batch:
        most = max(len(call.turns) for call in calls)
        speaker, turns, before_harm = (torch.zeros(len(calls), most) for _ in range(3))
        found, labels = (torch.zeros(len(calls), most, len(LABELS)) for _ in range(2))
        rows: list[tuple[int, list[int]]] = []
        for number, call in enumerate(calls):
            before_harm[number, : call.until] = 1
            for at, turn in enumerate(call.turns):
                rows.append((number * most + at, self._words.pieces(turn.text)))
                turns[number, at] = 1
                speaker[number, at] = turn.is_caller
                found[number, at] = _hot(turn.found)
                labels[number, at] = _hot(turn.labels)
        con = torch.tensor([float(bool(call.is_con)) for call in calls])
        known = torch.tensor([float(call.is_con is not None) for call in calls])
        return _Batch(_groups(rows), speaker[..., None], found, labels, turns, before_harm, con, known)


def _groups(rows: list[tuple[int, list[int]]]) -> list[_Group]:
    rows = sorted(rows, key=lambda row: len(row[1]))
    groups = []
    for first in range(0, len(rows), _GROUP):
        part = rows[first : first + _GROUP]
        longest = len(part[-1][1])
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        mask = torch.zeros(len(part), longest)
        for number, (_, row) in enumerate(part):
            ids[number, : len(row)] = torch.tensor(row)
            mask[number, : len(row)] = 1
        groups.append(_Group(torch.tensor([place for place, _ in part]), ids, mask))
    return groups


def _read(network: TalkNetwork, words: WordVectors, batch: _Batch) -> tuple[Tensor, Tensor]:
    """Logits of the tactics (calls, turns, labels) and of a con (calls, turns)."""
    calls, turns = batch.turns.shape
    speaker = batch.speaker.flatten(0, 1)
    read = [
        network.turn(words(part.ids, part.mask), part.mask, speaker[part.places])
        for part in batch.groups
    ]
    rows = torch.zeros(calls * turns, read[0].shape[1])
    rows = rows.index_copy(0, torch.cat([part.places for part in batch.groups]), torch.cat(read))
    rows = rows.view(calls, turns, -1)
    state = torch.zeros(calls, network.state_size)
    tactics, cons = [], []
    for at in range(turns):
        told, con, state = network.step(rows[:, at], batch.speaker[:, at], batch.found[:, at], state)
        tactics.append(told)
        cons.append(con[:, 0])
    return torch.stack(tactics, 1), torch.stack(cons, 1)


def _loss(network: TalkNetwork, words: WordVectors, batch: _Batch, recipe: Recipe) -> Tensor:
    """Of the tactics, over turns; of the call, by the highest of its turns before the harm."""
    tactics, cons = _read(network, words, batch)
    by_turn = functional.binary_cross_entropy_with_logits(tactics, batch.labels, reduction="none")
    is_labelled = batch.turns * (batch.known[:, None] + (1 - batch.known[:, None]) * _last(batch.turns))
    shown = (by_turn.sum(-1) * is_labelled).sum() / is_labelled.sum()
    seen = torch.where(batch.before_harm > 0, cons, torch.full_like(cons, -1e4))
    highest = torch.logsumexp(_SHARPNESS * seen, 1) / _SHARPNESS
    last = cons.gather(1, batch.before_harm.sum(1).long()[:, None] - 1)[:, 0]
    wrong = functional.binary_cross_entropy_with_logits(highest, batch.con, reduction="none")
    wrong_at_end = functional.binary_cross_entropy_with_logits(last, batch.con, reduction="none")
    share = batch.known.sum().clamp_min(1)
    call = ((wrong + 0.3 * wrong_at_end) * batch.known).sum() / share
    return recipe.tactics_weight * shown + call


def _last(turns: Tensor) -> Tensor:
    """1 at the last turn of each call."""
    following = functional.pad(turns[:, 1:], (0, 1))
    return turns * (1 - following)


def _varied(call: Call, rng: np.random.Generator, recipe: Recipe, confusions: Confusions | None) -> Call:
    """The call as it might have been heard another time: spoiled, begun late, phrases missed."""
    share = rng.uniform(0.1, 0.8) if confusions and rng.random() < recipe.spoiled else 0.0
    turns = tuple(
        Turn(
            confusions.spoil(turn.words, rng, share) if confusions and share else turn.words,
            turn.is_caller,
            turn.labels,
            frozenset(label for label in turn.found if rng.random() < recipe.found_kept),
        )
        for turn in call.turns
    )
    first = 0
    if call.is_con is not None and rng.random() < recipe.begun_late:
        first = int(rng.integers(0, max(1, min(4, call.until - 3))))
    return Call(call.id, call.family, call.is_con, turns[first:], call.until - first)


def _by_length(calls: Sequence[Call], batch: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Indexes of calls of about the same length, in batches of random order."""
    lengths = np.array([len(call.turns) for call in calls]) + rng.uniform(0, 6, len(calls))
    order = np.argsort(lengths)
    batches = [order[first : first + batch] for first in range(0, len(order), batch)]
    return [batches[index] for index in rng.permutation(len(batches))]


def _set_base_rates(network: TalkNetwork, calls: Sequence[Call]) -> None:
    shares = torch.stack([_hot(turn.labels) for call in calls for turn in call.turns]).mean(0)
    network.tactics.bias.data = torch.logit(shares.clamp(1e-4, 0.5))


def _hot(labels: frozenset[str]) -> Tensor:
    return torch.tensor([float(label in labels) for label in LABELS])
