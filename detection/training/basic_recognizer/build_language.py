"""Mixes PocketSphinx's own language model with helpdesk talk, and writes it with its dictionary."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pocketsphinx import NGramModel, get_model_path

from detection.training.basic_recognizer.backoff import (
    END,
    START,
    BackoffModel,
    best_weights,
    learn,
    mix,
    over,
    perplexity,
    pruned,
    trigrams,
)
from detection.training.basic_recognizer.generic import read_trie
from detection.training.basic_recognizer.texts import (
    Sentence,
    call_sentences,
    chat_sentences,
    grammar_sentences,
    robocall_sentences,
)
from detection.training.whisper.sentences import Part

WEIGHTS = {"generic": 0.60, "grammar": 0.15, "calls": 0.20, "robocalls": 0.02, "chats": 0.03}
"""By source. What makes helpdesk talk likeliest is more of it; docs/models/earwitness-sphinx-lm.md says
what that costs elsewhere."""
GENERIC_WORDS = 40_000
_GRAMMAR_SENTENCES = 60_000
_MEASURED_SENTENCES = 2_000
_LEAST_IN_CHATS = 5
"""A typed word counts from so many times on: most of the others are slips."""
_ADDITIONS = Path(__file__).with_name("words.dict")


def build_language(
    texts: Path, calls: Sequence[Path], target: Path, threshold: float, weights: Sequence[float]
) -> None:
    """Write `helpdesk.lm.bin` and `helpdesk.dict` into `target`.

    `texts` is the folder of public texts, `calls` are written calls; `threshold` is the rise of
    perplexity below which an n-gram is left out.
    """
    own = Path(get_model_path("en-us"))
    entries = (own / "cmudict-en-us.dict").read_text(encoding="utf-8").splitlines()
    entries += _ADDITIONS.read_text(encoding="utf-8").splitlines()
    dictionary = {_word(entry) for entry in entries}
    sources = {
        "grammar": grammar_sentences(Part.TRAINING, _GRAMMAR_SENTENCES, 1, dictionary),
        "calls": call_sentences(calls, dictionary),
        "robocalls": robocall_sentences(texts / "ftc_robocalls.jsonl", dictionary),
        "chats": chat_sentences(
            texts / "multidogo_customer_turns.jsonl", texts / "abcd_sample.json", dictionary
        ),
    }
    generic = read_trie(own / "en-us.lm.bin")
    words = _vocabulary(generic, sources, dictionary)
    models = [over(generic, words), *(learn(words, sentences) for sentences in sources.values())]
    held_out = trigrams(words, grammar_sentences(Part.HELD_OUT, _MEASURED_SENTENCES, 2, dictionary))
    print(f"{len(words)} words; held-out wordings would have the weights", end=" ")
    print([round(weight, 3) for weight in best_weights(models, held_out)])
    mixed = mix(models, weights)
    slim = pruned(mixed, threshold)
    for name, model in (("generic", models[0]), ("mixed", mixed), ("pruned", slim)):
        counts = [len(order.keys) for order in model.orders]
        print(f"{name}: {counts} n-grams, perplexity {perplexity(model, held_out):.1f}")
    target.mkdir(parents=True, exist_ok=True)
    _write(slim, target / "helpdesk.lm.bin")
    known = set(words)
    kept = [" ".join(entry.split()) for entry in entries if _word(entry) in known]
    (target / "helpdesk.dict").write_text("\n".join(sorted(kept)) + "\n", encoding="utf-8", newline="\n")


def _vocabulary(
    generic: BackoffModel, sources: dict[str, list[Sentence]], dictionary: set[str]
) -> list[str]:
    likeliest = (generic.words[number] for number in np.argsort(-generic.prob))
    words = {START, END, *[word for word in likeliest if word in dictionary][:GENERIC_WORDS]}
    words |= {_word(entry) for entry in _ADDITIONS.read_text(encoding="utf-8").splitlines()}
    for name, sentences in sources.items():
        counts = Counter(word for sentence in sentences for word in sentence)
        least = _LEAST_IN_CHATS if name == "chats" else 1
        words |= {word for word, count in counts.items() if count >= least and word in dictionary}
    return sorted(words)


def _write(model: BackoffModel, target: Path) -> None:
    """In PocketSphinx's binary format, which loads at once."""
    with TemporaryDirectory() as folder:
        arpa = Path(folder) / "model.arpa"
        model.write_arpa(arpa)
        NGramModel.readfile(str(arpa)).write(str(target), NGramModel.str_to_type("bin"))


def _word(entry: str) -> str:
    return entry.split(maxsplit=1)[0].partition("(")[0]
