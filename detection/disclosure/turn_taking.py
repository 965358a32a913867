"""How a party takes part in a call: its answers' delays, overlaps, listening sounds, interruptions.

All from where speech begins and ends on the two channels. A party on a slow line answers late but
scatters like anybody, so what is measured is the spread of its delays, not how long they are.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audio.types import CALL_RATE, Channel

_MOST_KEPT = 400
_LONGEST_GAP_S = 5.0
"""A longer silence is no delay of an answer: somebody looks something up."""
_SHORT_S = 0.8
_INTERRUPTS_AFTER_S = 0.8
_INTERRUPTS_FOR_S = 0.6
_YIELDS_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class TurnMeasures:
    """What was counted of a party. Seconds; None where it was not seen often enough.

    `gap_spread_s` lies between the 10th and the 90th percentile of its delays; `open_delay_s` is how
    much longer the median is after questions that need thought than after yes-or-no ones.
    """

    turns: int
    gap_spread_s: float | None
    open_delay_s: float | None
    overlaps: int
    """Turns that it began while the other side was still speaking."""
    listening_sounds: int
    """Short sounds of its own within the other side's speech."""
    heard_s: float
    """Speech of the other side, during which it could have made them."""
    interrupted: int
    kept_on: int
    """Interruptions through which it spoke on."""


@dataclass(slots=True)
class _Span:
    start: int
    end: int
    is_open_question: bool | None = None
    """None where it is no question."""


class TurnTaking:
    """Collects the speech of both sides. Runs on the inference thread."""

    def __init__(self, subject: Channel, least: int) -> None:
        """`least` is how often a thing has to be seen before it is measured."""
        self._subject = subject
        self._least = least
        self._spans: dict[bool, list[_Span]] = {True: [], False: []}

    def hear(self, channel: Channel, start: int, end: int) -> None:
        """Take in a stretch of speech, in order of their ends (samples)."""
        spans = self._spans[channel is self._subject]
        spans.append(_Span(start, end))
        del spans[:-_MOST_KEPT]

    def mark_question(self, start: int, *, is_open: bool) -> None:
        """The other side's speech from `start` on asked something; `is_open`: not for yes or no."""
        for span in self._spans[False]:
            if span.start == start:
                span.is_open_question = is_open

    def measures(self) -> TurnMeasures:
        """What was counted so far."""
        own, other = self._spans[True], self._spans[False]
        begun = [(span, before) for span, before in _replies(own, other)]
        gaps = [((mine.start - theirs.end) / CALL_RATE, theirs) for mine, theirs in begun]
        delays = [(gap, theirs) for gap, theirs in gaps if 0 <= gap <= _LONGEST_GAP_S]
        interrupted = _interruptions(own, other)
        return TurnMeasures(
            turns=len(gaps),
            gap_spread_s=self._spread([gap for gap, _ in delays]),
            open_delay_s=self._open_delay(delays),
            overlaps=sum(gap < 0 for gap, _ in gaps),
            listening_sounds=sum(_is_within(span, other) for span in own),
            heard_s=sum(span.end - span.start for span in other) / CALL_RATE,
            interrupted=len(interrupted),
            kept_on=sum(interrupted),
        )

    def _spread(self, gaps: list[float]) -> float | None:
        if len(gaps) < self._least:
            return None
        low, high = np.percentile(gaps, [10, 90])
        return float(high - low)

    def _open_delay(self, delays: list[tuple[float, _Span]]) -> float | None:
        after = {
            kind: [gap for gap, theirs in delays if theirs.is_open_question is kind]
            for kind in (True, False)
        }
        if min(map(len, after.values())) * 2 < self._least:
            return None
        return float(np.median(after[True]) - np.median(after[False]))


def _replies(own: list[_Span], other: list[_Span]) -> list[tuple[_Span, _Span]]:
    """Each turn of its own that follows, or begins in, speech of the other side."""
    order = sorted(
        [(span.start, True, span) for span in own if not _is_within(span, other)]
        + [(span.start, False, span) for span in other],
        key=lambda item: (item[0], item[1]),
    )
    return [
        (span, before)
        for (_, was_own, before), (_, is_own, span) in pairwise(order)
        if is_own and not was_own
    ]


def _is_within(span: _Span, others: list[_Span]) -> bool:
    """Whether a short sound lies inside somebody else's speech."""
    is_short = span.end - span.start <= _SHORT_S * CALL_RATE
    return is_short and any(one.start < span.start and span.end < one.end for one in others)


def _interruptions(own: list[_Span], other: list[_Span]) -> list[bool]:
    """For each time the other side spoke into its turn: whether it spoke on."""
    found = []
    for mine in own:
        for theirs in other:
            came_in = mine.start + _INTERRUPTS_AFTER_S * CALL_RATE <= theirs.start < mine.end
            if came_in and theirs.end - theirs.start >= _INTERRUPTS_FOR_S * CALL_RATE:
                found.append(mine.end - theirs.start > _YIELDS_WITHIN_S * CALL_RATE)
    return found
