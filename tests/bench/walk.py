"""Cost of each stage of the walk: `make bench-walk`, or `python -m tests.bench.walk FILE...`.

Prints, for each file, core-seconds per second of call by stage (processor time of the thread that does
the work, with the recognizer in this process so that its time is seen), and how many times faster than
real time the walk goes as it is shipped. The first call of each set-up pays for warm-up and is left out.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

import resources
from app.analysis import analyze_file
from app.case_state import CaseState
from app.cases.writer import CaseWriter
from app.compose import load_engines, open_case_log
from app.engines import Engines
from app.settings import settings_with
from audio.resample import ChannelResampler
from detection.disclosure.judge import DisclosureJudge
from detection.segmenter import Segmenter
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber
from detection.transcribe.whisper import WhisperTranscriber
from detection.transcribe.worker import WorkerTranscriber
from detection.vishing.judge import TalkJudge
from detection.voice.judge import CountermeasureJudge
from detection.voice.speaker import EmbeddingJudge
from resources import ROOT

STAGES: dict[str, list[tuple[type, str]]] = {
    "resampling": [(ChannelResampler, "push")],
    "voice activity and segments": [(Segmenter, "push")],
    "voice score": [(CountermeasureJudge, "hear"), (CountermeasureJudge, "finish")],
    "speaker": [(EmbeddingJudge, "hear"), (EmbeddingJudge, "finish")],
    "transcript": [(PocketSphinxTranscriber, "transcribe"), (WhisperTranscriber, "transcribe")],
    "tactics": [(TalkJudge, "hear")],
    "disclosure": [(DisclosureJudge, "hear")],
}
REST = "decoding, threads, case log"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted((ROOT / "samples").glob("*.wav")))
    parser.add_argument("--whisper-model", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_with(data_dir=Path(folder), whisper_model=arguments.whisper_model)
        began = time.perf_counter()
        with load_engines(settings) as shipped, open_case_log(settings) as writer:
            console.print(f"engines loaded in {time.perf_counter() - began:.1f} s")
            with closing(_in_process(shipped)) as engines:
                walk = partial(_walk, engines, writer)
                walk(arguments.files[0])
                costs = {
                    file: [_costs(walk, file) for _ in range(arguments.runs)] for file in arguments.files
                }
            walk = partial(_walk, shipped, writer)
            walk(arguments.files[0])
            for file in arguments.files:
                console.print(
                    _table(file.name, costs[file], [_speed(walk, file) for _ in range(arguments.runs)])
                )


def _in_process(engines: Engines) -> Engines:
    if isinstance(engines.transcriber, WorkerTranscriber):
        return replace(engines, transcriber=PocketSphinxTranscriber(resources.ROOT / "transcript"))
    return engines


def _walk(engines: Engines, writer: CaseWriter, file: Path) -> CaseState:
    state, error = analyze_file(file, None, engines, writer)
    if error:
        raise error
    return state


def _speed(walk: Callable[[Path], CaseState], file: Path) -> float:
    began = time.perf_counter()
    return walk(file).duration_s / (time.perf_counter() - began)


def _costs(walk: Callable[[Path], CaseState], file: Path) -> dict[str, float]:
    """Core-seconds per second of call by stage."""
    spent: defaultdict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        for stage, methods in STAGES.items():
            for owner, name in methods:
                stack.enter_context(
                    patch.object(owner, name, _timed(getattr(owner, name), stage, spent))
                )
        before = time.process_time()
        duration_s = walk(file).duration_s
        whole = time.process_time() - before
    costs = {stage: spent[stage] / duration_s for stage in STAGES}
    return {**costs, REST: whole / duration_s - sum(costs.values()), "whole walk": whole / duration_s}


def _timed(method: Callable[..., Any], stage: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: object) -> object:
        began = time.thread_time()
        try:
            return method(*args)
        finally:
            spent[stage] += time.thread_time() - began

    return timed


def _table(name: str, costs: list[dict[str, float]], speeds: list[float]) -> Table:
    table = Table("", "median", "lowest", "highest", title=f"{name}, {len(costs)} runs")
    for stage in costs[0]:
        table.add_row(f"{stage}, core-s per s of call", *_spread([run[stage] for run in costs], ".4f"))
    table.add_row("times faster than real time, as shipped", *_spread(speeds, ".1f"))
    return table


def _spread(values: list[float], form: str) -> list[str]:
    return [format(value, form) for value in (median(values), min(values), max(values))]


if __name__ == "__main__":
    main()
