"""From transcripts to words that can be matched, timed and quoted.

Recognizers differ: one gives "I can't, please!", another "i can't please". Both become the words
`i can not please` here, and each keeps the text it came from, so that a quote shows what was said.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from detection.types import Utterance

_HESITATIONS = frozenset({"um", "uh", "uhm", "er", "erm", "ah", "hm", "hmm", "mm"})
_IS = frozenset({"it", "that", "this", "he", "she", "what", "who", "here", "there", "where", "how"})
_SUFFIXES = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_SPELLINGS = {
    "cannot": ("can", "not"),
    "can't": ("can", "not"),
    "won't": ("will", "not"),
    "let's": ("let", "us"),
    "gonna": ("going", "to"),
    "wanna": ("want", "to"),
    "gotta": ("have", "to"),
    "ok": ("okay",),
    "im": ("i", "am"),
    "ive": ("i", "have"),
    "youre": ("you", "are"),
    "thats": ("that", "is"),
    "whats": ("what", "is"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "cant": ("can", "not"),
    "isnt": ("is", "not"),
}
_LONGEST_WORD = 32
"""Characters; what is longer is no word and is not remembered."""
_SENTENCE_ENDS = (".", "?", "!", ";")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One written token of a transcript, the normalised words in it, and when it was said.

    `start` and `end` are sample indexes at `CALL_RATE` from call start; without times of the
    recognizer they are spread over the utterance in proportion to the characters.
    """

    surface: str
    normal: tuple[str, ...]
    start: int
    end: int

    @property
    def ends_sentence(self) -> bool:
        return self.surface.endswith(_SENTENCE_ENDS)


def spoken_words(utterance: Utterance) -> tuple[SpokenWord, ...]:
    """The tokens of `utterance` in order. Control and direction characters are dropped. Linear."""
    tokens = _printable(utterance.text).split()
    if len(utterance.words) == len(tokens):
        times = [(word.start, word.end) for word in utterance.words]
    else:
        times = _spread(tokens, utterance.start, utterance.end)
    return tuple(
        SpokenWord(token, normalise(token), start, end)
        for token, (start, end) in zip(tokens, times, strict=True)
    )


def normalise(token: str) -> tuple[str, ...]:
    """Lower-case words without accents, punctuation, contractions or hesitations."""
    return _remembered(token) if len(token) <= _LONGEST_WORD else _normalised(token)


@lru_cache(maxsize=8192)
def _remembered(token: str) -> tuple[str, ...]:
    """The same few thousand words make nearly all talk, and working them out was most of the cost."""
    return _normalised(token)


def _normalised(token: str) -> tuple[str, ...]:
    folded = without_accents(token.translate(_APOSTROPHES)).casefold()
    if _is_initialism(folded):
        return (folded.rstrip(".,?!").replace(".", ""),)
    letters = "".join(char if char.isalnum() or char == "'" else " " for char in folded)
    return tuple(
        word
        for part in letters.split()
        for word in _expanded(part.strip("'"))
        if word and word not in _HESITATIONS
    )


def without_accents(text: str) -> str:
    """`text` with marks over and under letters left out, in compatibility form (NFKD)."""
    if text.isascii():
        return text
    return "".join(
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    )


def normal_words(text: str) -> tuple[str, ...]:
    """The normalised words of all tokens in `text`."""
    return tuple(word for token in text.split() for word in normalise(token))


def _is_initialism(token: str) -> bool:
    """True for "a.i.", which would otherwise fall apart into letters."""
    parts = token.rstrip(".,?!").split(".")
    return len(parts) > 1 and all(len(part) == 1 and part.isalpha() for part in parts)


def _expanded(word: str) -> tuple[str, ...]:
    if word in _SPELLINGS:
        return _SPELLINGS[word]
    stem, apostrophe, suffix = word.rpartition("'")
    if not apostrophe:
        return (word,)
    if suffix == "t" and stem.endswith("n"):
        return (stem[:-1], "not")
    if suffix in _SUFFIXES:
        return (stem, _SUFFIXES[suffix])
    if suffix == "s" and stem in _IS:
        return (stem, "is")
    return (word.replace("'", ""),)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text if not _is_invisible(char))


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf"


def _spread(tokens: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """Times in proportion to characters, one more per token for the space after it."""
    total = sum(len(token) + 1 for token in tokens)
    times = []
    before = 0
    for token in tokens:
        after = before + len(token) + 1
        times.append((start + (end - start) * before // total, start + (end - start) * after // total))
        before = after
    return times


class Passage:
    """Consecutive words as one text for matching, with the way back from a match to the words.

    `text` is UTF-8, words separated and surrounded by one space. `ignored` are normalised words
    that say nothing ("please") and are left out of `text` but not of quotes.
    """

    def __init__(self, words: tuple[SpokenWord, ...], ignored: frozenset[str] = frozenset()) -> None:
        self.words = words
        self._owners: list[int] = []
        self._starts: list[int] = []
        parts: list[str] = []
        position = 1
        for index, word in enumerate(words):
            for part in word.normal:
                if part in ignored:
                    continue
                parts.append(part)
                self._owners.append(index)
                self._starts.append(position)
                position += len(part.encode()) + 1
        self.text = f" {' '.join(parts)} ".encode()

    def words_at(self, start: int, end: int) -> tuple[int, int]:
        """First and last index into `words` of the bytes `start` to `end` of `text`."""
        first = bisect_right(self._starts, start + 1) - 1
        last = bisect_right(self._starts, end - 1) - 1
        return self._owners[max(first, 0)], self._owners[max(last, 0)]

    def around(self, first: int, last: int, before: int, after: int) -> tuple[int, int]:
        """`first` to `last` widened by so many words, but not past the end of a sentence."""
        start = first
        while start > 0 and first - start < before and not self.words[start - 1].ends_sentence:
            start -= 1
        end = last
        while end < len(self.words) - 1 and end - last < after and not self.words[end].ends_sentence:
            end += 1
        return start, end

    def bytes_of(self, first: int, last: int) -> bytes:
        """`text` of the words `first` to `last`, with a space at both ends."""
        low = bisect_right(self._owners, first - 1)
        high = bisect_right(self._owners, last)
        if low >= high:
            return b"  "
        start = self._starts[low] - 1
        end = self._starts[high] if high < len(self._starts) else len(self.text)
        return self.text[start:end]

    def quote(self, first: int, last: int) -> str:
        """What was said from word `first` to word `last`, as it was transcribed."""
        return " ".join(word.surface for word in self.words[first : last + 1])
