"""The pack: the network as an int8 ONNX file, tokenizer, manifest."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from detection.models.manifest import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    Kind,
    MeasuredStatements,
    StatementsManifest,
)
from detection.training.statements.calls import LABELS
from detection.training.statements.learn import StatementNetwork
from detection.training.statements.thresholds import Chosen
from detection.training.text_encoder import write_int8

NETWORK = "statements.onnx"
TOKENIZER = "tokenizer.json"
REVISION = "1"
_PIECES = 24
_LONGEST = 250


class _OneTurn(nn.Module):
    """Probabilities for one turn."""

    def __init__(self, network: StatementNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, sides: Tensor, own: Tensor) -> Tensor:
        return torch.sigmoid(self.network(ids, sides, own, torch.ones_like(own)))


def export(network: StatementNetwork, path: Path) -> None:
    """`network` with int8 weights, for one turn at a time."""
    whole = path.with_suffix(".float.onnx")
    ids, sides = (torch.zeros(1, _PIECES, dtype=torch.long) for _ in range(2))
    pieces = torch.export.Dim("pieces", min=3, max=_LONGEST)
    torch.onnx.export(
        _OneTurn(network).eval(),
        (ids, sides, torch.ones(1, _PIECES)),
        str(whole),
        input_names=["ids", "sides", "own"],
        output_names=["told"],
        dynamic_shapes=({1: pieces}, {1: pieces}, {1: pieces}),
        dynamo=True,
        external_data=False,
    )
    write_int8(whole, path)
    whole.unlink()


def write_manifest(folder: Path, chosen: Chosen, measured: Mapping[str, MeasuredStatements]) -> None:
    """Describe what lies in `folder`."""
    manifest = StatementsManifest(
        schema_version=SCHEMA_VERSION,
        kind=Kind.STATEMENTS,
        id="earwitness-statements-en",
        revision=REVISION,
        title="statements check",
        licence="that of the Earwitness repository",
        description="A sentence encoder tuned to tell what a turn says of being an AI.",
        scope="It learned from written calls: it can miss a statement in new words, and what it finds "
        "is quoted so that a person can judge it.",
        trained_on=(
            "two-sided calls written for Earwitness (docs/models/disclosure-data.md)",
            "word errors of the built-in recognizer on synthesized speech",
            "an encoder that began as sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
        ),
        files={
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in (NETWORK, TOKENIZER)
        },
        network=NETWORK,
        language="en",
        tokenizer=TOKENIZER,
        labels=LABELS,
        thresholds=chosen.thresholds,
        phrase_bonus=chosen.phrase_bonus,
        measured=dict(measured),
    )
    text = manifest.model_dump_json(indent=2)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
