"""Whisper's network (Radford et al. 2022) at a size of our own."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from detection.training.whisper.features import BANDS, WHOLE_WINDOW
from detection.training.whisper.speech import PHONES

POSITIONS = 448
"""Most tokens that Whisper's decoder takes."""


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

    The linear layer `phones` reads phones off the encoder's output in training (guidance.py); it is not
    shipped.
    """

    def __init__(self, size: Size, tokens: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = size
        width = size.width
        self.conv1 = nn.Conv1d(BANDS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
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
        nn.init.normal_(self.embedding.weight, std=0.02)
        nn.init.normal_(self.positions, std=0.01)

    def encode(self, features: Tensor) -> Tensor:
        """What is heard, shape (n, frames / 2, width)."""
        x = functional.gelu(self.conv1(features))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        x = self.dropout(x + self.places[: x.shape[1]])
        for block in self.encoder:
            x, _ = block(x)
        return self.encoder_norm(x)

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


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's position encodings, shape (length, width): sines, then cosines."""
    rates = torch.exp(-torch.log(torch.tensor(10_000.0)) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)
