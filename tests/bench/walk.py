"""Cost of each stage of the walk: `make bench-walk`, or `python -m tests.bench.walk FILE...`.

Prints core-seconds per second of call (processor time of the thread that does the work), the whole
walk's wall time, and peak memory. The first call of a process pays for warm-up and is not counted.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from app.analysis import analyze_file
from app.compose import load_engines, open_case_log
from app.settings import settings_with
from audio.resample import ChannelResampler
from detection.disclosure.judge import DisclosureJudge
from detection.segmenter import Segmenter
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber
from detection.transcribe.whisper import WhisperTranscriber
from detection.vishing.judge import TalkJudge
from detection.voice.judge import CountermeasureJudge
from resources import ROOT

STAGES: dict[str, list[tuple[type, str]]] = {
    "resample": [(ChannelResampler, "push")],
    "voice activity, segments": [(Segmenter, "push")],
    "voice score": [(CountermeasureJudge, "hear"), (CountermeasureJudge, "finish")],
    "transcript": [(PocketSphinxTranscriber, "transcribe"), (WhisperTranscriber, "transcribe")],
    "tactics": [(TalkJudge, "hear")],
    "disclosure": [(DisclosureJudge, "hear")],
}
RUNS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted((ROOT / "samples").glob("*.wav")))
    parser.add_argument("--whisper-model", type=Path)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_with(data_dir=Path(folder), whisper_model=arguments.whisper_model)
        begun = time.perf_counter()
        engines = load_engines(settings)
        loading_s = time.perf_counter() - begun
        with open_case_log(settings) as writer:
            analyze_file(arguments.files[0], None, engines, writer)
            for file in arguments.files:
                runs = [
                    _measure(lambda f=file: analyze_file(f, None, engines, writer)) for _ in range(RUNS)
                ]
                console.print(_table(file.name, runs))
    peak_mb = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / (1 if sys.platform == "darwin" else 1024)
        / 1024 ** (sys.platform == "darwin")
    )
    console.print(f"engines loaded in {loading_s:.1f} s, peak memory {peak_mb:.0f} MB")


def _measure(walk: Callable[[], tuple[Any, Exception | None]]) -> dict[str, float]:
    """Processor seconds by stage, with the `wall` seconds of the walk and the `call` seconds judged."""
    spent: defaultdict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        for stage, methods in STAGES.items():
            for owner, name in methods:
                stack.enter_context(
                    patch.object(owner, name, _timed(getattr(owner, name), stage, spent))
                )
        wall, cores = time.perf_counter(), time.process_time()
        state, error = walk()
        spent["wall"] = time.perf_counter() - wall
        cores = time.process_time() - cores
    if error:
        raise error
    spent["decode, threads, store"] = cores - sum(spent[stage] for stage in STAGES)
    spent["whole walk"] = cores
    spent["call"] = state.duration_s
    return spent


def _timed(method: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: object) -> Any:
        begun = time.thread_time()
        try:
            return method(*args)
        finally:
            spent[stage] += time.thread_time() - begun

    return timed


def _table(name: str, runs: list[dict[str, float]]) -> Table:
    call = runs[0]["call"]
    table = Table(
        "stage",
        "core-s per s of call: median",
        "spread",
        title=f"{name}, {call:.0f} s, {len(runs)} runs",
    )
    for stage in [*STAGES, "decode, threads, store", "whole walk"]:
        costs = sorted(run[stage] / call for run in runs)
        table.add_row(stage, f"{costs[len(costs) // 2]:.4f}", f"{costs[0]:.4f}-{costs[-1]:.4f}")
    walls = sorted(call / run["wall"] for run in runs)
    table.add_row(
        "times faster than real time", f"{walls[len(walls) // 2]:.1f}", f"{walls[0]:.1f}-{walls[-1]:.1f}"
    )
    return table


if __name__ == "__main__":
    main()
