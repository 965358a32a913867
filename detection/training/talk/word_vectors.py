"""Vectors of a turn's word pieces, for the network that reads talk: looked up, or of a tuned encoder."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from detection.text.embedding import ENCODED_AROUND, load_static_encoder
from detection.training.minilm import WIDTH
from detection.training.text_encoder import TunedEncoder

LONGEST = 80
"""Word pieces of a turn that are read."""
_KEPT_TEXTS = 400_000


class WordVectors(nn.Module):
    """Word pieces of normalised text, and a vector for each."""

    dimensions: int

    def pieces(self, text: str) -> list[int]:
        """At least one; of more than `LONGEST` the last."""
        raise NotImplementedError

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Vectors (n, pieces, dimensions) for ids and mask (0 or 1), each (n, pieces)."""
        raise NotImplementedError


class StaticVectors(WordVectors):
    """The distilled vectors, as they are."""

    def __init__(self, tokenizer: Path, table: Path) -> None:
        super().__init__()
        encoder = load_static_encoder(tokenizer, table)
        self.dimensions = encoder.dimensions
        self.table = nn.Embedding.from_pretrained(torch.from_numpy(np.array(encoder.table)))
        self.pieces = lru_cache(_KEPT_TEXTS)(lambda text: encoder.pieces(text)[-LONGEST:] or [0])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.table(ids) * mask[..., None]


class TunedVectors(WordVectors):
    """What an encoder's last layer makes of them; it learns with the network."""

    dimensions = WIDTH

    def __init__(self, encoder: TunedEncoder, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.encoder = encoder
        first, last = (tokenizer.token_to_id(name) for name in ENCODED_AROUND)

        def pieces(text: str) -> list[int]:
            return [first, *tokenizer.encode(text, add_special_tokens=False).ids[-LONGEST:], last]

        self.pieces = lru_cache(_KEPT_TEXTS)(pieces)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            vectors = self.encoder(ids, torch.zeros_like(ids), mask)
        return vectors.float()
