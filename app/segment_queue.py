"""The bounded queue between the pump and the inference thread."""

import threading
from collections import deque
from dataclasses import dataclass

from audio.types import CALL_RATE, AudioGap
from detection.types import Segment

QUEUE_SECONDS = 30.0

BEHIND = "the program could not keep up with the call"
STOPPED = "the call was stopped before this was judged"


@dataclass(frozen=True, slots=True)
class ClockTick:
    """All speech that starts before `at` (samples at `CALL_RATE`) is in the queue already."""

    at: int


@dataclass(frozen=True, slots=True)
class Displaced:
    """A segment that leaves the queue to be stored as not judged, and why."""

    segment: Segment
    reason: str


@dataclass(frozen=True, slots=True)
class EndOfCall:
    """Nothing follows; sound was heard up to `at` (samples at `CALL_RATE`)."""

    at: int


QueueItem = Segment | AudioGap | ClockTick | Displaced | EndOfCall


class SegmentQueue:
    """First in, first out, bounded by seconds of speech; one thread puts, one thread gets.

    When full, `put` either waits (a file can) or turns the oldest waiting segment into `Displaced`
    (a live call cannot wait, and lag must not grow).
    """

    def __init__(self, capacity_s: float = QUEUE_SECONDS) -> None:
        self._capacity = round(capacity_s * CALL_RATE)
        self._items: deque[QueueItem] = deque()
        self._held = 0
        self._closed = False
        self._given_up = False
        self._changed = threading.Condition()

    def put(self, item: QueueItem, *, wait: bool) -> None:
        """Add `item`; ignored once the queue is closed."""
        with self._changed:
            if self._given_up:
                item = _displaced(item, STOPPED)
            speech = _speech(item)
            if wait:
                self._changed.wait_for(lambda: self._closed or self._has_room(speech))
            else:
                self._displace_for(speech)
            if self._closed:
                return
            self._items.append(item)
            self._held += speech
            self._changed.notify_all()

    def get(self) -> QueueItem | None:
        """The oldest item, waiting for one; None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed)
            if self._closed:
                return None
            item = self._items.popleft()
            self._held -= _speech(item)
            self._changed.notify_all()
            return item

    def give_up(self) -> None:
        """Judge no more: speech that waits and speech that still comes turns into `Displaced`."""
        with self._changed:
            self._given_up = True
            self._items = deque(_displaced(item, STOPPED) for item in self._items)
            self._held = 0
            self._changed.notify_all()

    def close(self) -> None:
        """Drop what waits and let both threads go: used when nothing can be stored any more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _has_room(self, speech: int) -> bool:
        return speech == 0 or self._held == 0 or self._held + speech <= self._capacity

    def _displace_for(self, speech: int) -> None:
        for index, item in enumerate(self._items):
            if self._has_room(speech):
                return
            self._items[index] = _displaced(item, BEHIND)
            self._held -= _speech(item)


def _speech(item: QueueItem) -> int:
    return item.end - item.start if isinstance(item, Segment) else 0


def _displaced(item: QueueItem, reason: str) -> QueueItem:
    return Displaced(item, reason) if isinstance(item, Segment) else item
