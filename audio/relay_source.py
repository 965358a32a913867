"""A call that begins in the middle of what is heard: sound handed on, counted from the call's start."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel

_HELD_S = 60.0
"""A call's pre-roll and what comes while the last call is still judged; of more, the oldest is lost."""
_POP_TIMEOUT_S = 0.2


class RelaySource:
    """Hands on what it is fed at `CALL_RATE` as a live call; its sample 0 is sample `begin` of that."""

    duration_s: float | None = None
    is_live = True
    is_paced = True

    def __init__(self, name: str, channels: Sequence[Channel], begin: int) -> None:
        self._name = name
        self._channels = tuple(channels)
        self._begin = begin
        self._held = AudioRing(_HELD_S)
        self._ring: AudioRing | None = None
        self._thread: threading.Thread | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self._channels

    @property
    def name(self) -> str:
        return self._name

    def feed(self, item: AudioChunk | AudioGap) -> None:
        """Hand on what comes next of one channel; what was before the call's begin is left out."""
        if item.end <= self._begin:
            return
        if isinstance(item, AudioGap):
            start = max(item.start, self._begin) - self._begin
            self._held.push(replace(item, start=start, end=item.end - self._begin))
            return
        early = max(0, self._begin - item.start)
        start = item.start + early - self._begin
        self._held.push(replace(item, start=start, samples=item.samples[early:]))

    def finish(self, error: Exception | None = None) -> None:
        """Nothing more is fed: the call ends once all of it was handed on, early where for `error`."""
        self._held.close(error)

    def start(self, ring: AudioRing) -> None:
        """Begin handing on, from a thread of its own."""
        self._ring = ring
        self._thread = threading.Thread(target=self._hand_on, args=(ring,), name="earwitness-relay")
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the ring."""
        self._held.close()
        if self._ring and self._thread:
            self._ring.close()
            self._thread.join()

    def _hand_on(self, ring: AudioRing) -> None:
        while not self._held.ended:
            item = self._held.pop(_POP_TIMEOUT_S)
            if item is not None and not ring.push_waiting(item):
                return
        ring.close(self._held.error)
