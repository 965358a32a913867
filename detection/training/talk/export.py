"""The pack: networks as one ONNX file, word vectors, manifest."""

import hashlib
from collections.abc import Mapping, Sequence
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
from detection.training.talk.learn import LONGEST
from detection.training.talk.network import Committee, TalkNetwork

NETWORK = "talk.onnx"
TOKENIZER = "tokenizer.json"
VECTORS = "vectors.npz"
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


def write_manifest(
    folder: Path,
    revision: str,
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
        id="earwitness-talk-en",
        revision=revision,
        title="basic talk check",
        licence="that of the Earwitness repository",
        description="Four small networks over static word vectors that read a call turn by turn, and a "
        "linear model over the words.",
        scope="It learned from written calls: it can miss a con that is told in a new way, and what it "
        "finds is a reason to verify, not proof.",
        trained_on=(
            "two-sided calls and single turns written for Earwitness (docs/models/talk-data.md)",
            "word errors of the built-in recognizer on synthesized speech",
            "vectors distilled from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
        ),
        files={
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in (NETWORK, TOKENIZER, VECTORS, WORDING)
        },
        network=NETWORK,
        language="en",
        tokenizer=TOKENIZER,
        vectors=VECTORS,
        wording=WORDING,
        shares=shares,
        longest_turn=LONGEST,
        labels=LABELS,
        tactics=dict(tactics),
        calibration=calibration,
        thresholds=thresholds,
        measured=dict(measured),
    )
    text = manifest.model_dump_json(indent=2)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
