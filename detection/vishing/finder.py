"""Utterances in, the tactics that a pack's phrases show in them out."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, SpokenWord
from detection.text.phrases import Hit
from detection.types import Utterance
from detection.vishing.pack import Matcher, TacticsPack

_CARRY_WORDS = 12
_CARRY_GAP = 2 * CALL_RATE
_REPLY_GAP = 15 * CALL_RATE
_TURN_UTTERANCES = 4


class Found(NamedTuple):
    """A tactic's label and the words that show it."""

    label: str
    hit: Hit


class TacticFinder:
    """Matches the phrases of a pack in one call. Runs on the inference thread.

    Utterances come one at a time, in order of their end. `mono` says that both parties are on one
    channel: then replies, which need to know who spoke, are not judged.
    """

    def __init__(self, pack: TacticsPack, *, mono: bool = False) -> None:
        self._pack = pack
        self._mono = mono
        self._ignored = frozenset(pack.ignore)
        self._carried: dict[Channel, tuple[SpokenWord, ...]] = {}
        self._speaking: Channel | None = None
        self._turn: dict[Channel, deque[tuple[int, Passage]]] = {
            channel: deque(maxlen=_TURN_UTTERANCES) for channel in Channel
        }

    def find(self, utterance: Utterance, words: tuple[SpokenWord, ...]) -> list[Found]:
        """What `words`, those of `utterance`, show: each tactic at most once, by where it was said."""
        carried = self._carry_over(utterance)
        passage = Passage((*carried, *words), self._ignored)
        questions = [] if self._mono else self._asked_before(utterance)
        found = []
        for label, matcher in self._pack.matchers.items():
            if not self._pack.tactics[label].spoken_by.includes(utterance.channel):
                continue
            if hit := _search(matcher, passage, len(carried) - 1, questions):
                found.append(Found(label, hit))
        self._carried[utterance.channel] = passage.words[-_CARRY_WORDS:]
        self._add_to_turn(utterance, passage)
        return sorted(found, key=lambda one: one.hit.start)

    def _carry_over(self, utterance: Utterance) -> tuple[SpokenWord, ...]:
        """Last words of the same party, where the sentence may go on after a breath."""
        carried = self._carried.get(utterance.channel, ())
        if carried and not carried[-1].ends_sentence and utterance.start - carried[-1].end <= _CARRY_GAP:
            return carried
        return ()

    def _asked_before(self, utterance: Utterance) -> list[Passage]:
        """What the other party said in its last turn, where that was seconds before `utterance`."""
        other = Channel.AGENT if utterance.channel is Channel.CALLER else Channel.CALLER
        return [passage for end, passage in self._turn[other] if utterance.start - end <= _REPLY_GAP]

    def _add_to_turn(self, utterance: Utterance, passage: Passage) -> None:
        turn = self._turn[utterance.channel]
        if self._speaking is not utterance.channel:
            turn.clear()
            self._speaking = utterance.channel
        turn.append((utterance.end, passage))


def _search(
    matcher: Matcher, passage: Passage, after_word: int, questions: Sequence[Passage]
) -> Hit | None:
    if hit := matcher.said.search(passage, after_word):
        return hit
    for reply in matcher.replies:
        if any(reply.to.search(question) for question in questions) and (
            hit := reply.says.search(passage, after_word)
        ):
            return hit
    return None
