"""Debian's voices saying made-up sentences: synthetic speech learned from beside the recordings."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detection.training.countermeasure.clips import Clip
from detection.training.countermeasure.prepare import DEBIAN_CLIPS, spoken


def prepare(folder: Path, seed: int) -> list[Clip]:
    """`DEBIAN_CLIPS` clips of Debian's voices in turn, spoken anew each time and always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(spoken, folder, seed, number) for number in range(DEBIAN_CLIPS)]
        rows = [job.result() for job in jobs]
    return [Clip(folder / name, True, system, source, speaker) for name, system, source, speaker in rows]
