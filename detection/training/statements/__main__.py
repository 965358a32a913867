r"""Trains the network that reads statements about being an AI, and makes its pack.

    python -m detection.training.statements --teacher all-MiniLM-L6-v2

The steps: learn (on the families of all folds but the first), pack (thresholds on that first fold, int8
export). `earwitness evaluate disclosure` measures.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

import resources
from detection.disclosure.reader import StatementReader
from detection.disclosure.rule import load_rule
from detection.disclosure.statements import load_statements
from detection.models.manifest import StatementsManifest
from detection.models.runtime import open_network
from detection.training.minilm import MiniLm
from detection.training.statements.calls import (
    LABELS,
    Sample,
    as_calls,
    fold_of,
    read_calls,
    read_samples,
    read_turns,
)
from detection.training.statements.export import NETWORK, TOKENIZER, export, write_manifest
from detection.training.statements.learn import StatementNetwork, train
from detection.training.statements.thresholds import choose
from detection.training.talk.calls import read_calls as read_talk
from detection.training.talk.noise import load_confusions
from detection.training.text_encoder import TunedEncoder, tuned_from
from detection.vishing.load import load_tactics

FOLDS = 6
PACK = resources.ROOT / "models" / "earwitness-statements-en"
LISTENED_FOR = ("disclosure", "truthful", "denied", "evasive", "asks", "hand_over")


def main() -> None:
    """Run the steps that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", choices=("learn", "pack"))
    parser.add_argument("--teacher", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=Path("build/statements"))
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    samples = read_samples()
    if given.step in {None, "learn"}:
        _learn(samples, given.teacher, given.out)
    if given.step in {None, "pack"}:
        _pack(samples, given.out)


def _learn(samples: Sequence[Sample], teacher: Path, out: Path) -> None:
    tactics = load_tactics(resources.ROOT / "tactics" / "en.yaml")
    said = {" ".join(sample.words) for sample in samples}
    said |= {turn.text for call in read_talk(tactics) for turn in call.turns}
    torch.manual_seed(0)
    encoder, tokenizer = tuned_from(MiniLm(teacher), sorted(said))
    network = StatementNetwork(encoder)
    seen = [sample for sample in samples if fold_of(sample.family, FOLDS)]
    train(network, tokenizer, seen, load_confusions(), seed=0)
    tokenizer.save(str(out / TOKENIZER))
    torch.save(network.state_dict(), out / "network.pt")


def _pack(samples: Sequence[Sample], out: Path) -> None:
    tokenizer = Tokenizer.from_file(str(out / TOKENIZER))
    network = StatementNetwork(TunedEncoder(tokenizer.get_vocab_size()))
    network.load_state_dict(torch.load(out / "network.pt"))
    network.eval()
    PACK.mkdir(exist_ok=True)
    tokenizer.save(str(PACK / TOKENIZER))
    export(network, PACK / NETWORK)
    exported = StatementReader(
        StatementsManifest.model_construct(id=PACK.name, revision="", title="", scope="", labels=LABELS),
        tokenizer,
        open_network(PACK / NETWORK, PACK.name, torch.get_num_threads()),
    )
    left_out = [sample for sample in samples if not fold_of(sample.family, FOLDS)]
    told = [
        exported.read(sample.before, sample.words, is_subject=sample.is_subject) for sample in left_out
    ]
    shares = np.array([[one[label] for label in LABELS] for one in told], np.float32)
    start = {label: _threshold(left_out, shares, label) for label in LISTENED_FOR}
    calls = [
        call for call in (*read_calls(), *as_calls(read_turns())) if not fold_of(call["family"], FOLDS)
    ]
    rule = load_rule(resources.ROOT / "policies" / "company.yaml")
    statements = load_statements(resources.ROOT / "disclosure" / "en.yaml")
    chosen = choose(calls, exported.read, start, rule, statements)
    print(f"{len(calls)} calls of families left out: {chosen.accuracy:.3f} right, {chosen}")
    write_manifest(PACK, chosen, {})


def _threshold(samples: Sequence[Sample], told: NDArray[np.float32], label: str) -> float:
    """Where most is right (F1) in turns of the side that can say it."""
    of_subject = label != "asks"
    asked = [
        number
        for number, sample in enumerate(samples)
        if sample.is_subject == of_subject and label not in sample.unknown
    ]
    shown = np.array([label in samples[number].labels for number in asked])
    shares = told[asked, LABELS.index(label)]
    order = np.argsort(-shares)
    right = np.cumsum(shown[order])
    count = np.arange(1, len(order) + 1)
    best = int(np.argmax(2 * right / (count + shown.sum())))
    threshold = float(np.clip(shares[order[best]], 0.05, 0.95))
    print(
        f"{label}: {shown.sum()} turns, threshold {threshold:.3f}, "
        f"recall {right[best] / shown.sum():.3f}, precision {right[best] / count[best]:.3f}"
    )
    return round(threshold, 4)


if __name__ == "__main__":
    main()
