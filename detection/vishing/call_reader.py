"""One call as the network reads it: what was said becomes turns, and each turn moves the evidence."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from audio.types import Channel
from detection.models.manifest import TalkManifest
from detection.text.passage import SpokenWord
from detection.text.phrases import Hit
from detection.vishing.finder import Found
from detection.vishing.reader import TalkReader

LONGEST_TURN = 60
"""Normalised words; a party who goes on for longer begins another turn."""
_MOVING = 0.3
_PIECE_WORDS = 14
_QUOTE_WORDS = 24


@dataclass(frozen=True, slots=True)
class Move:
    """How much a turn moved the evidence: natural-log likelihood ratio vishing : honest."""

    quote: str
    channel: Channel
    start: int
    llr: float


class CallReader:
    """Gathers one call's utterances into turns and has each read. Runs on the inference thread.

    An utterance that goes on with a turn has the whole turn read again from the state before it.
    """

    def __init__(self, reader: TalkReader) -> None:
        self._reader = reader
        self._before = self._after = reader.start
        self._channel: Channel | None = None
        self._words: tuple[SpokenWord, ...] = ()
        self._found: set[str] = set()
        self._told: set[str] = set()
        self._llr_before = 0.0
        self._llr = 0.0
        self._moves: list[Move] = []
        self._moving: set[tuple[str, ...]] = set()

    @property
    def manifest(self) -> TalkManifest:
        """Of the pack that reads."""
        return self._reader.manifest

    @property
    def llr(self) -> float:
        """Natural-log likelihood ratio vishing : honest so far; 0 before anything was said."""
        return self._llr

    @property
    def moving_turns(self) -> int:
        """How many turns, different in wording, have spoken for a con."""
        now = {tuple(_normal(self._words))} if self._moves and self._moves[-1].llr >= _MOVING else set()
        return len(self._moving | now)

    @property
    def moves(self) -> Sequence[Move]:
        """How each turn moved it, in their order."""
        return self._moves

    def hear(
        self, channel: Channel, words: tuple[SpokenWord, ...], found: Collection[str]
    ) -> list[Found]:
        """Read on; `found` is what phrases have shown in `words`. What the network finds beside that."""
        read = []
        for part in _parts(words):
            read += self._hear_part(channel, part, found)
        return read

    def _hear_part(
        self, channel: Channel, words: tuple[SpokenWord, ...], found: Collection[str]
    ) -> list[Found]:
        goes_on = channel is self._channel and _count(self._words) + _count(words) <= LONGEST_TURN
        if not goes_on:
            self._begin(channel)
        self._words += words
        self._found |= set(found)
        self._told |= set(found)
        reading, self._after = self._reader.read(
            self._before, _normal(self._words), channel, self._found
        )
        self._llr = reading.llr
        self._note_move(channel)
        fresh = [label for label in self._shown(reading.tactics) if label not in self._told]
        self._told |= set(fresh)
        return [Found(label, self._quote(label, channel)) for label in fresh]

    def _begin(self, channel: Channel) -> None:
        if self._moves and self._moves[-1].llr >= _MOVING:
            self._moving.add(tuple(_normal(self._words)))
        self._before, self._llr_before = self._after, self._llr
        self._channel, self._words = channel, ()
        self._found, self._told = set(), set()
        self._moves.append(Move("", channel, 0, 0.0))

    def _note_move(self, channel: Channel) -> None:
        quote = " ".join(word.surface for word in self._words[:_QUOTE_WORDS])
        if len(self._words) > _QUOTE_WORDS:
            quote += " ..."
        self._moves[-1] = Move(quote, channel, self._words[0].start, self._llr - self._llr_before)

    def _shown(self, tactics: Mapping[str, float]) -> Iterator[str]:
        for label, told in self._reader.manifest.tactics.items():
            if tactics[label] >= told.threshold:
                yield label

    def _quote(self, label: str, channel: Channel) -> Hit:
        """The piece of the turn that shows `label` best."""
        pieces = list(_pieces(self._words))
        if len(pieces) == 1:
            first, last = pieces[0]
        else:
            first, last = max(
                pieces,
                key=lambda piece: self._share(label, channel, self._words[piece[0] : piece[1] + 1]),
            )
        said = self._words[first : last + 1]
        return Hit(first, last, " ".join(word.surface for word in said), said[0].start, said[-1].end)

    def _share(self, label: str, channel: Channel, words: Sequence[SpokenWord]) -> float:
        reading, _ = self._reader.read(self._before, _normal(words), channel, ())
        return reading.tactics[label]


def _parts(words: tuple[SpokenWord, ...]) -> Iterator[tuple[SpokenWord, ...]]:
    """`words` in parts no longer than a turn may be."""
    first = count = 0
    for index, word in enumerate(words):
        if count and count + len(word.normal) > LONGEST_TURN:
            yield words[first:index]
            first, count = index, 0
        count += len(word.normal)
    if count:
        yield words[first:]


def _pieces(words: Sequence[SpokenWord]) -> Iterator[tuple[int, int]]:
    """First and last index of each sentence, or of so many words where sentences are not marked."""
    first = 0
    for index, word in enumerate(words):
        if word.ends_sentence or index - first + 1 == _PIECE_WORDS or index == len(words) - 1:
            yield first, index
            first = index + 1


def _normal(words: Sequence[SpokenWord]) -> list[str]:
    return [part for word in words for part in word.normal]


def _count(words: Sequence[SpokenWord]) -> int:
    return sum(len(word.normal) for word in words)
