"""Whom a test lets a tap tell what it hears, and how a test waits for what it expects."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from audio.devices.tap import Tap
from audio.errors import AudioError
from audio.types import Samples


class Block(NamedTuple):
    """What a tap tells of each block (`audio.devices.tap.Hear`)."""

    samples: Samples
    at_s: float
    lost: bool


class Ear:
    """Keeps all that a tap tells."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.losses: list[AudioError] = []

    @property
    def sound(self) -> Samples:
        return np.concatenate([np.zeros(0, np.float32), *(block.samples for block in self.blocks)])

    def hear(self, samples: Samples, at_s: float, lost: bool) -> None:
        self.blocks.append(Block(samples, at_s, lost))

    def lose(self, error: AudioError) -> None:
        self.losses.append(error)


@contextmanager
def heard(tap: Tap) -> Iterator[Ear]:
    """What a tap tells until the block ends, where it is closed whatever happened."""
    ear = Ear()
    tap.start(ear.hear, ear.lose)
    try:
        yield ear
    finally:
        tap.close()


def until(is_so: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait until it is so; fail where it does not come to that in time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"it did not come to that within {within_s:g} s"
        time.sleep(0.01)
