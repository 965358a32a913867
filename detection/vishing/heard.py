"""What was just said, ready to be searched, with what led up to it."""

from collections import deque
from typing import NamedTuple

from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, SpokenWord
from detection.text.phrases import Hit, PhraseIndex, PhraseSet
from detection.types import Utterance

_CARRY_WORDS = 12
_CARRY_GAP = 2 * CALL_RATE
_REPLY_GAP = 15 * CALL_RATE
_TURN_UTTERANCES = 4


class Heard(NamedTuple):
    """One utterance as a passage, and which phrases are in it.

    The first `carried` words were said before it. `asked` are the phrases in what the other party said
    in its last turn, where that was seconds ago; empty where nobody knows who spoke.
    """

    channel: Channel
    passage: Passage
    carried: int
    held: frozenset[PhraseSet]
    asked: frozenset[PhraseSet]

    @property
    def start(self) -> int:
        """When its first word was said, in samples."""
        return self.passage.words[self.carried].start

    def find(self, phrases: PhraseSet) -> Hit | None:
        """The first match that ends in this utterance and that nothing speaks against."""
        if phrases not in self.held:
            return None
        return phrases.search(self.passage, self.carried - 1)


class Hearing:
    """Makes each utterance of one call a `Heard`. Runs on the inference thread.

    Utterances come one at a time, in order of their end. `mono` says that both parties are on one
    channel: then nobody knows who asked.
    """

    def __init__(self, index: PhraseIndex, ignored: frozenset[str], *, mono: bool = False) -> None:
        self._index = index
        self._ignored = ignored
        self._mono = mono
        self._carried: dict[Channel, tuple[SpokenWord, ...]] = {}
        self._speaking: Channel | None = None
        self._turn: dict[Channel, deque[tuple[int, frozenset[PhraseSet]]]] = {
            channel: deque(maxlen=_TURN_UTTERANCES) for channel in Channel
        }

    def hear(self, utterance: Utterance, words: tuple[SpokenWord, ...]) -> Heard:
        """Take in `words`, those of `utterance`."""
        carried = self._carry_over(utterance)
        passage = Passage((*carried, *words), self._ignored)
        held = self._index.held_by(passage)
        heard = Heard(utterance.channel, passage, len(carried), held, self._asked_before(utterance))
        self._carried[utterance.channel] = passage.words[-_CARRY_WORDS:]
        self._add_to_turn(utterance, held)
        return heard

    def _carry_over(self, utterance: Utterance) -> tuple[SpokenWord, ...]:
        """Last words of the same party, where the sentence may go on after a breath."""
        carried = self._carried.get(utterance.channel, ())
        if carried and not carried[-1].ends_sentence and utterance.start - carried[-1].end <= _CARRY_GAP:
            return carried
        return ()

    def _asked_before(self, utterance: Utterance) -> frozenset[PhraseSet]:
        if self._mono:
            return frozenset()
        other = Channel.AGENT if utterance.channel is Channel.CALLER else Channel.CALLER
        recent = (held for end, held in self._turn[other] if utterance.start - end <= _REPLY_GAP)
        return frozenset().union(*recent)

    def _add_to_turn(self, utterance: Utterance, held: frozenset[PhraseSet]) -> None:
        turn = self._turn[utterance.channel]
        if self._speaking is not utterance.channel:
            turn.clear()
            self._speaking = utterance.channel
        turn.append((utterance.end, held))
