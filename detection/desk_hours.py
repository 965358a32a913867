"""When a help desk is staffed, in the words of its settings: "mon-fri 08:00-18:00, sat 09:00-12:00"."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR_MINUTES = 60
_DAY_MINUTES = 24 * _HOUR_MINUTES
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")
_EXAMPLE = "mon-fri 08:00-18:00, sat 09:00-12:00"


@dataclass(frozen=True, slots=True)
class _Span:
    """Days (Monday is 0) on which the desk opens, and minutes from midnight.

    `until` is above 24:00 where the desk closes on the day after.
    """

    days: frozenset[int]
    since: int
    until: int

    def includes(self, day: int, minute: int) -> bool:
        today = day in self.days and self.since <= minute < self.until
        since_yesterday = (day - 1) % 7 in self.days and minute + _DAY_MINUTES < self.until
        return today or since_yesterday


@dataclass(frozen=True, slots=True)
class DeskHours:
    """Times of the week, by the clock on the desk's wall. `text` is how they were written."""

    text: str
    spans: tuple[_Span, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read spans parted by commas, each of days and times; one may go on past midnight.

        Raises `ValueError` with a sentence for the user.
        """
        parts = [" ".join(part.lower().split()) for part in text.split(",")]
        return cls(", ".join(parts), tuple(map(_span, parts)))

    def includes(self, moment: datetime) -> bool:
        """Whether the desk is staffed at `moment`, as its own wall clock shows it."""
        minute = moment.hour * _HOUR_MINUTES + moment.minute
        return any(span.includes(moment.weekday(), minute) for span in self.spans)


def _span(text: str) -> _Span:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no days and times; write it as in {_EXAMPLE!r}")
    first, last, *clock = found.groups()
    for day in filter(None, (first, last)):
        if day not in _DAYS:
            raise ValueError(f"{day!r} is no day; the days are {', '.join(_DAYS)}")
    since, until = _minutes(*clock[:2]), _minutes(*clock[2:])
    if since in (until, _DAY_MINUTES):
        raise ValueError(f"{text!r} holds no time; all day is 00:00-24:00")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    days = frozenset((start + number) % 7 for number in range((end - start) % 7 + 1))
    return _Span(days, since, until if until > since else until + _DAY_MINUTES)


def _minutes(hours: str, minutes: str) -> int:
    at = int(hours) * _HOUR_MINUTES + int(minutes)
    if int(minutes) >= _HOUR_MINUTES or at > _DAY_MINUTES:
        raise ValueError(f"{hours}:{minutes} is no time of day; the last is 24:00")
    return at
