"""What both halves hear of every clip: the views that are learned from and those that are measured on.

Statistics by the front as it is shipped, and scores by the residual network that never heard the
clip's source, are computed once and kept in files.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.calibrate import SHORT_S, WINDOW_S, first_speech
from detection.training.countermeasure.channels import (
    Sound,
    land_line,
    random_way,
    sent_window,
    telephone,
    without_pauses,
)
from detection.training.countermeasure.clips import DEBIAN_SOURCE, RATE, Clip, read_sound
from detection.training.countermeasure.folds import folds
from detection.training.countermeasure.measure import CONDITIONS, windows_of

if TYPE_CHECKING:
    import onnxruntime

HOP_S = 1.0
SHORT_CONDITIONS = ("clean", "g711")
"""Channels through which short speech is measured."""
SHORTEST_S, LONGEST_S = 1.0, 2.6
"""Length of the short view that every recording is learned from."""
UNSENT = 0.5
"""Share of the added speech that is learned from as made; the rest through a telephone."""
ADDED_WAYS = 3
"""Random ways, and land lines, that each clip of it is sent."""
CHUNK = 100
LEARNED = ("as recorded", "by telephone", "a random way", "short", "by land line")
"""Names of the views that are learned from; the others are those of conditions, as "g711 1.5"."""


@dataclass(frozen=True, slots=True)
class Described:
    """Views: statistics (n, values), residual scores (n,), number of each one's clip, and its name."""

    statistics: NDArray[np.float16]
    scores: NDArray[np.float32]
    clips: NDArray[np.int64]
    names: NDArray[np.str_]

    def of(self, *names: str) -> NDArray[np.intp]:
        """The rows of the views with one of `names`."""
        return np.flatnonzero(np.isin(self.names, names))


def describe(
    clips: Sequence[Clip], front: Path, residuals: Sequence[Path], folder: Path, seed: int
) -> Described:
    """All views of `clips` as the ONNX files hear them, made once in `folder`; resumable.

    `residuals` holds the network of each fold. Debian's voices are in no fold and judged by the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    real = [clip.path for clip in clips if not clip.synthetic][::6]
    starts = range(0, len(clips), CHUNK)
    parts = [folder / f"views_{start}.npz" for start in starts]
    fold_of = folds(clips)
    with ProcessPoolExecutor(2, initializer=_load, initargs=(front, residuals, real)) as pool:
        jobs = [
            pool.submit(
                _describe_chunk,
                [(clip, fold_of.get(clip.source, 0)) for clip in clips[start : start + CHUNK]],
                start,
                part,
                seed,
            )
            for start, part in zip(starts, parts, strict=True)
            if not part.exists()
        ]
        for number, job in enumerate(jobs, start=1):
            job.result()
            print(f"described {number} of {len(jobs)} parts", flush=True)
    loaded = [np.load(part) for part in parts]
    return Described(
        *(np.concatenate([part[key] for part in loaded]) for key in ("rows", "scores", "at", "names"))
    )


def views(
    clip: Clip, sound: NDArray[np.int16], others: Sequence[NDArray[np.int16]], rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and windows (n, samples) of each view; added speech is only learned from."""
    window = round(WINDOW_S * RATE)
    plain = np.resize(sound, max(len(sound), window)).astype(np.float32) / 32768
    if clip.source == DEBIAN_SOURCE:
        sent = plain if rng.random() < UNSENT else telephone(plain)
        yield LEARNED[0], sent[None, :window]
        for _ in range(ADDED_WAYS):
            yield LEARNED[2], sent_window(sound, window, rng, others)[None]
            start = int(rng.integers(0, len(plain) - window + 1))
            yield LEARNED[4], land_line(plain[start : start + window], rng)[None]
        return
    yield LEARNED[0], plain[None, :window]
    yield LEARNED[1], telephone(plain)[None, :window]
    yield LEARNED[2], sent_window(sound, window, rng, others)[None]
    yield LEARNED[3], _short(plain, others, rng)[None]
    yield LEARNED[4], land_line(plain[:window], rng)[None]
    recorded = sound.astype(np.float32) / 32768
    for name, channel in CONDITIONS.items():
        yield name, windows_of(channel(recorded), WINDOW_S, HOP_S)
    for seconds in SHORT_S:
        _, cuts = first_speech([clip], [sound], seconds)
        for cut in cuts:
            for name in SHORT_CONDITIONS:
                yield f"{name} {seconds:g}", CONDITIONS[name](cut.astype(np.float32) / 32768)[None]


def _short(
    plain: Sound, others: Sequence[NDArray[np.int16]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A second or two, every other time without its pauses, in any of the three ways."""
    speech = without_pauses(plain, rng) if rng.random() < UNSENT else plain
    length = int(rng.uniform(SHORTEST_S, LONGEST_S) * RATE)
    speech = np.resize(speech, max(len(speech), length)) if len(speech) else plain
    start = int(rng.integers(0, len(speech) - length + 1))
    cut = speech[start : start + length].astype(np.float32)
    sent = (cut, telephone(cut), random_way(cut, rng, others))[int(rng.integers(3))]
    return np.resize(sent, length).astype(np.float32)


def _load(front: Path, residuals: Sequence[Path], real: list[Path]) -> None:
    _worker.front = _session(front)
    _worker.residuals = [_session(path) for path in residuals]
    _worker.others = [read_sound(path) for path in real]


def _session(path: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class _Worker:
    """What a process keeps between chunks."""

    front: "onnxruntime.InferenceSession"
    residuals: "list[onnxruntime.InferenceSession]"
    others: list[NDArray[np.int16]]


_worker = _Worker()


def _describe_chunk(clips: list[tuple[Clip, int]], start: int, part: Path, seed: int) -> None:
    rows, scores, at, names = [], [], [], []
    for number, (clip, fold) in enumerate(clips, start=start):
        rng = np.random.default_rng([seed, number])
        for name, windows in views(clip, read_sound(clip.path), _worker.others, rng):
            for window in windows:
                given = {"samples": window[None]}
                rows.append(_worker.front.run(None, given)[0][0].astype(np.float16))
                scores.append(_worker.residuals[fold].run(None, given)[0][0, 0])
                at.append(number)
                names.append(name)
    partial = part.with_suffix(".partial.npz")
    np.savez(
        partial,
        rows=np.stack(rows),
        scores=np.array(scores, np.float32),
        at=np.array(at),
        names=np.array(names),
    )
    partial.replace(part)
