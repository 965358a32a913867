"""The one protocol behind which every origin of sound stands: file, microphone, loopback, test."""

from typing import Protocol

from audio.ring import AudioRing
from audio.types import Channel


class AudioSource(Protocol):
    """Pushes `AudioChunk`s of its channels into a ring from a thread of its own.

    The owner calls `start` once and `stop` at least once; `stop` is idempotent, may be called from
    any thread and returns when no more chunks will be pushed. A source that reaches its end, or
    fails, calls `ring.close(error)` itself.
    """

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels this source delivers, known before `start`."""
        ...

    @property
    def name(self) -> str:
        """What a person would call it: a file's name or a device's."""
        ...

    @property
    def duration_s(self) -> float | None:
        """Length in seconds where it is known beforehand, for a progress bar."""
        ...

    @property
    def is_live(self) -> bool:
        """True where sound cannot wait: a slow walk loses sound, told as a gap, but is not late."""
        ...

    @property
    def is_paced(self) -> bool:
        """True where sound comes no faster than it is spoken, so that a person can follow it."""
        ...

    def start(self, ring: AudioRing) -> None:
        """Begin pushing into `ring`. Raises `AudioError` where the source cannot be opened."""
        ...

    def stop(self) -> None:
        """End the source's thread or stream and close the ring."""
        ...
