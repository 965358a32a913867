"""Whom a tap tells what it hears."""

import threading

from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.types import Samples


class Listener:
    """Passes on what a tap hears, and that it is lost, from whichever threads the tap is told on.

    Once detached it passes nothing on, however long a system's library takes to stop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._detached = False
        self._hear: Hear | None = None
        self._lose: Lose | None = None

    def attach(self, hear: Hear, lose: Lose) -> bool:
        """Pass on to these from now on; False where it is detached already."""
        with self._lock:
            if not self._detached:
                self._hear, self._lose = hear, lose
            return not self._detached

    def detach(self) -> None:
        """Pass nothing on any more. Not from within what is passed on."""
        with self._lock:
            self._detached = True
            self._hear = self._lose = None

    def hear(self, samples: Samples, at_s: float, lost: bool) -> None:
        """Pass a block on (`audio.devices.tap.Hear`)."""
        with self._lock:
            if self._hear:
                self._hear(samples, at_s, lost)

    def lose(self, error: AudioError) -> None:
        """Pass on that the device is gone, and nothing after it."""
        with self._lock:
            lose, self._hear, self._lose = self._lose, None, None
            if lose:
                lose(error)
