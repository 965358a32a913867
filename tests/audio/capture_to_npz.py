"""Captures the null sinks `mic` (agent) and `far` (caller): capture_to_npz.py FILE SECONDS.

Run in a process of its own, since PortAudio reads its configuration once. Prints `ready` when both
channels deliver and writes the sound of each channel with what was lost.
"""

import sys
import threading
import time
from pathlib import Path

import numpy as np

from audio.capture import DeviceSource
from audio.devices import find_input
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel


def main() -> None:
    path, seconds = Path(sys.argv[1]), float(sys.argv[2])
    source = DeviceSource({Channel.CALLER: find_input("far"), Channel.AGENT: find_input("mic")})
    assert source.is_live
    ring = AudioRing()
    source.start(ring)
    items: list[AudioChunk | AudioGap] = []
    deadline = None
    while not ring.ended:
        item = ring.pop(0.5)
        items += [item] if item else []
        if deadline is None and {item.channel for item in items} == set(source.channels):
            print("ready", flush=True)  # noqa: T201 - the test waits for it
            deadline = time.monotonic() + seconds
        if deadline is not None and time.monotonic() > deadline:
            source.stop()
    source.stop()
    arrays = {
        "rate": np.array(items[0].rate),
        "threads": np.array(threading.active_count()),
        "overflows": np.array(source.overflows),
    }
    for channel in source.channels:
        mine = [item for item in items if item.channel == channel]
        edges = [edge for item in mine for edge in (item.start, item.end)]
        arrays[f"{channel}_edges"] = np.array(edges)
        arrays[f"{channel}_lost"] = np.array([i.end - i.start for i in mine if isinstance(i, AudioGap)])
        arrays[channel] = np.concatenate([i.samples for i in mine if isinstance(i, AudioChunk)])
    np.savez(path, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
