"""Can the two classes be told apart without listening to the voice? They should not.

    python -m detection.training.countermeasure.probe --data ../shared/data/voice

Simple classifiers (scikit-learn) look at what says nothing about synthesis: the frames without
speech, the figures of the file, the energy in a few bands. They learn on some sources and are
measured on others, first on the files as they are, then on windows as `Batches` makes them. What
they find after the channels, the network may learn instead of the voice. The last row is no leak:
it says how much such a classifier hears in the speech itself.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import stft
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from detection.metrics import area_under_curve, equal_error
from detection.training.countermeasure.channels import Sound, absent, sent_window
from detection.training.countermeasure.clips import RATE, Clip, Part, read_parts, read_sounds
from detection.training.log_mel import mel_filters

WINDOW_S = 3.5
WAYS = 3
"""Random ways that every clip is sent, for enough cases to learn from."""
FOLDS = 5
DRAWS = 200
FFT = 512
HOP = 160
QUIET_SHARE = 0.15
SILENT_DB = -50.0
BANDS_HZ = (0, 100, 200, 400, 800, 1600, 2400, 3200, 4000, 5000, 6000, 7000, 8000)


def quiet_frames(sound: Sound) -> NDArray[np.float64]:
    """Mean and spread of the log-mel bands of the quietest 15 % of frames, against the loud ones."""
    bands, power = _log_mel(sound)
    quiet = power <= np.quantile(power, QUIET_SHARE)
    loud = np.quantile(power, 0.95)
    return np.concatenate([bands[quiet].mean(axis=0) - loud, bands[quiet].std(axis=0)])


def all_frames(sound: Sound) -> NDArray[np.float64]:
    """Mean and spread of the log-mel bands of all frames, the mean against the loud ones."""
    bands, power = _log_mel(sound)
    return np.concatenate([bands.mean(axis=0) - np.quantile(power, 0.95), bands.std(axis=0)])


def file_figures(sound: Sound) -> NDArray[np.float64]:
    """Length, peak, level, offset, silence at the ends and anywhere, distinct values, clipping."""
    peak = np.abs(sound).max() + 1e-6
    loud = np.flatnonzero(np.abs(sound) > peak * 10 ** (SILENT_DB / 20))
    first, last = (loud[0], loud[-1]) if len(loud) else (0, 0)
    return np.array(
        [
            len(sound) / RATE,
            20 * np.log10(peak),
            10 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-10),
            np.mean(sound, dtype=np.float64) / peak,
            first / RATE,
            (len(sound) - 1 - last) / RATE,
            np.mean(sound == 0),
            len(np.unique(sound)) / len(sound),
            np.mean(np.abs(sound) > 0.99 * peak),
        ]
    )


def band_energy(sound: Sound) -> NDArray[np.float64]:
    """Long-term energy in twelve bands (dB), against the sum."""
    frequencies, _, spectrum = stft(sound, RATE, nperseg=FFT, noverlap=FFT - HOP)
    power = np.square(np.abs(spectrum)).mean(axis=1)
    edges = np.searchsorted(frequencies, BANDS_HZ[:-1])
    energy = np.add.reduceat(power, edges)
    return 10 * np.log10(energy / (energy.sum() + 1e-12) + 1e-8)


PROBES: dict[str, Callable[[Sound], NDArray[np.float64]]] = {
    "frames without speech": quiet_frames,
    "figures of the file": file_figures,
    "energy in bands": band_energy,
    "all frames (no leak)": all_frames,
}
Seen = dict[str, NDArray[np.float64]]
"""By probe, what it sees of each case, shape (cases, features)."""


@dataclass(frozen=True, slots=True)
class Found:
    """How well a probe tells the classes apart, with the middle 95 % over drawn sources."""

    auc: float
    low: float
    high: float
    eer: float

    def __str__(self) -> str:
        return f"{self.auc:.2f} ({self.low:.2f}-{self.high:.2f}), {self.eer:.0%}"


def _log_mel(sound: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bands (frames, 40) and power (frames,) in dB."""
    _, _, spectrum = stft(sound, RATE, nperseg=FFT, noverlap=FFT - HOP)
    power = np.square(np.abs(spectrum)).T
    bands = 10 * np.log10(power @ _FILTERS.T + 1e-12)
    return bands, 10 * np.log10(power.sum(axis=1) + 1e-12)


_FILTERS = mel_filters(bands=40, fft_size=FFT, rate=RATE).astype(np.float64)


def look(sound: Sound) -> dict[str, NDArray[np.float64]]:
    """What every probe sees of one sound."""
    return {name: probe(sound) for name, probe in PROBES.items()}


@dataclass(frozen=True, slots=True)
class Cases:
    """What the probes are asked to tell apart, one row per case."""

    seen: Seen
    synthetic: NDArray[np.bool_]
    source: NDArray[np.str_]

    @property
    def weight(self) -> NDArray[np.float64]:
        """A source counts by the root of its size, each class for half, as in training."""
        _, index, sizes = np.unique(self.source, return_inverse=True, return_counts=True)
        weight = sizes[index] ** -0.5
        for label in (False, True):
            weight[self.synthetic == label] /= 2 * weight[self.synthetic == label].mean()
        return weight


def tell(cases: Cases, probe: str, seed: int) -> Found:
    """The better of a linear and a tree classifier, each measured on sources it has not learned."""
    linear = LogisticRegression(C=0.1, max_iter=2000)
    trees = HistGradientBoostingClassifier(
        max_depth=3, max_iter=150, learning_rate=0.05, random_state=seed
    )
    found = [_measured(model, cases, probe, seed) for model in (linear, trees)]
    return max(found, key=lambda one: one.auc)


def _measured(
    model: LogisticRegression | HistGradientBoostingClassifier, cases: Cases, probe: str, seed: int
) -> Found:
    seen, weight = StandardScaler().fit_transform(cases.seen[probe]), cases.weight
    score = np.zeros(len(seen))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learn, judge in folds.split(seen, cases.synthetic, cases.source):
        model.fit(seen[learn], cases.synthetic[learn], sample_weight=weight[learn])
        score[judge] = model.decision_function(seen[judge])
    rows = [np.flatnonzero(cases.source == name) for name in np.unique(cases.source)]
    rng = np.random.default_rng(seed)
    draws = (
        np.concatenate([rows[n] for n in rng.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)
    )
    drawn = [_auc(score, cases.synthetic, draw) for draw in draws]
    everything = np.arange(len(seen))
    return Found(
        _auc(score, cases.synthetic, everything),
        *np.quantile(drawn, [0.025, 0.975]),
        equal_error(score[cases.synthetic], score[~cases.synthetic]).rate,
    )


def _auc(score: NDArray[np.float64], synthetic: NDArray[np.bool_], rows: NDArray[np.intp]) -> float:
    return area_under_curve(score[rows][synthetic[rows]], score[rows][~synthetic[rows]])


def look_at(
    clips: list[Clip], sounds: list[NDArray[np.int16]], ways: int, seed: int, workers: int
) -> Cases:
    """Every clip as it is (`ways` 0), or that many windows of it after random ways."""
    others = [sound for clip, sound in zip(clips, sounds, strict=True) if not clip.synthetic]
    with ProcessPoolExecutor(workers, initializer=_hold, initargs=(others, ways, seed)) as pool:
        looks = list(pool.map(_looks, range(len(sounds)), sounds, chunksize=16))
    counts = [len(one) for one in looks]
    flat = [look for one in looks for look in one]
    return Cases(
        {name: np.stack([look[name] for look in flat]) for name in PROBES},
        np.repeat([clip.synthetic for clip in clips], counts),
        np.repeat([clip.source for clip in clips], counts),
    )


_held: tuple[list[NDArray[np.int16]], int, int] = ([], 0, 0)


def _hold(others: list[NDArray[np.int16]], ways: int, seed: int) -> None:
    global _held  # noqa: PLW0603 - a worker process keeps what all its jobs share
    _held = others, ways, seed


def _looks(number: int, sound: NDArray[np.int16]) -> list[dict[str, NDArray[np.float64]]]:
    others, ways, seed = _held
    if not ways:
        return [look(sound.astype(np.float32) / 32768)]
    length = int(WINDOW_S * RATE)
    return [
        look(sent_window(sound, length, np.random.default_rng([seed, number, way]), others))
        for way in range(ways)
    ]


def main() -> None:
    """Print a table of what every probe finds, before and after the channels."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    clips = read_parts(options.data)[Part.TRAIN]
    sounds = read_sounds(clips)
    print(f"{len(clips)} clips; codecs absent here: {', '.join(absent()) or 'none'}", flush=True)
    print("| probe | files as they are: AUC (95 %), EER | after the channels: AUC (95 %), EER |")
    print("|---|---|---|")
    parts = [look_at(clips, sounds, ways, options.seed, options.workers) for ways in (0, WAYS)]
    for probe in PROBES:
        told = [str(tell(cases, probe, options.seed)) for cases in parts]
        print(f"| {probe} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
