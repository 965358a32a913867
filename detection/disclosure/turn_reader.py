"""One call as the statement reader reads it: each side's turn, after what the other side said last."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from audio.types import Channel
from detection.disclosure.reader import LONGEST_TURN, StatementReader
from detection.text.passage import SpokenWord

_PART_WORDS = 14
_LEAST_WORDS = 3
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Told:
    """A statement of a turn: its probability, and the words of it that say it best."""

    probability: float
    quote: str
    start: int


class TurnReader:
    """Gathers one call's utterances into turns and has each read. Runs on the inference thread.

    An utterance that goes on with a turn has the whole turn read again.
    """

    def __init__(self, reader: StatementReader, subject: Channel) -> None:
        self._reader = reader
        self._subject = subject
        self._channel: Channel | None = None
        self._turn: tuple[SpokenWord, ...] = ()
        self._before: tuple[str, ...] = ()
        self._found: set[str] = set()
        self._goes_on = False

    @property
    def goes_on(self) -> bool:
        """Whether what was heard last went on with the turn before it."""
        return self._goes_on

    def hear(
        self, channel: Channel, words: tuple[SpokenWord, ...], found: Collection[str]
    ) -> Mapping[str, Told]:
        """Read on. Every statement that passes its threshold in the turn so far.

        `found` are those that phrases have shown in `words`: for them the network needs less.
        """
        self._goes_on = channel is self._channel
        if not self._goes_on:
            self._before = _normal(self._turn)[-LONGEST_TURN:]
            self._channel, self._turn = channel, ()
            self._found.clear()
        self._found |= set(found)
        self._turn = (*self._turn, *words)[-LONGEST_TURN:]
        is_subject = channel is self._subject
        shown = self._raised(self._read(self._turn, is_subject=is_subject))
        return {
            label: self._told(label, shown[label], is_subject=is_subject)
            for label, threshold in self._reader.manifest.thresholds.items()
            if shown[label] >= threshold
        }

    def _raised(self, shown: Mapping[str, float]) -> dict[str, float]:
        """With the log-odds of what phrases have found raised as the pack says."""
        raised = dict(shown)
        for label in self._found & set(raised):
            bonus = self._reader.manifest.phrase_bonus.get(label, 0.0)
            likely = min(max(raised[label], _LEAST), 1 - _LEAST)
            raised[label] = 1 / (1 + exp(-log(likely / (1 - likely)) - bonus))
        return raised

    def _read(self, words: Sequence[SpokenWord], *, is_subject: bool) -> Mapping[str, float]:
        return self._reader.read(self._before, _normal(words), is_subject=is_subject)

    def _told(self, label: str, probability: float, *, is_subject: bool) -> Told:
        """With the part of the turn in which the network sees it most clearly."""
        parts = list(_parts(self._turn))
        best = parts[0]
        if len(parts) > 1:
            best = max(parts, key=lambda part: self._read(part, is_subject=is_subject)[label])
        return Told(probability, " ".join(word.surface for word in best), best[0].start)


def _normal(words: Sequence[SpokenWord]) -> tuple[str, ...]:
    return tuple(part for word in words for part in word.normal)


def _parts(words: Sequence[SpokenWord]) -> Iterator[Sequence[SpokenWord]]:
    """Sentences, long ones in pieces, and pieces too short for one of their own with the next."""
    first = 0
    for number, word in enumerate(words, 1):
        count = number - first
        is_last = number == len(words)
        if is_last or count >= _PART_WORDS or (word.ends_sentence and count >= _LEAST_WORDS):
            yield words[first:number]
            first = number
