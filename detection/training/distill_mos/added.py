"""Debian's voices saying made-up sentences: synthetic speech learned from beside the recordings."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from detection.training.countermeasure.clips import RATE, Clip, read_sound
from detection.training.countermeasure.debian_voices import VOICES, sentence, speak
from detection.training.countermeasure.prepare import DEBIAN_CLIPS, DEBIAN_SOURCE, MAX_CLIP_S


def prepare(folder: Path, seed: int) -> list[Clip]:
    """`DEBIAN_CLIPS` clips of Debian's voices in turn; what `folder` already has is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(_speak, folder, seed, number) for number in range(DEBIAN_CLIPS)]
        return [job.result() for job in jobs]


def _speak(folder: Path, seed: int, number: int) -> Clip:
    rng = np.random.default_rng([seed, number])
    voice = list(VOICES)[number % len(VOICES)]
    path = folder / f"debian_{number}.wav"
    if not path.exists():
        raw = folder / f"raw_{number}.wav"
        speak(voice, sentence(rng), raw, rng)
        sound = read_sound(raw)
        length = int(MAX_CLIP_S * RATE)
        start = int(rng.integers(0, max(1, len(sound) - length)))
        partial = path.with_suffix(".partial")
        wavfile.write(partial, RATE, sound[start : start + length])
        partial.replace(path)
        raw.unlink()
    return Clip(path, True, voice, DEBIAN_SOURCE, voice)
