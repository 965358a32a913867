"""The pack: networks as one ONNX file, word vectors, manifest."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from detection.models.manifest import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    Kind,
    MeasuredTalk,
    ReadTactic,
    ScoreCalibration,
    TalkManifest,
    TalkShares,
    TalkThresholds,
)
from detection.training.talk.calls import LABELS
from detection.training.talk.network import Committee, TalkNetwork
from detection.training.talk.word_vectors import LONGEST, TunedVectors
from detection.training.text_encoder import write_int8

NETWORK = "talk.onnx"
TOKENIZER = "tokenizer.json"
VECTORS = "vectors.npz"
ENCODER = "encoder.onnx"
WORDING = "wording.npz"
_PIECES = 12


def export(networks: Sequence[TalkNetwork], dimensions: int, path: Path) -> None:
    """`networks` as one file that reads one turn at a time."""
    committee = Committee(list(networks)).eval()
    state = torch.zeros(len(networks), networks[0].state_size)
    given = (
        torch.zeros(1, _PIECES, dimensions),
        torch.zeros(1, 1),
        torch.zeros(1, len(LABELS)),
        state,
    )
    torch.onnx.export(
        committee,
        given,
        str(path),
        input_names=["vectors", "speaker", "found", "state"],
        output_names=["tactics", "logit", "next_state"],
        dynamic_shapes=({1: torch.export.Dim("pieces", min=1, max=LONGEST)}, {}, {}, {}),
        dynamo=True,
        external_data=False,
    )


def export_encoder(words: TunedVectors, path: Path) -> None:
    """The tuned encoder with int8 weights, for one turn at a time: `ids` (1, n) to `vectors`."""

    class OneTurn(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = words.encoder

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.encoder(ids, torch.zeros_like(ids), torch.ones_like(ids, dtype=torch.float32))

    whole = path.with_suffix(".float.onnx")
    torch.onnx.export(
        OneTurn().eval(),
        (torch.zeros(1, _PIECES, dtype=torch.long),),
        str(whole),
        input_names=["ids"],
        output_names=["vectors"],
        dynamic_shapes=({1: torch.export.Dim("pieces", min=2, max=LONGEST + 2)},),
        dynamo=True,
        external_data=False,
    )
    write_int8(whole, path)
    whole.unlink()


@dataclass(frozen=True, slots=True)
class About:
    """What a talk pack says of itself. `words` is its file of word vectors or its encoder.

    `wording_weight` is what its wording counts beside the network's 1, chosen on families left out.
    """

    id: str
    revision: str
    title: str
    description: str
    words: str
    vectors_from: str
    wording_weight: float


def write_manifest(
    folder: Path,
    about: About,
    shares: TalkShares,
    calibration: ScoreCalibration,
    thresholds: TalkThresholds,
    tactics: Mapping[str, ReadTactic],
    measured: Mapping[str, MeasuredTalk],
) -> None:
    """Describe what lies in `folder`."""
    manifest = TalkManifest(
        schema_version=SCHEMA_VERSION,
        kind=Kind.TALK,
        id=about.id,
        revision=about.revision,
        title=about.title,
        licence="that of the Earwitness repository",
        description=about.description,
        scope="It learned from written calls: it can miss a con that is told in a new way, and what it "
        "finds is a reason to verify, not proof.",
        trained_on=(
            "two-sided calls and single turns written for Earwitness (docs/models/talk-data.md)",
            "word errors of the built-in recognizer on synthesized speech",
            about.vectors_from,
        ),
        files={
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in (NETWORK, TOKENIZER, about.words, WORDING)
        },
        network=NETWORK,
        language="en",
        tokenizer=TOKENIZER,
        vectors=about.words if about.words == VECTORS else None,
        encoder=about.words if about.words == ENCODER else None,
        wording=WORDING,
        shares=shares,
        longest_turn=LONGEST,
        labels=LABELS,
        tactics=dict(tactics),
        calibration=calibration,
        thresholds=thresholds,
        measured=dict(measured),
    )
    text = manifest.model_dump_json(indent=2, exclude_none=True)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
