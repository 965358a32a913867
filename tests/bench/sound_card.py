"""A microphone whose every sample has a known moment: a source of PulseAudio that is fed from here.

Run as a program it is the card's clock: `python -m tests.bench.sound_card FIFO SOUND STAMPS` says that
it is ready, waits for a line and then hands over a period of SOUND (16 bit, mono) every 10 ms,
whether or not anybody takes it, until it is ended.
"""

import array
import fcntl
import mmap
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.live.clock import now_s
from tests.bench.marked_sound import RATE, Pcm
from tests.pulse import PrivatePulse

NAME = "headset"
PERIOD = RATE // 100
_BYTES = 2
_HELD = RATE // 2 * _BYTES
"""Bytes of sound kept for a server that is late. Later than that it has nobody who listens, and whoever
does next must not be given what was spoken before."""
_STAMP = struct.Struct("<qqd")
"""First sample of a period, how many of it were taken, and when (`now_s`)."""
_REPO = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stamps:
    """What a card has handed over: one entry for each period."""

    first: NDArray[np.int64]
    taken: NDArray[np.int64]
    at_s: NDArray[np.float64]

    @property
    def begin_s(self) -> float:
        """When sample 0 was spoken by the card's clock; its last periods are late by nothing."""
        return float(np.min(self.at_s - (self.first + PERIOD) / RATE))

    def spoken_s(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """When these samples were spoken: so long before the card handed over the period's end."""
        period = np.clip(samples // PERIOD, 0, len(self.first) - 1).astype(np.int64)
        return self.at_s[period] - (self.first[period] + PERIOD - samples) / RATE

    @property
    def late_s(self) -> NDArray[np.float64]:
        """How late the card itself was with each period."""
        return self.at_s - (self.first + PERIOD) / RATE - self.begin_s


class SoundCard:
    """The card and its plug, at a private sound server."""

    def __init__(self, pulse: PrivatePulse, folder: Path, sound: Pcm) -> None:
        self._pulse = pulse
        self._fifo = folder / "headset.fifo"
        self._stamps = folder / "headset.stamps"
        self._sound = folder / "headset.raw"
        self._sound.write_bytes(sound.astype("<i2").tobytes())
        self._module = ""
        self._clock: subprocess.Popen[bytes] | None = None

    def plug(self) -> None:
        """Let the server have the microphone."""
        self._fifo.unlink(missing_ok=True)  # a killed server leaves it behind, and refuses it later
        self._module = self._pulse.control(
            "load-module",
            "module-pipe-source",
            f"source_name={NAME}",
            f"source_properties=device.description={NAME}",
            f"file={self._fifo}",
            "format=s16le",
            f"rate={RATE}",
            "channels=1",
        )

    def unplug(self) -> None:
        """Take it away."""
        self._pulse.control("unload-module", self._module)

    def prepare(self) -> None:
        """Have the clock ready."""
        command = [sys.executable, "-m", "tests.bench.sound_card"]
        files = [str(self._fifo), str(self._sound), str(self._stamps)]
        self._clock = subprocess.Popen(
            [*command, *files], cwd=_REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._clock.stdout
        self._clock.stdout.readline()

    def start(self) -> None:
        """Let the clock run: the sound goes on from here to its end."""
        assert self._clock
        assert self._clock.stdin
        self._clock.stdin.write(b"\n")
        self._clock.stdin.flush()

    def stop(self) -> None:
        """End the clock."""
        if self._clock:
            self._clock.terminate()
            self._clock.communicate()

    def stamps(self) -> Stamps:
        """What was handed over so far."""
        data = self._stamps.read_bytes()
        whole = len(data) // _STAMP.size * _STAMP.size
        first, taken, at_s = zip(*_STAMP.iter_unpack(data[:whole]), strict=True)
        return Stamps(np.array(first), np.array(taken), np.array(at_s))


def main() -> None:
    """The card's clock."""
    fifo, sound, stamps = map(Path, sys.argv[1:4])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    wire = _Wire(fifo)
    with sound.open("rb") as file, stamps.open("wb", buffering=0) as log:
        samples = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        begin_s = now_s()
        for first in range(0, len(samples) // _BYTES - PERIOD, PERIOD):
            time.sleep(max(0.0, begin_s + (first + PERIOD) / RATE - now_s()))
            taken = wire.put(samples[first * _BYTES : (first + PERIOD) * _BYTES])
            log.write(_STAMP.pack(first, taken // _BYTES, now_s()))


class _Wire:
    """The pipe to the server. What a server that has not begun to read, or no longer reads, leaves in it
    is let go."""

    def __init__(self, fifo: Path) -> None:
        self._fifo = fifo
        self._pipe: int | None = None
        self._is_read = False
        self._left = 0

    def put(self, period: memoryview) -> int:
        """Hand over what a period holds; how many bytes of it were taken."""
        try:
            if self._pipe is None:
                self._pipe = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK)
                self._is_read, self._left = False, 0
            unread = self._unread(self._pipe)
            self._is_read = self._is_read or unread < self._left
            if unread > (_HELD if self._is_read else 0):
                self._let_go()
                self._is_read = False
            taken = os.write(self._pipe, period)
            self._left = self._unread(self._pipe)
        except OSError:  # nobody reads
            if self._pipe is not None:
                os.close(self._pipe)
            self._pipe = None
            return 0
        return taken

    def _unread(self, pipe: int) -> int:
        count = array.array("i", [0])
        fcntl.ioctl(pipe, termios.FIONREAD, count)
        return count[0]

    def _let_go(self) -> None:
        drain = os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK)
        os.read(drain, 1 << 16)
        os.close(drain)


if __name__ == "__main__":
    main()
