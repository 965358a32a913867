"""How many words of the tactic vocabulary a recognizer hears, misses and makes up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, spoken_words
from detection.text.phrases import PhraseSet, Vocabulary
from detection.types import Utterance
from detection.vishing.pack import TacticsPack

KEYWORDS = ("mfa", "password", "account", "code", "remote", "guard", "phone", "contact", "boss")
"""Entries of the pack's vocabulary that name what a tactic is after or who is named for pressure."""


class Keywords:
    """Counts mentions as the conversation judge would match them, its known mishearings included."""

    def __init__(self, pack: TacticsPack) -> None:
        vocabulary = Vocabulary(pack.vocabulary)
        self._phrases = {
            name: PhraseSet([f"<{name}>"], (), vocabulary)
            for name in KEYWORDS
            if name in pack.vocabulary
        }
        self._ignored = frozenset(pack.ignore)

    def mentions(self, text: str) -> Counter[str]:
        """How often each entry is named in `text`."""
        utterance = Utterance(Channel.CALLER, 0, CALL_RATE, text, confidence=1.0)
        passage = Passage(spoken_words(utterance), self._ignored)
        return Counter({name: _times(phrases, passage) for name, phrases in self._phrases.items()})


def recall(pairs: Iterable[tuple[Counter[str], Counter[str]]]) -> dict[str, Any]:
    """Of mentions in (reference, hypothesis): `{n, recall, n_false}` over all and by entry.

    A mention counts as heard where the hypothesis of the same recording has one, and as false where
    it has more than were said.
    """
    said: Counter[str] = Counter()
    heard: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for reference, hypothesis in pairs:
        said += reference
        heard += reference & hypothesis
        false += hypothesis - reference
    names = [name for name in KEYWORDS if said[name] or false[name]]
    return {
        **_figures(said, heard, false, names),
        "by_word": {name: _figures(said, heard, false, [name]) for name in names},
    }


def _figures(
    said: Counter[str], heard: Counter[str], false: Counter[str], names: Sequence[str]
) -> dict[str, Any]:
    n = sum(said[name] for name in names)
    return {
        "n": n,
        "recall": sum(heard[name] for name in names) / n if n else None,
        "n_false": sum(false[name] for name in names),
    }


def _times(phrases: PhraseSet, passage: Passage) -> int:
    count, last = 0, -1
    while hit := phrases.search(passage, last):
        count, last = count + 1, hit.last
    return count
