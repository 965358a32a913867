"""The parts that a tactics pack is made of: tactics, checks, acts and what they weigh."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from audio.types import Channel
from detection.text.packs import Location, Part
from detection.text.phrases import PhraseSet, Vocabulary

Weight: TypeAlias = Annotated[float, Field(ge=-10, le=10)]
Words: TypeAlias = tuple[str, ...]


class SpokenBy(StrEnum):
    """Whose words show a tactic."""

    CALLER = "caller"
    AGENT = "agent"
    EITHER = "either"

    def includes(self, channel: Channel) -> bool:
        return self is SpokenBy.EITHER or self.value == channel.value


class Reply(Part):
    """Words that mean something only as an answer: `says` within seconds of the other side's `to`."""

    to: Words = Field(min_length=1)
    says: Words = Field(min_length=1)


class Tactic(Part):
    """One label: what it is called, what it weighs (natural-log LLR) and the words that show it."""

    title: str
    sentence: str
    weight: Weight
    spoken_by: SpokenBy = Field(default=SpokenBy.CALLER)
    patterns: Words = Field(default=())
    unless: Words = Field(default=())
    replies: tuple[Reply, ...] = Field(default=())
    needs: Literal["words", "log"] = "words"
    """`log`: shown by the case log or the clock, not by words."""


class Check(Part):
    """A way to make sure who is calling. The agent asks and confirms; the caller dodges or refuses."""

    title: str
    strength: Literal["strong", "weak"]
    """`weak`: what somebody else could know, such as a birthday."""
    asked: Words = Field(min_length=1)
    passed: Words = Field(default=())
    dodged: Words = Field(default=())
    refused: Words = Field(default=())
    unless: Words = Field(default=())


class Act(Part):
    """Something an agent does for a caller that a con is after; `replies` show that it was done."""

    title: str
    sentence: str
    """What was done, to go on with "before the caller was verified"; without a full stop."""
    begun: Words = Field(default=())
    done: Words = Field(default=())
    replies: tuple[Reply, ...] = Field(default=())
    unless: Words = Field(default=())


class Conjunction(Part):
    """Tactics that together say more than apart: one of each group in `all_of` adds `weight`."""

    sentence: str
    all_of: Words = Field(min_length=2)
    weight: Weight


class Thresholds(Part):
    """LLRs at which the level changes, and the words of the caller below which there is none."""

    watch: float
    alert: float
    min_caller_words: Annotated[int, Field(ge=0)]


def phrase_lists(part: Part) -> Iterator[tuple[Location, Words]]:
    """Every list of phrases in `part`, and where in it."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if not isinstance(value, tuple):
            continue
        if all(isinstance(phrase, str) for phrase in value):
            yield (name,), value
        for number, reply in enumerate(value):
            if isinstance(reply, Reply):
                yield (name, number, "to"), reply.to
                yield (name, number, "says"), reply.says


class ReplyMatcher:
    """A `Reply`, compiled."""

    def __init__(self, reply: Reply, unless: Words, vocabulary: Vocabulary) -> None:
        self.to = PhraseSet(reply.to, (), vocabulary)
        self.says = PhraseSet(reply.says, unless, vocabulary)


class Matcher:
    """The phrases of a `Tactic`, compiled. Safe on any thread."""

    def __init__(self, tactic: Tactic, vocabulary: Vocabulary) -> None:
        self.said = PhraseSet(tactic.patterns, tactic.unless, vocabulary)
        self.replies = tuple(ReplyMatcher(one, tactic.unless, vocabulary) for one in tactic.replies)

    def sets(self) -> Iterator[PhraseSet]:
        """All of them."""
        yield self.said
        yield from _sets_of(self.replies)


class CheckMatcher:
    """The phrases of a `Check`, compiled. Safe on any thread."""

    def __init__(self, check: Check, vocabulary: Vocabulary) -> None:
        self.asked = PhraseSet(check.asked, check.unless, vocabulary)
        self.passed = PhraseSet(check.passed, check.unless, vocabulary)
        self.dodged = PhraseSet(check.dodged, (), vocabulary)
        self.refused = PhraseSet(check.refused, (), vocabulary)

    def sets(self) -> Iterator[PhraseSet]:
        """All of them."""
        yield from (self.asked, self.passed, self.dodged, self.refused)


class ActMatcher:
    """The phrases of an `Act`, compiled. Safe on any thread."""

    def __init__(self, act: Act, vocabulary: Vocabulary) -> None:
        self.begun = PhraseSet(act.begun, act.unless, vocabulary)
        self.done = PhraseSet(act.done, act.unless, vocabulary)
        self.replies = tuple(ReplyMatcher(one, act.unless, vocabulary) for one in act.replies)

    def sets(self) -> Iterator[PhraseSet]:
        """All of them."""
        yield from (self.begun, self.done)
        yield from _sets_of(self.replies)


def _sets_of(replies: tuple[ReplyMatcher, ...]) -> Iterator[PhraseSet]:
    for reply in replies:
        yield from (reply.to, reply.says)
