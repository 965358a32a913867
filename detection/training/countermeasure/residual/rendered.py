"""Every clip sent several random ways, made once: what the networks of all folds are trained on."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.channels import sent_window
from detection.training.countermeasure.clips import RATE, Clip, read_sound

WAYS = 6
LENGTH = 4 * RATE

Rendered = NDArray[np.int16]
"""Shape (clips, `WAYS`, `LENGTH`)."""


def render(clips: Sequence[Clip], path: Path, seed: int) -> Rendered:
    """The clips as `random_way` leaves them: made once in the file `path` and read from it when used."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        shape = (len(clips), WAYS, LENGTH)
        made = np.lib.format.open_memmap(partial, "w+", np.int16, shape)
        talkers = [clip.path for clip in clips if not clip.synthetic][::6]
        with ProcessPoolExecutor(2, initializer=_talk_behind, initargs=(talkers,)) as pool:
            jobs = ((clip.path, [seed, number]) for number, clip in enumerate(clips))
            for number, ways in enumerate(pool.map(_sent, jobs, chunksize=8)):
                made[number] = ways
                if number % 400 == 0:
                    print(f"sent {number} of {len(clips)} clips", flush=True)
        made.flush()
        partial.replace(path)
    return np.load(path, mmap_mode="r")


_others: list[NDArray[np.int16]] = []
"""A process's own recordings of people to talk in the background."""


def _talk_behind(talkers: Sequence[Path]) -> None:
    _others.extend(map(read_sound, talkers))


def _sent(job: tuple[Path, list[int]]) -> NDArray[np.int16]:
    path, seed = job
    sound, rng = read_sound(path), np.random.default_rng(seed)
    ways = [sent_window(sound, LENGTH, rng, _others) for _ in range(WAYS)]
    return (np.stack(ways) * 32767).astype(np.int16)
