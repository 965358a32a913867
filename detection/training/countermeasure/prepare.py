"""Makes the synthetic speech that the training adds, once: copies of real clips and Debian's voices."""

import csv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from detection.training.countermeasure.clips import RATE, Clip, read_sound
from detection.training.countermeasure.copies import griffin_lim_copy, world_copy
from detection.training.countermeasure.debian_voices import VOICES, sentence, speak

COPIES_SOURCE = "copy-synthesis"
DEBIAN_SOURCE = "debian-synthesizers"
DEBIAN_CLIPS = 350
MAX_CLIP_S = 4.5


def prepare(clips: list[Clip], folder: Path, seed: int) -> list[Clip]:
    """A copy of each real clip, WORLD and Griffin-Lim in turn, and Debian's voices; made once."""
    listing = folder / "manifest.csv"
    if not listing.exists():
        folder.mkdir(parents=True, exist_ok=True)
        originals = [clip for clip in clips if not clip.synthetic]
        with ProcessPoolExecutor(2) as pool:
            jobs = [pool.submit(_copy, clip, folder, seed + n, n) for n, clip in enumerate(originals)]
            jobs += [pool.submit(spoken, folder, seed, n) for n in range(DEBIAN_CLIPS)]
            made = []
            for n, job in enumerate(jobs):
                made.append(job.result())
                if n % 100 == 0:
                    print(f"prepared {n} of {len(jobs)}", flush=True)
        with listing.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(made)
    with listing.open(newline="", encoding="utf-8") as file:
        return [
            Clip(folder / name, True, system, source, speaker)
            for name, system, source, speaker in csv.reader(file)
        ]


def _copy(clip: Clip, folder: Path, seed: int, number: int) -> tuple[str, str, str, str]:
    rng = np.random.default_rng(seed)
    sound = read_sound(clip.path) / 32768.0
    system, synthesize = [("WORLD copy", world_copy), ("Griffin-Lim copy", griffin_lim_copy)][number % 2]
    name = f"copy_{number}.wav"
    _write(folder / name, synthesize(sound, rng))
    return name, system, COPIES_SOURCE, clip.speaker


def spoken(folder: Path, seed: int, number: int) -> tuple[str, str, str, str]:
    """Have a voice say a sentence into `folder`: name of the file, system, source and speaker."""
    rng = np.random.default_rng([seed, number])
    voice = list(VOICES)[number % len(VOICES)]
    raw, name = folder / f"raw_{number}.wav", f"debian_{number}.wav"
    speak(voice, sentence(rng), raw, rng)
    sound = read_sound(raw) / 32768.0
    length = int(MAX_CLIP_S * RATE)
    start = int(rng.integers(0, max(1, len(sound) - length)))
    _write(folder / name, sound[start : start + length])
    raw.unlink()
    return name, voice, DEBIAN_SOURCE, voice


def _write(path: Path, sound: NDArray[np.float64]) -> None:
    wavfile.write(path, RATE, (np.clip(sound, -1, 1) * 32767).astype(np.int16))
