"""The span of time that a report is about, as a person gives it."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_DAYS_BACK = re.compile(r"([0-9]{1,5})d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` on and before `until`, both in UTC."""

    since: datetime
    until: datetime


def beginning(given: str, now: datetime) -> datetime:
    """The moment in UTC from which `given` counts: a day's local midnight, a time, or "7d" before `now`.

    Raises `ValueError` with one sentence for a person.
    """
    return _moment(given, now, timedelta(0))


def ending(given: str, now: datetime) -> datetime:
    """The moment in UTC up to which `given` counts: a day counts whole. Raises `ValueError` likewise."""
    return _moment(given, now, timedelta(days=1))


def _moment(given: str, now: datetime, of_day: timedelta) -> datetime:
    text = given.strip()
    try:
        if back := _DAYS_BACK.fullmatch(text):
            return (now - timedelta(days=int(back[1]))).astimezone(UTC)
        return _dated(text, of_day)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"'{given}' is no day; give an ISO date such as 2026-11-01, or 7d for the last 7 days."
        ) from error


def _dated(text: str, of_day: timedelta) -> datetime:
    """The moment of an ISO date or time; without a zone it is this machine's."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text).astimezone(UTC)
    return datetime.combine(day + of_day, time()).astimezone(UTC)
