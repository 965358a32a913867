"""all-MiniLM-L6-v2 as the teacher: its weights from a folder, read without another library."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

WIDTH = 384
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_LONGEST = 256
_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


class MiniLm:
    """Sentences to vectors of length 1, as `sentence-transformers/all-MiniLM-L6-v2` gives them.

    `folder` holds `model.safetensors` and `tokenizer.json`.
    """

    def __init__(self, folder: Path) -> None:
        self.weights = _read_safetensors(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(_LONGEST)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], batch: int = 64) -> NDArray[np.float32]:
        """One row per text, shape (n, 384)."""
        return self.encode_pieces(
            [found.ids for found in self.tokenizer.encode_batch(list(texts))], batch
        )

    @torch.no_grad()
    def encode_pieces(self, pieces: Sequence[Sequence[int]], batch: int = 64) -> NDArray[np.float32]:
        """The same for word pieces that are there already, special ones included."""
        order = np.argsort([len(row) for row in pieces])
        rows = np.zeros((len(pieces), WIDTH), np.float32)
        for first in range(0, len(order), batch):
            part = order[first : first + batch]
            longest = max(len(pieces[index]) for index in part)
            ids = torch.zeros(len(part), longest, dtype=torch.long)
            mask = torch.zeros(len(part), longest)
            for number, index in enumerate(part):
                ids[number, : len(pieces[index])] = torch.tensor(pieces[index])
                mask[number, : len(pieces[index])] = 1
            rows[part] = self._sentence(ids, mask).numpy()
        return rows

    def _sentence(self, ids: Tensor, mask: Tensor) -> Tensor:
        last = self._last_layer(ids, mask)
        inside = mask[..., None]
        return functional.normalize((last * inside).sum(1) / inside.sum(1), dim=1)

    def _last_layer(self, ids: Tensor, mask: Tensor) -> Tensor:
        weights = self.weights
        x = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._normal(x, "embeddings.LayerNorm")
        outside = (1 - mask[:, None, None, :]) * -1e9
        for number in range(_LAYERS):
            layer = f"encoder.layer.{number}."
            query, key, value = (
                self._linear(x, f"{layer}attention.self.{name}")
                .view(*x.shape[:2], _HEADS, -1)
                .transpose(1, 2)
                for name in ("query", "key", "value")
            )
            scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 + outside
            heard = (torch.softmax(scores, -1) @ value).transpose(1, 2).reshape(x.shape)
            heard = self._linear(heard, f"{layer}attention.output.dense")
            x = self._normal(x + heard, f"{layer}attention.output.LayerNorm")
            inner = functional.gelu(self._linear(x, f"{layer}intermediate.dense"))
            inner = self._linear(inner, f"{layer}output.dense")
            x = self._normal(x + inner, f"{layer}output.LayerNorm")
        return x

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _normal(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return functional.layer_norm(x, (WIDTH,), weight, bias, _EPSILON)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        first, last = (8 + size + offset for offset in about["data_offsets"])
        values = np.frombuffer(raw[first:last], _TYPES[about["dtype"]]).reshape(about["shape"])
        tensors[name] = torch.from_numpy(
            values.astype(np.float32) if values.dtype.kind == "f" else values.copy()
        )
    return tensors
