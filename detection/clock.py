"""Times of a call as people read them."""

from audio.types import CALL_RATE


def clock(seconds: float) -> str:
    """A time in a call: 0:05, 12:40, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock_at(index: int) -> str:
    """The time in a call of sample `index` at `CALL_RATE`."""
    return clock(index / CALL_RATE)
