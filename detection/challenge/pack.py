"""The challenge pack: what random sentences and phrases are made of. Format: docs/playbooks.md."""

import secrets
from collections.abc import Iterator, Mapping
from math import perm, prod
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import Field

from detection.steps import ChallengeKind
from detection.text.packs import Location, Pack, Part, load_pack
from detection.text.passage import normal_words

LEAST_DIFFERENT = 10_000
"""Different sentences, and phrases, below which a caller could have them all prepared."""

_Share = Annotated[float, Field(ge=0, le=1)]
_Words = Annotated[tuple[str, ...], Field(min_length=2)]


class Rule(Part):
    """When words count as said. Shares are of the words that count; times are in seconds."""

    passed: _Share
    """Share of the words, in their order, from which it was said."""
    failed: _Share
    """Share up to which something else was said."""
    least_words: Annotated[int, Field(ge=1)]
    """Words of the caller that have to be understood before anything is failed."""
    time_out_s: Annotated[float, Field(gt=0)]
    """Time after it was given at which it is judged by what was said until then."""
    long_delay_s: Annotated[float, Field(gt=0)] | None = Field(default=None)
    """Delay before it begins from which that is told; None where it says nothing."""


class Sentences(Rule):
    """Sentences with gaps such as `{place}`, and how they are judged."""

    frames: Annotated[tuple[str, ...], Field(min_length=1)]


class Phrases(Rule):
    """Phrases of so many different words, and how they are judged."""

    words: _Words
    number: Annotated[int, Field(ge=2, le=5)]


class ChallengePack(Pack):
    """What is given to callers of one language to say."""

    language: str
    likeness: Annotated[float, Field(ge=0, lt=0.5)]
    """Share of a word's letters that may be understood wrong for it still to count."""
    ignore: tuple[str, ...] = Field(default=())
    """Words that say nothing and do not count, such as "the"."""
    words: dict[str, _Words]
    sentence: Sentences
    one_time_phrase: Phrases

    def rule(self, kind: ChallengeKind) -> Rule:
        """When `kind` counts as said."""
        return self.sentence if kind is ChallengeKind.SENTENCE else self.one_time_phrase

    def draw(self, kind: ChallengeKind) -> str:
        """Words that nobody can know before: from the system's source of secrets."""
        if kind is ChallengeKind.SENTENCE:
            frame = secrets.choice(self.sentence.frames)
            return frame.format_map({name: secrets.choice(self.words[name]) for name in _gaps(frame)})
        drawn = secrets.SystemRandom().sample(self.one_time_phrase.words, self.one_time_phrase.number)
        return " ".join(drawn)

    def different(self, kind: ChallengeKind) -> int:
        """How many `draw` can give."""
        if kind is ChallengeKind.SENTENCE:
            return sum(
                prod(len(self.words[name]) for name in _gaps(frame)) for frame in self.sentence.frames
            )
        return perm(len(self.one_time_phrase.words), self.one_time_phrase.number)

    def counting(self, text: str) -> tuple[str, ...]:
        """The normalised words of `text` that count."""
        ignored = frozenset(self.ignore)
        return tuple(word for word in normal_words(text) if word not in ignored)

    def problems(self) -> Iterator[tuple[Location, str]]:
        broken = [*self._word_problems(), *self._frame_problems()]
        yield from broken
        for kind, rule in (
            (ChallengeKind.SENTENCE, self.sentence),
            (ChallengeKind.ONE_TIME_PHRASE, self.one_time_phrase),
        ):
            if not rule.failed < rule.passed:
                yield (kind.value, "failed"), "failed must be below passed"
            if not broken and self.different(kind) < LEAST_DIFFERENT:
                problem = (
                    f"makes {self.different(kind)} different ones, at least {LEAST_DIFFERENT} are needed"
                )
                yield (kind.value,), problem

    def _word_problems(self) -> Iterator[tuple[Location, str]]:
        lists: Mapping[Location, tuple[str, ...]] = {
            **{("words", name): words for name, words in self.words.items()},
            ("one_time_phrase", "words"): self.one_time_phrase.words,
        }
        for location, words in lists.items():
            for index, word in enumerate(words):
                if len(self.counting(word)) != 1:
                    yield (*location, index), f"'{word}' must be one word that counts"
                elif word in words[:index]:
                    yield (*location, index), f"'{word}' is there twice; keep one"

    def _frame_problems(self) -> Iterator[tuple[Location, str]]:
        for index, frame in enumerate(self.sentence.frames):
            location = ("sentence", "frames", index)
            try:
                gaps = _gaps(frame)
            except ValueError as error:
                yield location, f"{error}"
                continue
            if not gaps:
                yield location, "has no gap such as {place}"
            for number, name in enumerate(gaps):
                if name not in self.words:
                    yield location, f"'{{{name}}}' is no list of 'words'"
                elif name in gaps[:number]:
                    yield location, f"'{{{name}}}' is there twice; keep one"


def load_challenges(path: Path) -> ChallengePack:
    """Read a challenge pack. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, ChallengePack)


def _gaps(frame: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(frame) if name is not None]
