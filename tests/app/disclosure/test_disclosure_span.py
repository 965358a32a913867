from datetime import UTC, datetime, timedelta

import pytest

from app.disclosure.span import beginning, ending
from tests.app.disclosure.calls import NOON


def local(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """In 2026, by this machine's clock."""
    return datetime(2026, month, day, hour, minute).astimezone().astimezone(UTC)


def test_a_day_begins_and_ends_at_midnight_here():
    assert beginning("2026-11-01", NOON) == local(11, 1)
    assert ending("2026-11-30", NOON) == local(12, 1)


def test_days_back_are_counted_from_now():
    assert beginning("7d", NOON) == NOON - timedelta(days=7)
    assert ending(" 1d ", NOON) == NOON - timedelta(days=1)


def test_a_time_is_this_machines_where_it_names_no_zone():
    assert beginning("2026-11-01T08:30", NOON) == local(11, 1, 8, 30)
    assert ending("2026-11-01T08:30:00+05:00", NOON) == datetime(2026, 11, 1, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "given", ["", "soon", "7", "d", "-7d", "7 d", "\u0667d", "2026-13-01", "2026-11", "1/11/26"]
)
def test_what_is_no_day_is_said_with_an_example(given):
    with pytest.raises(ValueError, match=r"is no day; give an ISO date such as 2026-11-01, or 7d"):
        beginning(given, NOON)


@pytest.mark.parametrize("given", ["9999-12-31", "9999-12-31T23:59:59-12:00"])
def test_a_day_at_the_end_of_time_is_no_day(given):
    with pytest.raises(ValueError, match="is no day"):
        ending(given, NOON)


def test_more_days_than_there_were_are_no_day():
    assert beginning("99999d", NOON) < NOON
    with pytest.raises(ValueError, match="is no day"):
        beginning("999999d", NOON)
