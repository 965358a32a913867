r"""Trains the networks that read talk, and makes their packs.

    python -m detection.training.talk --teacher all-MiniLM-L6-v2 --texts ../shared/data/text

The steps: distil (word vectors from the teacher's), learn (a network for each fold of story families
that it leaves out; `--fold K` for one of them alone), pack (calibration and thresholds on what was left
out, the networks together as one file). With `--words tuned` the teacher itself is tuned with one
network, on all folds but the first, which calibrates it. `hear` measures the built-in recognizer's word
errors on turns that flite and espeak-ng speak; its result is in the repository. `earwitness evaluate
talk` measures.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import resources
from detection.models.manifest import TalkShares
from detection.text.passage import normal_words
from detection.training.minilm import MiniLm
from detection.training.talk.calibrate import Told, calibrate, readable, share, thresholds
from detection.training.talk.calls import LABELS, Call, fold_of, read_calls, read_turns
from detection.training.talk.distil import agreement, distil, sentences_of
from detection.training.talk.export import (
    ENCODER,
    NETWORK,
    TOKENIZER,
    VECTORS,
    WORDING,
    About,
    export,
    export_encoder,
    write_manifest,
)
from detection.training.talk.hear import hear
from detection.training.talk.learn import Learner, Recipe
from detection.training.talk.network import TalkNetwork
from detection.training.talk.noise import load_confusions
from detection.training.talk.word_vectors import StaticVectors, TunedVectors, WordVectors
from detection.training.talk.wording import fit_wording, wording_logits, write_wording
from detection.training.text_encoder import TunedEncoder, tuned_from
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack

FOLDS = 4
TUNED_FOLDS = 6
TUNED = Recipe(epochs=5, batch=16, rate=1.5e-3, words_rate=6e-5)
PACKS = resources.ROOT / "models"
STATIC_PACK = About(
    id="earwitness-talk-en",
    revision="1",
    title="basic talk check",
    description="Four small networks over static word vectors that read a call turn by turn, and a "
    "linear model over the words.",
    words=VECTORS,
    vectors_from="vectors distilled from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
    wording_weight=2.0,
)
TUNED_PACK = About(
    id="earwitness-talk-minilm-en",
    revision="1",
    title="talk check",
    description="A sentence encoder tuned on calls, with a small network that reads them turn by turn, "
    "and a linear model over the words.",
    words=ENCODER,
    vectors_from="an encoder that began as sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
    wording_weight=1.0,
)
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
    parser.add_argument("--words", choices=("static", "tuned"), default="static")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    pack = load_tactics(resources.ROOT / "tactics" / "en.yaml")
    if given.step == "hear":
        hear([turn.text for call in read_calls(pack) for turn in call.turns])
    if given.words == "tuned":
        if given.step in {None, "learn"}:
            _tune(pack, given.teacher, given.out)
        if given.step in {None, "pack"}:
            _pack_tuned(pack, given.out)
        return
    if given.step in {None, "distil"} and not (given.out / VECTORS).exists():
        _distil(pack, given.teacher, given.texts, given.out)
    if given.step in {None, "learn"}:
        folds = range(FOLDS) if given.fold is None else [given.fold]
        for fold in folds:
            _learn(pack, given.out, fold)
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


def _learn(pack: TacticsPack, out: Path, fold: int) -> None:
    learner = Learner(_static(out), load_confusions())
    seen = [call for call in read_calls(pack) if fold_of(call.family, FOLDS) != fold]
    network = learner.train([*seen, *read_turns(pack)], fold, Recipe())
    torch.save(network.state_dict(), out / f"fold{fold}.pt")


def _tune(pack: TacticsPack, teacher: Path, out: Path) -> None:
    calls, turns = read_calls(pack), read_turns(pack)
    torch.manual_seed(0)
    encoder, tokenizer = tuned_from(
        MiniLm(teacher), sorted({turn.text for call in (*calls, *turns) for turn in call.turns})
    )
    tokenizer.save(str(out / f"tuned_{TOKENIZER}"))
    words = TunedVectors(encoder, tokenizer)
    seen = [call for call in calls if fold_of(call.family, TUNED_FOLDS)]
    network = Learner(words, load_confusions()).train([*seen, *turns], 0, TUNED)
    learnt = {
        "encoder": encoder.state_dict(),
        "network": network.state_dict(),
        "families": sorted({call.family for call in seen}),
    }
    torch.save(learnt, out / "tuned.pt")


def _pack(pack: TacticsPack, out: Path) -> None:
    """The networks learnt so far, and a model of the wording that has seen all calls."""
    calls, words = read_calls(pack), _static(out)
    networks = [_network(torch.load(out / f"fold{fold}.pt"), words) for fold in range(FOLDS)]
    told = [
        one for fold, network in enumerate(networks) for one in _told(calls, network, words, fold, FOLDS)
    ]
    folder = PACKS / STATIC_PACK.id
    folder.mkdir(exist_ok=True)
    for name in (TOKENIZER, VECTORS):
        (folder / name).write_bytes((out / name).read_bytes())
    _write(folder, STATIC_PACK, calls, networks, words, told)


def _pack_tuned(pack: TacticsPack, out: Path) -> None:
    calls = read_calls(pack)
    tokenizer = Tokenizer.from_file(str(out / f"tuned_{TOKENIZER}"))
    learnt = torch.load(out / "tuned.pt")
    encoder = TunedEncoder(tokenizer.get_vocab_size())
    encoder.load_state_dict(learnt["encoder"])
    words = TunedVectors(encoder, tokenizer)
    words.eval()
    network = _network(learnt["network"], words)
    told = _told(calls, network, words, set(learnt["families"]))
    folder = PACKS / TUNED_PACK.id
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER))
    export_encoder(words, folder / ENCODER)
    _write(folder, TUNED_PACK, calls, [network], words, told)


def _write(
    folder: Path,
    about: About,
    calls: list[Call],
    networks: list[TalkNetwork],
    words: WordVectors,
    told: list[Told],
) -> None:
    """What both packs have, calibrated on the calls `told` by models that have not seen them."""
    shares = share(told, about.wording_weight)
    calibration = calibrate(told, shares)
    levels = thresholds(told, shares, calibration)
    tactics = readable(told)
    export(networks, words.dimensions, folder / NETWORK)
    write_wording(fit_wording(calls, load_confusions()), folder / WORDING)
    write_manifest(folder, about, shares, calibration, levels, tactics, {})
    print(f"{len(told)} calls, each told by models that have seen none of its family:")
    for name, rate in _rates(told, shares).items():
        print(f"{name}: {rate:.3f}")
    print(calibration, levels)
    for label, found in tactics.items():
        print(label, found)


def _network(learnt: dict[str, torch.Tensor], words: WordVectors) -> TalkNetwork:
    network = TalkNetwork(words.dimensions, len(LABELS))
    network.load_state_dict(learnt)
    return network.eval()


def _told(calls: list[Call], network: TalkNetwork, words: WordVectors, seen: set[str]) -> list[Told]:
    """The calls of families not `seen`, as told by the network and a wording model of the others."""
    confusions = load_confusions()
    left_out = [call for call in calls if call.family not in seen]
    wording = fit_wording([call for call in calls if call.family in seen], confusions)
    read = Learner(words, confusions).predict([network], left_out)
    return [
        Told(call, tactics, logits, wording_logits(wording, call))
        for call, (tactics, logits) in zip(left_out, read, strict=True)
    ]


def _static(out: Path) -> StaticVectors:
    return StaticVectors(out / TOKENIZER, out / VECTORS)


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
