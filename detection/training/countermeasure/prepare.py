"""Debian's voices saying made-up sentences: synthetic speech learned from beside the recordings."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from detection.training.countermeasure.clips import DEBIAN_SOURCE, RATE, Clip, read_sound
from detection.training.countermeasure.debian_voices import VOICES, sentence, speak

DEBIAN_CLIPS = 350
MAX_CLIP_S = 4.5


def prepare(folder: Path, seed: int) -> list[Clip]:
    """`DEBIAN_CLIPS` clips of Debian's voices in turn; the same for the same `seed`."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(_spoken, folder, seed, number) for number in range(DEBIAN_CLIPS)]
        return [job.result() for job in jobs]


def _spoken(folder: Path, seed: int, number: int) -> Clip:
    rng = np.random.default_rng([seed, number])
    voice = list(VOICES)[number % len(VOICES)]
    path = folder / f"debian_{number}.wav"
    if not path.exists():
        raw = folder / f"raw_{number}.wav"
        speak(voice, sentence(rng), raw, rng)
        sound = read_sound(raw)
        length = int(MAX_CLIP_S * RATE)
        start = int(rng.integers(0, max(1, len(sound) - length)))
        wavfile.write(path, RATE, sound[start : start + length])
        raw.unlink()
    return Clip(path, True, voice, DEBIAN_SOURCE, voice)
