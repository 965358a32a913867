"""The phrase language of the packs, compiled to RE2 so that matching is linear whatever is said.

A phrase is normalised words (lower case, "do not" for "don't", no punctuation; accents may be written
and make no difference) with the RE2 syntax of groups, alternatives and repeats. `<name>` stands for an
entry of the pack's vocabulary and `_` for any one word, and `...` between words for up to four. Phrases
match whole words only.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import re2

from detection.text.passage import Passage, without_accents

_NAME = re2.compile(r"<([a-z_]+)>")
_ILLEGIBLE = re2.compile(r"[^a-z0-9 |()?<>.\[\]{},*+\\:_\-\x80-\x{10FFFF}]")
_LETTERS = re2.compile(r"[a-z]+")
_WORD = "[^ ]+"
_GAP = f"(?: {_WORD}){{0,4}}? "
_CONTEXT_BEFORE = 8
_CONTEXT_AFTER = 4
_QUOTE_MARGIN = 5
_MAX_DEPTH = 8


class PhraseError(ValueError):
    """A phrase that cannot be used, said in words for the person who wrote the pack."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase was said: word indexes into the passage (both inclusive) and the words around it."""

    first: int
    last: int
    quote: str
    start: int
    end: int


class PhraseSet:
    """Several phrases that mean one thing. Immutable; safe on any thread.

    `unless` are phrases that, said up to eight words before or four after in the same sentence,
    turn a match into nothing (negation, hypotheticals, reported speech).
    """

    def __init__(self, phrases: Sequence[str], unless: Sequence[str], vocabulary: "Vocabulary") -> None:
        """Raises `PhraseError`."""
        self.source = vocabulary.source(phrases)
        self._found = _compiled(self.source) if self.source else None
        excuses = vocabulary.source(unless)
        self._unless = _compiled(excuses) if excuses else None

    def search(self, passage: Passage, after_word: int = -1) -> Hit | None:
        """The first match that ends after word index `after_word` and that nothing speaks against."""
        for first, last in self._matches(passage):
            if last > after_word and not self._is_excused(passage, first, last):
                return _hit(passage, first, last)
        return None

    def _matches(self, passage: Passage) -> Iterator[tuple[int, int]]:
        if self._found is None:
            return
        position = 0
        while match := self._found.search(passage.text, position):
            yield passage.words_at(match.start(), match.end())
            position = match.end() - 1

    def _is_excused(self, passage: Passage, first: int, last: int) -> bool:
        if self._unless is None:
            return False
        context = passage.around(first, last, _CONTEXT_BEFORE, _CONTEXT_AFTER)
        return self._unless.search(passage.bytes_of(*context)) is not None


class PhraseIndex:
    """Tells which of many `PhraseSet`s a passage may hold, in about one reading of it.

    RE2's filter looks for literal pieces of all phrases at once and asks only the sets whose pieces
    are there, so the cost hardly grows with the number of phrases. Immutable; safe on any thread.
    """

    def __init__(self, sets: Iterable[PhraseSet]) -> None:
        """Raises `PhraseError` where the phrases together are too many for RE2."""
        self._sets: dict[str, list[PhraseSet]] = {}
        for one in sets:
            if one.source:
                self._sets.setdefault(one.source, []).append(one)
        self._sources = tuple(self._sets)
        self._filter = re2.Filter()
        options = _options()
        for source in self._sources:
            self._filter.Add(source, options)
        try:
            self._filter.Compile()
        except re2.error as error:
            raise PhraseError("the phrases of the pack together are too many for RE2") from error

    def held_by(self, passage: Passage) -> frozenset[PhraseSet]:
        """The sets with a phrase in `passage`, whatever excuses it there."""
        if not self._sources:
            return frozenset()
        found = self._filter.Match(passage.text) or ()
        return frozenset(one for number in found for one in self._sets[self._sources[number]])


class Vocabulary:
    """Names for lists of alternatives that phrases of one pack share, as `<name>`."""

    def __init__(self, entries: Mapping[str, Sequence[str]]) -> None:
        self._entries = entries

    def source(self, phrases: Sequence[str]) -> str:
        """RE2 source for any of `phrases`; empty for none. Raises `PhraseError`."""
        return f" (?:{'|'.join(self.expand(phrase) for phrase in phrases)}) " if phrases else ""

    def check(self, phrase: str, ignored: Collection[str] = ()) -> None:
        """Raise `PhraseError` with the reason why `phrase` could never match, or matches anything."""
        phrase = without_accents(phrase)
        if bad := _ILLEGIBLE.search(phrase):
            raise PhraseError(
                f"'{bad.group()}' in '{phrase}' never occurs in normalised words: write lower case, "
                "no punctuation, 'do not' for 'don't'"
            )
        if phrase != " ".join(phrase.split()):
            raise PhraseError(f"'{phrase}' has spaces too many: one space between words")
        if "." in phrase.replace(" ... ", " "):
            raise PhraseError(
                f"'{phrase}': the gap '...' needs one space on each side, and no '?' or dots"
            )
        if lost := sorted(set(_LETTERS.findall(phrase)) & set(ignored)):
            raise PhraseError(f"'{phrase}' waits for '{lost[0]}', which the pack ignores")
        if _compiled(f" (?:{self.expand(phrase)}) ").search(b"  "):
            raise PhraseError(f"'{phrase}' matches silence: it needs at least one word")

    def expand(self, phrase: str, depth: int = 0) -> str:
        """`phrase` as RE2 source. Raises `PhraseError` for a name that is not there or names itself."""
        if depth > _MAX_DEPTH:
            raise PhraseError(f"the vocabulary goes round in circles at '{phrase}'")
        phrase = without_accents(phrase)
        parts = []
        position = 0
        for match in _NAME.finditer(phrase):
            name = str(match.group(1))
            if name not in self._entries:
                raise PhraseError(f"<{name}> is not in the vocabulary")
            inner = "|".join(self.expand(entry, depth + 1) for entry in self._entries[name])
            parts += [_literal(phrase[position : match.start()]), f"(?:{inner})"]
            position = match.end()
        return "".join((*parts, _literal(phrase[position:])))


def _literal(text: str) -> str:
    return text.replace("_", _WORD).replace(" ... ", _GAP)


def _options() -> re2.Options:
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    return options


def _compiled(source: str) -> "re2._Regexp":
    try:
        return re2.compile(source, _options())
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise PhraseError(f"not a valid pattern: {reason}") from error


def _hit(passage: Passage, first: int, last: int) -> Hit:
    words = passage.words
    quote = passage.quote(*passage.around(first, last, _QUOTE_MARGIN, _QUOTE_MARGIN))
    return Hit(first, last, quote, words[first].start, words[last].end)
