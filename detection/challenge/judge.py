"""Did the caller say what they were given, and how soon did they begin?

What was said is found by its words in their order, whatever else was said before and after. What the
recognizer did not understand fails nobody: only enough understood words that are others do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from audio.types import CALL_RATE, Channel
from detection.challenge.pack import ChallengePack, Rule
from detection.events import ChallengeGiven, ChallengeJudged
from detection.steps import ChallengeKind, ChallengeVerdict
from detection.text.passage import SpokenWord, spoken_words
from detection.types import Segment, Utterance

_MOST_QUOTED = 30
"""Words quoted of what was not the expected text."""


class _Heard(NamedTuple):
    """A word of the caller that counts; `delay` is that of its utterance, in samples."""

    normal: str
    spoken: SpokenWord
    delay: int


@dataclass(slots=True)
class _Open:
    """What was given and not yet judged, and what has been said since."""

    given: ChallengeGiven
    rule: Rule
    expected: tuple[str, ...]
    asked: list[tuple[int, int]] = field(default_factory=list)
    """Start and end of the help desk's speech."""
    said: list[SpokenWord] = field(default_factory=list)
    """All words of the caller."""
    heard: list[_Heard] = field(default_factory=list)
    """Those of them that count."""
    understood: int = 0
    missed: int = 0
    """Samples of the caller's speech that were understood, and that were not."""


class ChallengeJudge:
    """One challenge at a time, given in one call. Runs on the inference thread.

    Speech comes in the order of its end. Words that begin while the help desk speaks do not count: the
    line may carry its own voice back. `mono` says that both parties are on one channel, where nobody
    can tell who said the words, so that nothing is ever passed or failed.
    """

    def __init__(self, pack: ChallengePack, *, mono: bool = False) -> None:
        self._pack = pack
        self._mono = mono
        self._open: _Open | None = None

    def give(self, kind: ChallengeKind, at: int) -> ChallengeGiven:
        """New words, shown at sample `at`; what was open before is forgotten (see `conclude`)."""
        text = self._pack.draw(kind)
        given = ChallengeGiven(kind, text, self._pack.id, self._pack.revision, at)
        self._open = _Open(given, self._pack.rule(kind), self._pack.counting(text))
        return given

    def hear(self, segment: Segment, utterance: Utterance | None) -> ChallengeJudged | None:
        """Take in speech and its words, where they are known; the verdict once it is said."""
        challenge = self._open
        if challenge is None or segment.end <= challenge.given.at:
            return None
        if segment.channel is Channel.AGENT:
            challenge.asked.append((segment.start, segment.end))
            return None
        if segment.start < challenge.given.at or self._mono:
            return None
        if utterance is None:
            challenge.missed += segment.end - segment.start
            return None
        challenge.understood += segment.end - segment.start
        challenge.heard += self._answers(challenge, utterance)
        found = self._found(challenge)
        if len(found) < challenge.rule.passed * len(challenge.expected):
            return None
        return self._judged(challenge, ChallengeVerdict.PASSED, found, segment.end)

    def advance(self, at: int) -> ChallengeJudged | None:
        """All speech before sample `at` was heard: the verdict where the time is over."""
        challenge = self._open
        if challenge is None or at - challenge.given.at < challenge.rule.time_out_s * CALL_RATE:
            return None
        return self.conclude(at)

    def conclude(self, at: int) -> ChallengeJudged | None:
        """The verdict on what was said until now; None where nothing is open."""
        challenge = self._open
        if challenge is None:
            return None
        found = self._found(challenge)
        verdict = (
            ChallengeVerdict.NOT_HEARD if self._doubt(challenge, found) else ChallengeVerdict.FAILED
        )
        return self._judged(challenge, verdict, found, at)

    def _answers(self, challenge: _Open, utterance: Utterance) -> list[_Heard]:
        words = [
            word
            for word in spoken_words(utterance)
            if not any(start <= word.start < end for start, end in challenge.asked)
        ]
        if not words:
            return []
        challenge.said += words
        begun = words[0].start
        ends = [end for _, end in challenge.asked if end <= begun]
        delay = begun - max([challenge.given.at, *ends])
        return [
            _Heard(normal, word, delay) for word in words for normal in self._pack.counting(word.surface)
        ]

    def _found(self, challenge: _Open) -> list[_Heard]:
        """The words of the caller that are the expected ones, in their order."""
        heard = [self._meant(word.normal, challenge.expected) for word in challenge.heard]
        return [challenge.heard[index] for index in _in_order(challenge.expected, heard)]

    def _meant(self, word: str, expected: Sequence[str]) -> str:
        """The expected word that `word` is, give or take a few letters; else `word` itself."""
        import jiwer

        nearest = min(expected, key=lambda one: jiwer.cer(one, word))
        return nearest if jiwer.cer(nearest, word) <= self._pack.likeness else word

    def _doubt(self, challenge: _Open, found: Sequence[_Heard]) -> str:
        """Why nobody can tell whether it was said; empty where it was not."""
        number, expected = len(challenge.heard), len(challenge.expected)
        missed_s, spoken_s = (
            samples / CALL_RATE
            for samples in (challenge.missed, challenge.missed + challenge.understood)
        )
        if self._mono:
            return "Both sides are on one channel, so nobody can tell who said the words."
        if not challenge.asked:
            return "The help desk was not heard to ask for it."
        if challenge.missed > challenge.understood:
            return (
                f"{missed_s:.0f} s of the caller's {spoken_s:.0f} s of speech could not be understood."
            )
        if number < challenge.rule.least_words:
            return f"Too few of the caller's words were understood to tell: {number}."
        if len(found) > challenge.rule.failed * expected:
            return (
                f"{len(found)} of {expected} words were understood: too few to pass, too many to fail."
            )
        return ""

    def _judged(
        self, challenge: _Open, verdict: ChallengeVerdict, found: Sequence[_Heard], at: int
    ) -> ChallengeJudged:
        self._open = None
        number, expected = len(found), len(challenge.expected)
        match verdict:
            case ChallengeVerdict.PASSED:
                reason = f"{number} of {expected} words were understood in their order."
                first, last = found[0].spoken, found[-1].spoken
                quoted = [word for word in challenge.said if first.start <= word.start <= last.start]
            case ChallengeVerdict.FAILED:
                reason = (
                    f"{len(challenge.heard)} words of the caller were understood, {number} of the "
                    f"{expected} expected ones among them."
                )
                quoted = challenge.said[-_MOST_QUOTED:]
            case ChallengeVerdict.NOT_HEARD:
                reason = self._doubt(challenge, found)
                quoted = challenge.said[-_MOST_QUOTED:]
        return ChallengeJudged(
            verdict,
            number / expected,
            found[0].delay / CALL_RATE if found else None,
            challenge.rule.long_delay_s,
            " ".join(word.surface for word in quoted),
            quoted[0].start if quoted else challenge.given.at,
            quoted[-1].end if quoted else at,
            reason,
            at,
        )


def _in_order(expected: Sequence[str], heard: Sequence[str]) -> list[int]:
    """Indexes into `heard` of the longest sequence that both have in the same order.

    The edit distance would rather replace a word than leave out two, and so find fewer.
    """
    longest = [[0] * (len(heard) + 1) for _ in range(len(expected) + 1)]
    for row in reversed(range(len(expected))):
        for column in reversed(range(len(heard))):
            longest[row][column] = (
                longest[row + 1][column + 1] + 1
                if expected[row] == heard[column]
                else max(longest[row + 1][column], longest[row][column + 1])
            )
    found, row, column = [], 0, 0
    while row < len(expected) and column < len(heard):
        if expected[row] == heard[column]:
            found.append(column)
            row, column = row + 1, column + 1
        elif longest[row + 1][column] >= longest[row][column + 1]:
            row += 1
        else:
            column += 1
    return found
