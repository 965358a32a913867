from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from detection.desk_hours import DeskHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = DeskHours.of("mon-fri 08:00-18:00, sat 09:00-12:00")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A day of November 2026, the 16th being a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "staffed"),
    [
        (local(16, 7, 59), False),
        (local(16, 8), True),
        (local(20, 17, 59), True),
        (local(20, 18), False),
        (local(21, 8, 30), False),
        (local(21, 9), True),
        (local(22, 10), False),
    ],
)
def test_hours_of_a_week(moment: datetime, staffed: bool):
    assert OFFICE.includes(moment) is staffed


def test_a_night_shift_belongs_to_the_day_it_began():
    nights = DeskHours.of("sun-thu 22:00-06:00")
    assert nights.includes(local(16, 23, 59))
    assert nights.includes(local(17, 0))
    assert nights.includes(local(20, 5, 59)), "the shift of Thursday"
    assert not nights.includes(local(20, 22)), "there is none on Friday"
    assert not nights.includes(local(21, 3))
    assert nights.includes(local(16, 3)), "the shift of Sunday"


def test_around_the_clock_and_over_the_end_of_the_week():
    assert all(DeskHours.of("mon-sun 00:00-24:00").includes(local(day, 23, 59)) for day in range(16, 23))
    weekend = DeskHours.of("Sat-Mon  08:00-18:00")
    assert [weekend.includes(local(day, 12)) for day in range(16, 23)] == [
        True,
        *[False] * 4,
        True,
        True,
    ]
    assert weekend.text == "sat-mon 08:00-18:00"


def test_the_wall_clock_counts_on_the_days_it_is_put_forward_and_back():
    early = DeskHours.of("sun 02:00-03:00")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(BERLIN)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(BERLIN)
    assert (first.hour, second.hour) == (2, 2)
    assert early.includes(first)
    assert early.includes(second)
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC).astimezone(BERLIN)
    after = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).astimezone(BERLIN)
    assert not early.includes(before)
    assert not early.includes(after), "there was no hour from two to three"
    assert OFFICE.includes(datetime(2026, 3, 30, 6, 0, tzinfo=UTC).astimezone(BERLIN))
    assert not OFFICE.includes(datetime(2026, 3, 27, 6, 0, tzinfo=UTC).astimezone(BERLIN))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("weekdays", "'weekdays' is no days and times"),
        ("mon-fri 8-18", "'mon-fri 8-18' is no days and times"),
        ("mon-fri 08:00-18:00,", "'' is no days and times"),
        ("mon-fry 08:00-18:00", "'fry' is no day"),
        ("mon 08:00-25:00", "25:00 is no time of day"),
        ("mon 08:60-18:00", "08:60 is no time of day"),
        ("mon 08:00-08:00", "all day is 00:00-24:00"),
        ("mon 24:00-08:00", "all day is 00:00-24:00"),
    ],
)
def test_what_cannot_be_read_is_said_with_an_example(text: str, problem: str):
    with pytest.raises(ValueError, match=problem):
        DeskHours.of(text)
