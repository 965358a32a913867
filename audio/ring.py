"""The bounded buffer between the thread that hears and the thread that walks."""

import threading
from collections import deque
from dataclasses import dataclass, field

from audio.types import AudioChunk, AudioGap, Channel

OVERRUN = "the program could not keep up with the sound"


@dataclass(slots=True)
class _Lane:
    """One channel's share of the ring: what waits, in order, and what had to go before it."""

    waiting: deque[tuple[int, AudioChunk | AudioGap]] = field(default_factory=deque)
    buffered_s: float = 0.0
    lost: tuple[int, AudioGap] | None = None

    @property
    def head(self) -> int | None:
        """Arrival number of what comes next."""
        if self.lost:
            return self.lost[0]
        return self.waiting[0][0] if self.waiting else None


class AudioRing:
    """Holds up to `capacity_s` seconds of each channel, in order of arrival.

    One thread pushes and one pops; any may close. The lock is held only while references move, so
    a real-time callback may `push`. Within a channel chunks and gaps come in the order of time.
    """

    def __init__(self, capacity_s: float = 4.0) -> None:
        self._capacity_s = capacity_s
        self._lanes: dict[Channel, _Lane] = {channel: _Lane() for channel in Channel}
        self._arrivals = 0
        self._dropped = 0
        self._closed = False
        self._error: Exception | None = None
        lock = threading.Lock()
        self._arrived = threading.Condition(lock)
        self._freed = threading.Condition(lock)

    @property
    def dropped_samples(self) -> int:
        """Samples pushed and never popped because the ring was full, all channels together."""
        return self._dropped

    @property
    def ended(self) -> bool:
        """True once the ring is closed and everything in it has been popped."""
        with self._arrived:
            return self._closed and self._next_lane() is None

    @property
    def error(self) -> Exception | None:
        """What `close` was given by the first to close."""
        return self._error

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Add `item` without waiting. Where the channel is full its oldest sound becomes one gap.

        After `close` this does nothing.
        """
        with self._arrived:
            if self._closed:
                return
            lane = self._lanes[item.channel]
            while lane.waiting and not self._has_room(lane, item):
                self._drop_oldest(lane)
            self._append(lane, item)

    def push_waiting(self, item: AudioChunk | AudioGap) -> bool:
        """Add `item` once there is room for it; False where the ring was closed meanwhile."""
        with self._freed:
            lane = self._lanes[item.channel]
            self._freed.wait_for(lambda: self._closed or self._has_room(lane, item))
            if self._closed:
                return False
            self._append(lane, item)
            return True

    def pop(self, timeout_s: float) -> AudioChunk | AudioGap | None:
        """What came first; None after `timeout_s` seconds without any, or once the ring has ended."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._closed or self._next_lane() is not None, timeout_s)
            lane = self._next_lane()
            if lane is None:
                return None
            if lane.lost:
                (_, gap), lane.lost = lane.lost, None
                return gap
            _, item = lane.waiting.popleft()
            lane.buffered_s -= _held_s(item)
            self._freed.notify_all()
            return item

    def close(self, error: Exception | None = None) -> None:
        """Take no more; what is inside can still be popped. The first close's `error` stays."""
        with self._arrived:
            if not self._closed:
                self._closed = True
                self._error = error
            self._arrived.notify_all()
            self._freed.notify_all()

    def _has_room(self, lane: _Lane, item: AudioChunk | AudioGap) -> bool:
        held = _held_s(item)
        return not lane.waiting or held == 0 or lane.buffered_s + held <= self._capacity_s

    def _append(self, lane: _Lane, item: AudioChunk | AudioGap) -> None:
        lane.waiting.append((self._arrivals, item))
        lane.buffered_s += _held_s(item)
        self._arrivals += 1
        self._arrived.notify()

    def _drop_oldest(self, lane: _Lane) -> None:
        arrival, item = lane.waiting.popleft()
        lane.buffered_s -= _held_s(item)
        if isinstance(item, AudioChunk):
            self._dropped += len(item.samples)
        start = item.start
        if lane.lost:
            arrival, lost = lane.lost
            start = round(lost.start * item.rate / lost.rate)
        lane.lost = arrival, AudioGap(item.channel, start, item.end, item.rate, OVERRUN)

    def _next_lane(self) -> _Lane | None:
        waiting = [(head, lane) for lane in self._lanes.values() if (head := lane.head) is not None]
        return min(waiting, key=lambda entry: entry[0])[1] if waiting else None


def _held_s(item: AudioChunk | AudioGap) -> float:
    """Seconds of sound that `item` keeps in memory."""
    return len(item.samples) / item.rate if isinstance(item, AudioChunk) else 0.0
