import pytest

from detection.clock import clock, clock_at


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (5.9, "0:05"), (754, "12:34"), (3723, "1:02:03")]
)
def test_times_in_a_call(seconds, text):
    assert clock(seconds) == text
    assert clock_at(round(seconds * 16000)) == text
