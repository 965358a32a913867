"""What a recognizer makes of words: measured on the built-in one, to spoil written turns with."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np

MEASURED = Path(__file__).parent / "confusions.json"
_MOST_PER_WORD = 8


@dataclass(frozen=True, slots=True)
class Confusions:
    """How often a word is lost, followed by one that was not said, or heard as others.

    `lost` and `wrong` are by word, with `""` for words that were not measured; `heard` lists what a
    word was heard as, `extra` what was heard where nothing was said.
    """

    lost: dict[str, float]
    wrong: dict[str, float]
    heard: dict[str, list[str]]
    extra: list[str]
    extra_rate: float

    def spoil(self, words: Sequence[str], rng: np.random.Generator, share: float) -> tuple[str, ...]:
        """`words` as they might have been heard, with `share` of the errors that were measured."""
        spoiled: list[str] = []
        for word in words:
            chance = rng.random()
            lost = share * self.lost.get(word, self.lost[""])
            wrong = share * self.wrong.get(word, self.wrong[""])
            if chance < lost:
                pass
            elif chance < lost + wrong:
                spoiled += self._misheard(word, rng).split()
            else:
                spoiled.append(word)
            if rng.random() < share * self.extra_rate:
                spoiled.append(str(rng.choice(self.extra)))
        return tuple(spoiled) or tuple(words)

    def _misheard(self, word: str, rng: np.random.Generator) -> str:
        choices = self.heard.get(word) or self.extra
        return choices[rng.integers(len(choices))]


def measure(pairs: Iterable[tuple[str, str]], least: int = 8) -> Confusions:
    """Confusions over pairs of what was said and what was heard, both normalised.

    Words said fewer than `least` times share one rate.
    """
    said, lost, wrong = Counter[str](), Counter[str](), Counter[str]()
    heard: dict[str, Counter[str]] = defaultdict(Counter)
    extra = Counter[str]()
    for reference, hypothesis in pairs:
        aligned = jiwer.process_words(reference, hypothesis)
        words, given = aligned.references[0], aligned.hypotheses[0]
        said.update(words)
        for chunk in aligned.alignments[0]:
            before = words[chunk.ref_start_idx : chunk.ref_end_idx]
            after = given[chunk.hyp_start_idx : chunk.hyp_end_idx]
            if chunk.type == "delete":
                lost.update(before)
            elif chunk.type == "insert":
                extra.update(after)
            elif chunk.type == "substitute":
                wrong.update(before)
                for one, other in zip(before, after, strict=True):
                    heard[one][other] += 1
    often = [word for word, count in said.items() if count >= least]
    total = sum(said.values())
    return Confusions(
        lost={"": sum(lost.values()) / total} | {w: lost[w] / said[w] for w in often},
        wrong={"": sum(wrong.values()) / total} | {w: wrong[w] / said[w] for w in often},
        heard={w: [o for o, _ in found.most_common(_MOST_PER_WORD)] for w, found in heard.items()},
        extra=[word for word, _ in extra.most_common(300)] or ["the"],
        extra_rate=sum(extra.values()) / total,
    )


def load_confusions(path: Path = MEASURED) -> Confusions:
    """As they were measured."""
    return Confusions(**json.loads(path.read_text(encoding="utf-8")))
