"""Records a call that never ends: `python -m tests.audio.record_until_killed FOLDER`, then kill it.

After each push it writes to standard output how far each channel was handed over (`TOLD`).
"""

import struct
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.recording.recorder import Recorder
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples

TOLD = struct.Struct("<qq")
NAME = "call"
_STRETCH = 4000
"""Samples of sound, four times, and then as many that are lost."""
_PAUSE_S = 0.0005


def lost(at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the sound at each of these samples is in a gap."""
    return at // _STRETCH % 5 == 4


@cache
def _said(channel: Channel) -> Samples:
    """Three seconds of noise with 16 bits, as loud as speech, another for each channel."""
    noise = np.random.default_rng(len(channel)).integers(-9000, 9000, 3 * CALL_RATE)
    return (noise / 32768).astype(np.float32)


def sound(channel: Channel, start: int, end: int) -> Samples:
    """What the call sounds like there."""
    return _said(channel)[np.arange(start, end) % (3 * CALL_RATE)]


def recorded(channel: Channel, end: int) -> Samples:
    """What a recording of the call's first `end` samples has to hold."""
    return np.where(lost(np.arange(end)), np.float32(0), sound(channel, 0, end))


def main() -> None:
    recorder = Recorder(Path(sys.argv[1]), NAME, list(Channel))
    lengths = np.random.default_rng()
    ends = dict.fromkeys(Channel, 0)
    while True:
        for channel, start in ends.items():
            length = int(lengths.integers(1, 900))
            end = min(start + length, (start // _STRETCH + 1) * _STRETCH)
            if lost(np.array(start)):
                recorder.push(AudioGap(channel, start, end, CALL_RATE, "lost"))
            else:
                recorder.push(AudioChunk(channel, start, CALL_RATE, sound(channel, start, end)))
            ends[channel] = end
            sys.stdout.buffer.write(TOLD.pack(*ends.values()))
            sys.stdout.buffer.flush()
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main()
