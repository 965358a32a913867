"""Which words of speech that has not ended can be relied on: those on which two passes agree.

LocalAgreement-2 (Macháček, Dabre and Bojar 2023, "Turning Whisper into Real-Time Transcription System"):
each pass hears the speech up to now, and the words that it begins with as the pass before did are
settled. The next pass need not hear the settled words again, so it costs the same however long a
person speaks.
"""

from collections.abc import Sequence
from itertools import takewhile

from audio.types import CALL_RATE
from detection.text.passage import normalise
from detection.types import Word

LONGEST_TAIL_S = 5.0
"""Speech that one pass hears before settled words are left out of the next."""

OVERLAP = 3
"""Settled words that the next pass hears again: the first word of a sound is often misheard."""

_LEAD = CALL_RATE // 10
"""Samples before those words, since the times of words are no more exact than that."""


class LocalAgreement:
    """The words of one stretch of speech from sample `start` (`CALL_RATE`, from call start)."""

    def __init__(self, start: int) -> None:
        self._listen_from = start
        self._left_out = 0
        self._settled: list[Word] = []
        self._tentative: list[Word] = []

    @property
    def settled(self) -> Sequence[Word]:
        """Words that will not change."""
        return self._settled

    @property
    def tentative(self) -> Sequence[Word]:
        """What the last pass heard after them."""
        return self._tentative

    @property
    def listen_from(self) -> int:
        """The sample from which the next pass has to hear."""
        return self._listen_from

    def hear(self, words: Sequence[Word], until: int) -> None:
        """Take in what a pass over the sound from `listen_from` to `until` gave."""
        fresh = self._after_settled(words)
        agreed = _agreed(fresh, self._tentative)
        self._settled += fresh[:agreed]
        self._tentative = fresh[agreed:]
        is_long = until - self._listen_from > LONGEST_TAIL_S * CALL_RATE
        if is_long and len(self._settled) > OVERLAP:
            self._left_out = len(self._settled) - OVERLAP
            self._listen_from = max(self._listen_from, self._settled[-OVERLAP].start - _LEAD)

    def _after_settled(self, words: Sequence[Word]) -> list[Word]:
        """`words` without those that are settled and were heard again."""
        again = self._settled[self._left_out :]
        if _agreed(words, again) == len(again):
            return list(words[len(again) :])
        # The pass heard them otherwise: told apart by time, which wanders by a word at most.
        end = self._settled[-1].end
        later = [word for word in words if word.start + word.end > 2 * end]
        if _agreed(later[:1], again[-1:]):
            return later[1:]
        return later


def _agreed(words: Sequence[Word], before: Sequence[Word]) -> int:
    """How many words at the start of both are the same but for case and punctuation."""
    pairs = zip(words, before, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _same(*pair), pairs))


def _same(one: Word, other: Word) -> bool:
    return (normalise(one.text) or one.text) == (normalise(other.text) or other.text)
