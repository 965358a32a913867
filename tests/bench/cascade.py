"""Cost of a large voice model as a second opinion: `make bench-cascade STRONG=FOLDER [FILES=...]`.

FOLDER is a pack of `packaging/models/export_spectra.py`, one with random weights too: only cost is
measured. Each file is heard as one caller. Prints core-seconds per second of call for the built-in
detector alone, with a second model that agrees at its first look, and with one that is in doubt all the
time; then, with the looks under way as in a live call, how long `hear` kept the inference thread.
"""

import argparse
import resource
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.evaluation.hearing import read_sound, slices, speech_in
from app.settings import Settings
from audio.types import CALL_RATE
from detection.models.manifest import CountermeasureManifest, VoiceThresholds
from detection.types import Segment
from detection.vad import SileroVad
from detection.voice.cascade import EVERY_S, StrongModel, StrongOpinion
from detection.voice.countermeasure import CountermeasureModel, load_countermeasure
from detection.voice.judge import CountermeasureJudge
from resources import ROOT

GOAL = 0.15
PIECE_S = 2.0
AGREES = VoiceThresholds(real_llr=1e6, synthetic_llr=2e6, min_speech_s=1.0)
"""Whatever the scores: real."""
IN_DOUBT = VoiceThresholds(real_llr=-2e6, synthetic_llr=2e6, min_speech_s=1.0)
"""Whatever the scores: unsure."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strong", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    console, vad = Console(), SileroVad()
    small = load_countermeasure(Settings().voice_pack)
    before, began = _peak_mb(), time.perf_counter()
    large = load_countermeasure(given.strong)
    loaded_s, peak = time.perf_counter() - began, _peak_mb()
    megabytes = (given.strong / large.manifest.network).stat().st_size / 1e6
    console.print(
        f"{large.manifest.id}: {megabytes:.0f} MB, loaded in {loaded_s:.1f} s; "
        f"peak memory {before:.0f} MB before, {peak:.0f} MB after"
    )
    for file in given.files or sorted((ROOT / "samples").glob("*.wav")):
        sound = read_sound(file)
        speech = list(slices(speech_in(sound, vad), PIECE_S))
        call_s = len(sound) / CALL_RATE
        console.print(_table(f"{file.name}, {call_s:.0f} s", speech, call_s, small, large, given.runs))
        _print_waits(console, speech, small, large)
    console.print(f"peak memory at the end {_peak_mb():.0f} MB; goal {GOAL} core-s per s of call")


def _table(
    title: str,
    speech: list[Segment],
    call_s: float,
    small: CountermeasureModel,
    large: CountermeasureModel,
    runs: int,
) -> Table:
    table = Table("core-s per s of call", "median", "lowest", "highest", "looks", title=title)
    sure = _with(small, AGREES)
    for name, judge in (
        ("built-in detector alone", lambda: CountermeasureJudge(sure)),
        ("with a second model that agrees", lambda: _cascade(sure, _with(large, AGREES))),
        (f"in doubt all the time, every {EVERY_S:g} s", lambda: _cascade(sure, _with(large, IN_DOUBT))),
    ):
        costs, looks = zip(*(_cost(judge, speech, large.manifest.id) for _ in range(runs)), strict=True)
        rates = [cost / call_s for cost in costs]
        shown = [format(rate, ".4f") for rate in (median(rates), min(rates), max(rates))]
        table.add_row(name, *shown, str(looks[0]))
    return table


def _cost(
    judge_factory: Callable[[], CountermeasureJudge], speech: list[Segment], strong_id: str
) -> tuple[float, int]:
    """Core-seconds of all threads for a call, and how often the large model looked."""
    judge, began = judge_factory(), time.process_time()
    for segment in speech:
        judge.hear(segment)
    judge.finish()
    looks = sum(point.model_id == strong_id for point in judge.trace)
    return time.process_time() - began, looks


def _cascade(small: CountermeasureModel, large: CountermeasureModel) -> CountermeasureJudge:
    """A judge that waits for every look, so that each is counted."""
    model = StrongModel(large.manifest, lambda: large)
    return CountermeasureJudge(small, StrongOpinion(model, patient=True))


def _print_waits(
    console: Console, speech: list[Segment], small: CountermeasureModel, large: CountermeasureModel
) -> None:
    """How long `hear` takes for each piece of speech, alone and beside looks that are under way."""
    doubtful = _with(large, IN_DOUBT)
    with closing(StrongModel(doubtful.manifest, lambda: doubtful)) as model:
        beside = CountermeasureJudge(small, StrongOpinion(model, patient=False, every_s=0.0))
        for name, judge in (("alone", CountermeasureJudge(small)), ("beside looks", beside)):
            waits = sorted(_waits(judge, speech))
            console.print(
                f"hear {name}: median {median(waits):.1f} ms, worst {waits[-1]:.1f} ms of {len(waits)}"
            )


def _waits(judge: CountermeasureJudge, speech: list[Segment]) -> list[float]:
    waits = []
    for segment in speech:
        began = time.perf_counter()
        judge.hear(segment)
        waits.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    return waits


@dataclass(frozen=True, slots=True)
class Deciding:
    """A model whose manifest says other thresholds, so that its level is known beforehand."""

    manifest: CountermeasureManifest
    model: CountermeasureModel

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.model.scores(windows)


def _with(model: CountermeasureModel, thresholds: VoiceThresholds) -> Deciding:
    return Deciding(model.manifest.model_copy(update={"thresholds": thresholds}), model)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
