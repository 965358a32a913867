"""The bounded queue between the pump and the inference thread."""

import threading
from collections import Counter, deque
from dataclasses import dataclass

from audio.types import CALL_RATE, AudioGap, Channel
from detection.events import Event, StepTaken
from detection.steps import ChallengeKind
from detection.transcribe.live import OpenSpeech
from detection.types import Segment

QUEUE_SECONDS = 30.0

BEHIND = "the program could not keep up with the call"
STOPPED = "the call was stopped before this was judged"

_PASSED_OVER = 2
"""Stretches of open speech given up in a row from which the text counts as behind: one is jitter."""


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
class Noticed:
    """Something to be stored that no judge has a say in."""

    event: Event


@dataclass(frozen=True, slots=True)
class ChallengeWanted:
    """The agent wants something for the caller to say."""

    challenge: ChallengeKind


@dataclass(frozen=True, slots=True)
class EndOfCall:
    """No sound follows; sound was heard up to `at` (samples at `CALL_RATE`)."""

    at: int


QueueItem = (
    Segment | AudioGap | ClockTick | Displaced | Noticed | StepTaken | ChallengeWanted | EndOfCall
)
"""What has to be worked off, all of it and in its order."""


class SegmentQueue:
    """First in, first out, bounded by seconds of speech; one thread puts, one thread gets.

    When full, `put` either waits (a file can) or turns the oldest waiting segment into `Displaced`
    (a live call cannot wait, and lag must not grow). Open speech waits beside it, one stretch a channel:
    it is given out only when nothing else waits, a later one takes the place of an earlier one, and
    the segment that it becomes takes its place in turn. So it costs a call nothing but idle time.
    """

    def __init__(self, capacity_s: float = QUEUE_SECONDS) -> None:
        self._capacity = round(capacity_s * CALL_RATE)
        self._items: deque[QueueItem] = deque()
        self._open: dict[Channel, OpenSpeech] = {}
        self._passed_over: Counter[Channel] = Counter()
        self._held = 0
        self._closed = False
        self._given_up = False
        self._changed = threading.Condition()

    @property
    def passes_over(self) -> bool:
        """True while open speech waits so long that later stretches took its place again and again."""
        return any(count >= _PASSED_OVER for count in self._passed_over.values())

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
            self._end_open(item)
            # What a person does while the rest of a call is judged still belongs to it.
            has_ended = bool(self._items) and isinstance(self._items[-1], EndOfCall)
            self._items.insert(len(self._items) - has_ended, item)
            self._held += speech
            self._changed.notify_all()

    def put_open(self, speech: OpenSpeech) -> None:
        """Ask for the text of speech that has not ended; never waits."""
        channel = speech.segment.channel
        with self._changed:
            if self._closed or self._given_up:
                return
            if channel in self._open:
                self._passed_over[channel] += 1
            self._open[channel] = speech
            self._changed.notify_all()

    def get(self) -> QueueItem | OpenSpeech | None:
        """The oldest item, waiting for one; None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._open or self._closed)
            if self._closed:
                return None
            if not self._items:
                channel = min(self._open, key=lambda channel: self._open[channel].segment.end)
                del self._passed_over[channel]
                return self._open.pop(channel)
            item = self._items.popleft()
            self._held -= _speech(item)
            self._changed.notify_all()
            return item

    def give_up(self) -> None:
        """Judge no more: speech that waits and speech that still comes turns into `Displaced`."""
        with self._changed:
            self._given_up = True
            self._open.clear()
            self._passed_over.clear()
            self._items = deque(_displaced(item, STOPPED) for item in self._items)
            self._held = 0
            self._changed.notify_all()

    def close(self) -> None:
        """Drop what waits and let both threads go: used when nothing can be stored any more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._open.clear()
            self._changed.notify_all()

    def _end_open(self, item: QueueItem) -> None:
        """Forget the open speech that `item` ends."""
        match item:
            case Segment(channel=channel) | Displaced(segment=Segment(channel=channel)):
                self._open.pop(channel, None)
                del self._passed_over[channel]
            case EndOfCall():
                self._open.clear()
                self._passed_over.clear()

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
