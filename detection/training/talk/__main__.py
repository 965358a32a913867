r"""Trains the networks that read talk, and makes their pack.

    python -m detection.training.talk --teacher all-MiniLM-L6-v2 --texts ../shared/data/text

The steps: distil (word vectors from the teacher's), learn (a network for each fold of story families
that it leaves out; `--fold K` for one of them alone), pack (calibration and thresholds on what was left
out, the networks together as one file). `hear` measures the built-in recognizer's word errors on turns
that flite and espeak-ng speak; its result is in the repository. `earwitness evaluate talk` measures.
"""

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import resources
from detection.models.manifest import TalkShares
from detection.text.embedding import load_static_encoder
from detection.text.passage import normal_words
from detection.training.minilm import MiniLm
from detection.training.talk.calibrate import Told, calibrate, readable, share, thresholds
from detection.training.talk.calls import LABELS, Call, fold_of, read_calls, read_turns
from detection.training.talk.distil import DIMENSIONS, agreement, distil, sentences_of
from detection.training.talk.export import NETWORK, TOKENIZER, VECTORS, WORDING, export, write_manifest
from detection.training.talk.hear import hear
from detection.training.talk.learn import LONGEST, Learner, Recipe
from detection.training.talk.network import TalkNetwork
from detection.training.talk.noise import load_confusions
from detection.training.talk.wording import fit_wording, wording_logits, write_wording
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack

FOLDS = 4
REVISION = "1"
PACK = resources.ROOT / "models" / "earwitness-talk-en"
_KEPT_TEXTS = 300_000
_CHECKED = 20
"""Every so many texts are left out of the distillation, to see how well it carries over."""


def main() -> None:
    """Run the steps that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", choices=("hear", "distil", "learn", "pack"))
    parser.add_argument("--teacher", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument(
        "--texts", type=Path, help="folder of .jsonl files to distil on, beside the calls"
    )
    parser.add_argument("--out", type=Path, default=Path("build/talk"))
    parser.add_argument("--fold", type=int, choices=range(FOLDS))
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    pack = load_tactics(resources.ROOT / "tactics" / "en.yaml")
    if given.step == "hear":
        hear([turn.text for call in read_calls(pack) for turn in call.turns])
    if given.step in {None, "distil"} and not (given.out / VECTORS).exists():
        _distil(pack, given.teacher, given.texts, given.out)
    if given.step in {None, "learn"}:
        folds = range(FOLDS) if given.fold is None else [given.fold]
        for fold in folds:
            _learn(pack, given.out, fold, Recipe(epochs=given.epochs))
    if given.step in {None, "pack"}:
        _pack(pack, given.out)


def _distil(pack: TacticsPack, teacher: Path, texts: Path, out: Path) -> None:
    said = {turn.text for call in (*read_calls(pack), *read_turns(pack)) for turn in call.turns}
    for file in sorted(texts.glob("*.jsonl")):
        said |= {" ".join(normal_words(text)) for text in sentences_of(file)}
    sentences = sorted(said)
    checked = sentences[::_CHECKED]
    model = MiniLm(teacher)
    fitted = distil(model, [text for text in sentences if text not in set(checked)])
    fitted.write(out / TOKENIZER, out / VECTORS)
    print(f"{len(sentences)} texts, {len(fitted.vectors)} word pieces")
    print(
        f"rank correlation with the teacher on texts left out: {agreement(fitted, model, checked):.3f}"
    )


def _learn(pack: TacticsPack, out: Path, fold: int, recipe: Recipe) -> None:
    learner = Learner(_encoder(out), DIMENSIONS, load_confusions())
    seen = [call for call in read_calls(pack) if fold_of(call.family, FOLDS) != fold]
    network = learner.train([*seen, *read_turns(pack)], fold, recipe)
    torch.save(network.state_dict(), out / f"fold{fold}.pt")


def _pack(pack: TacticsPack, out: Path) -> None:
    """The networks learnt so far, and a model of the wording that has seen all calls."""
    calls = read_calls(pack)
    networks = [_network(out, fold) for fold in range(FOLDS)]
    told = [one for fold, network in enumerate(networks) for one in _told(out, calls, network, fold)]
    shares = share(told)
    calibration = calibrate(told, shares)
    levels = thresholds(told, shares, calibration)
    tactics = readable(told)
    PACK.mkdir(exist_ok=True)
    export(networks, DIMENSIONS, PACK / NETWORK)
    for name in (TOKENIZER, VECTORS):
        (PACK / name).write_bytes((out / name).read_bytes())
    write_wording(fit_wording(calls, load_confusions()), PACK / WORDING)
    write_manifest(PACK, REVISION, shares, calibration, levels, tactics, {})
    print(f"{len(calls)} calls, each told by models that have seen none of its family:")
    for name, rate in _rates(told, shares).items():
        print(f"{name}: {rate:.3f}")
    print(calibration, levels)
    for label, found in tactics.items():
        print(label, found)


def _network(out: Path, fold: int) -> TalkNetwork:
    network = TalkNetwork(DIMENSIONS, len(LABELS))
    network.load_state_dict(torch.load(out / f"fold{fold}.pt"))
    return network.eval()


def _told(out: Path, calls: list[Call], network: TalkNetwork, fold: int) -> list[Told]:
    """The calls that the fold leaves out, as its network and its model of the wording tell them."""
    confusions = load_confusions()
    left_out = [call for call in calls if fold_of(call.family, FOLDS) == fold]
    wording = fit_wording([call for call in calls if fold_of(call.family, FOLDS) != fold], confusions)
    read = Learner(_encoder(out), DIMENSIONS, confusions).predict([network], left_out)
    return [
        Told(call, tactics, logits, wording_logits(wording, call))
        for call, (tactics, logits) in zip(left_out, read, strict=True)
    ]


def _encoder(out: Path) -> Callable[[str], NDArray[np.float32]]:
    encoder = load_static_encoder(out / TOKENIZER, out / VECTORS)
    return lru_cache(_KEPT_TEXTS)(lambda text: encoder.vectors(text, LONGEST))


def _rates(told: list[Told], both: TalkShares) -> dict[str, float]:
    """Recall in all and before the harm where so many of 100 honest calls raise an alarm."""
    parts = {
        "network": TalkShares(network=1, wording=0),
        "wording": TalkShares(network=0, wording=1),
        "both": both,
    }
    rates: dict[str, float] = {}
    for name, shares in parts.items():
        honest = np.sort([one.scores(shares).max() for one in told if not one.call.is_con])
        cons = [(one.scores(shares), one.call.until) for one in told if one.call.is_con]
        for per_100 in (1, 2, 5):
            threshold = honest[-1 - per_100 * len(honest) // 100]
            rates[f"{name}: recall at {per_100}"] = float(
                np.mean([s.max() > threshold for s, _ in cons])
            )
            rates[f"{name}: in time at {per_100}"] = float(
                np.mean([s[:until].max() > threshold for s, until in cons])
            )
    return rates


if __name__ == "__main__":
    main()
