"""Whisper's network (Radford et al. 2022) at a size of our own."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

from detection.training.whisper.features import BANDS, WHOLE_WINDOW
from detection.training.whisper.speech import PHONES

POSITIONS = 448
"""Most tokens that Whisper's decoder takes."""


NEARBY = ((0, -1, 1, 2), (-2, 2, -4, 4), (-3, 3, -7, 7), (-5, 5, -10, 10))
"""Frames of 20 ms away that the heads of each encoder layer begin by looking."""
_FIRST_RATE = 8
"""Of the position encodings' rates: faster ones turn by too much from one frame to the next."""
_NEARBY_SHARE, _RANDOM_SHARE = 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Size:
    """Width, layers of either half, and heads."""

    width: int = 256
    encoder_layers: int = 4
    decoder_layers: int = 2
    heads: int = 4


class Attention(nn.Module):
    """Multi-head attention to oneself or, with `of_other`, to what the encoder gives."""

    def __init__(self, size: Size, *, of_other: bool = False, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal, self.of_other = size.heads, causal, of_other
        width = size.width
        if of_other:
            self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        else:
            self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, other: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """What is attended to and, of another, the first head's weights, shape (n, m, frames)."""
        if self.of_other:
            query, (key, value) = self.query(x), self.key_value(other).chunk(2, dim=-1)
        else:
            query, key, value = self.query_key_value(x).chunk(3, dim=-1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)
        )
        if self.of_other:
            weights = (query @ key.mT * query.shape[-1] ** -0.5).softmax(-1)
            heard, looks = weights.to(value.dtype) @ value, weights[:, 0]
        else:
            looks = None
            heard = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.out(heard.transpose(1, 2).flatten(2)), looks


class Block(nn.Module):
    """A layer of encoder or decoder: attention and a feed-forward part, each after its norm."""

    def __init__(self, size: Size, *, decoder: bool, dropout: float) -> None:
        super().__init__()
        width = size.width
        self.self_norm, self.self_attention = nn.LayerNorm(width), Attention(size, causal=decoder)
        self.other_norm = nn.LayerNorm(width) if decoder else None
        self.other_attention = Attention(size, of_other=True) if decoder else None
        self.forward_norm = nn.LayerNorm(width)
        self.forward_in, self.forward_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, heard: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """The layer's output and where its first head looks in `heard`."""
        looks = None
        x = x + self.dropout(self.self_attention(self.self_norm(x))[0])
        if self.other_attention is not None and self.other_norm is not None:
            attended, looks = self.other_attention(self.other_norm(x), heard)
            x = x + self.dropout(attended)
        wide = functional.gelu(self.forward_in(self.forward_norm(x)))
        return x + self.dropout(self.forward_out(wide)), looks


class Whisper(nn.Module):
    """Features (n, 80, frames) and tokens (n, m) to logits (n, m, tokens).

    Two things are of use in training only: the linear layer `phones`, which reads phones off what the
    encoder gives (guidance.py), and the norms after the convolutions, which `fused` makes part of them.
    """

    def __init__(self, size: Size, tokens: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = size
        width = size.width
        self.conv1 = nn.Conv1d(BANDS, width, 3, padding=1)
        self.norm1 = nn.BatchNorm1d(width)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.norm2 = nn.BatchNorm1d(width)
        self.register_buffer("places", sinusoids(WHOLE_WINDOW // 2, width), persistent=False)
        self.encoder = nn.ModuleList(
            Block(size, decoder=False, dropout=dropout) for _ in range(size.encoder_layers)
        )
        self.encoder_norm = nn.LayerNorm(width)
        self.embedding = nn.Embedding(tokens, width)
        self.positions = nn.Parameter(torch.zeros(POSITIONS, width))
        self.decoder = nn.ModuleList(
            Block(size, decoder=True, dropout=dropout) for _ in range(size.decoder_layers)
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.phones = nn.Linear(width, len(PHONES))
        self.dropout = nn.Dropout(dropout)
        for layer in range(size.encoder_layers):
            distances = NEARBY[layer % len(NEARBY)][: size.heads]
            attend_nearby(self.encoder[layer].self_attention.query_key_value, distances)
        nn.init.normal_(self.embedding.weight, std=0.02)
        nn.init.normal_(self.positions, std=0.01)

    def encode(self, features: Tensor) -> Tensor:
        """What is heard, shape (n, frames / 2, width)."""
        x = functional.gelu(self.norm1(self.conv1(features)))
        x = functional.gelu(self.norm2(self.conv2(x))).transpose(1, 2)
        x = self.dropout(x + self.places[: x.shape[1]])
        for block in self.encoder:
            x, _ = block(x)
        return self.encoder_norm(x)

    def fused(self) -> "Whisper":
        """Itself as it hears from now on, with Whisper's own layers alone."""
        self.eval()
        for number in (1, 2):
            convolution, norm = getattr(self, f"conv{number}"), getattr(self, f"norm{number}")
            if isinstance(norm, nn.BatchNorm1d):
                setattr(self, f"conv{number}", fuse_conv_bn_eval(convolution, norm))
                setattr(self, f"norm{number}", nn.Identity())
        return self

    def decode(self, tokens: Tensor, heard: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits of the token after each of `tokens`, and where each layer's first head looks."""
        looks = []
        x = self.dropout(self.embedding(tokens) + self.positions[: tokens.shape[1]])
        for block in self.decoder:
            x, weights = block(x, heard)
            looks.append(weights)
        return self.decoder_norm(x) @ self.embedding.weight.T, looks

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        return self.decode(tokens, self.encode(features))[0]


def attend_nearby(projection: nn.Linear, distances: Sequence[int]) -> None:
    """Have each head begin by looking as many frames away as `distances` says.

    Queries and keys are made of the position encodings' sines and cosines, turned by the distance, so
    that attention begins as a convolution does (as in Trockman and Kolter 2023); the rest stays random.
    """
    width = projection.in_features
    pairs = width // len(distances) // 2
    rates = _rates(width)[_FIRST_RATE : _FIRST_RATE + pairs]
    sines = torch.arange(_FIRST_RATE, _FIRST_RATE + pairs)
    cosines = sines + width // 2
    with torch.no_grad():
        weights = projection.weight
        weights[: 2 * width] *= _RANDOM_SHARE
        for head, distance in enumerate(distances):
            queries = 2 * pairs * head + 2 * torch.arange(pairs)
            keys = width + queries
            turn = rates * distance
            weights[keys, sines] += _NEARBY_SHARE
            weights[keys + 1, cosines] += _NEARBY_SHARE
            weights[queries, sines] += _NEARBY_SHARE * turn.cos()
            weights[queries, cosines] += _NEARBY_SHARE * turn.sin()
            weights[queries + 1, cosines] += _NEARBY_SHARE * turn.cos()
            weights[queries + 1, sines] -= _NEARBY_SHARE * turn.sin()


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's position encodings, shape (length, width): sines, then cosines."""
    angles = torch.arange(length)[:, None] * _rates(width)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _rates(width: int) -> Tensor:
    return torch.exp(-torch.log(torch.tensor(10_000.0)) / (width // 2 - 1) * torch.arange(width // 2))
