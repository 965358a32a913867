"""A sentence encoder to be tuned: MiniLM's layers with the word pieces that are needed."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from torch.nn import functional

from detection.training.minilm import WIDTH, MiniLm

UNKNOWN = "[UNK]"
SPECIAL = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]")
_LAYERS = 6
_HEADS = 12
_INNER = 4 * WIDTH
_POSITIONS = 256
_SHORT_PIECE = re.compile(r"(##)?[a-z0-9]{1,2}")


class TunedEncoder(nn.Module):
    """The layers of all-MiniLM-L6-v2 over a vocabulary of its own, all to be trained further."""

    def __init__(self, pieces: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(pieces, WIDTH)
        self.positions = nn.Embedding(_POSITIONS, WIDTH)
        self.sides = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(_Layer(dropout) for _ in range(_LAYERS))

    def forward(self, ids: Tensor, sides: Tensor, mask: Tensor) -> Tensor:
        """Vectors (n, pieces, 384) for ids, sides (0 or 1) and mask (0 or 1), each (n, pieces)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.norm(self.words(ids) + self.positions(places) + self.sides(sides))
        outside = (1 - mask[:, None, None, :]) * -1e9
        for layer in self.layers:
            x = layer(x, outside)
        return x


class _Layer(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value, self.joined = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.inner, self.outer = nn.Linear(WIDTH, _INNER), nn.Linear(_INNER, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, eps=1e-12) for _ in range(2))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, outside: Tensor) -> Tensor:
        query, key, value = (
            part(x).view(*x.shape[:2], _HEADS, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5 + outside
        heard = (torch.softmax(scores, -1) @ value).transpose(1, 2).flatten(2)
        x = self.norms[0](x + self.drop(self.joined(heard)))
        return self.norms[1](x + self.drop(self.outer(functional.gelu(self.inner(x)))))


def tuned_from(teacher: MiniLm, texts: Iterable[str]) -> tuple[TunedEncoder, Tokenizer]:
    """The encoder as it comes, and a tokenizer with the word pieces of `texts` and the shortest."""
    vocabulary = teacher.tokenizer.get_vocab()
    used = {piece for found in teacher.tokenizer.encode_batch(list(texts)) for piece in found.tokens} | {
        piece for piece in vocabulary if _SHORT_PIECE.fullmatch(piece)
    }
    kept = [*SPECIAL, *sorted(used - set(SPECIAL), key=vocabulary.__getitem__)]
    encoder = TunedEncoder(len(kept))
    weights = teacher.weights
    rows = torch.tensor([vocabulary[piece] for piece in kept])
    state = {
        "words.weight": weights["embeddings.word_embeddings.weight"][rows],
        "positions.weight": weights["embeddings.position_embeddings.weight"][:_POSITIONS],
        "sides.weight": weights["embeddings.token_type_embeddings.weight"],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    names = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "joined": "attention.output.dense",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "norms.0": "attention.output.LayerNorm",
        "norms.1": "output.LayerNorm",
    }
    for number in range(_LAYERS):
        for own, theirs in names.items():
            for part in ("weight", "bias"):
                given = weights[f"encoder.layer.{number}.{theirs}.{part}"]
                state[f"layers.{number}.{own}.{part}"] = given
    encoder.load_state_dict(state)
    return encoder, tokenizer_of(kept)


def tokenizer_of(pieces: Sequence[str]) -> Tokenizer:
    """Word pieces of lower-case words, without the special ones around a text."""
    tokenizer = Tokenizer(
        models.WordPiece(
            vocab={piece: number for number, piece in enumerate(pieces)},
            unk_token=UNKNOWN,
            max_input_chars_per_word=60,
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def write_int8(network: Path, out: Path) -> None:
    """The exported `network` with int8 weights, its activations quantized as they come."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The shapes that the exporter notes are of weights before it transposed them.
    model = onnx.load(network)
    del model.graph.value_info[:]
    onnx.save(model, network)
    quantize_dynamic(str(network), str(out), weight_type=QuantType.QInt8, per_channel=True)
