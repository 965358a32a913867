"""What the voice models cost: `make bench-voice`, or `python -m tests.bench.voice --large FOLDER`.

Prints for each built-in pack, on one thread: core-seconds per second of speech as its judge spends
them, times faster than real time, bytes on disk, load time and memory, each in a process of its own;
and where PyTorch can be imported, the same network in PyTorch on the same windows, in turns with ONNX
Runtime. `--large` adds a large pack in the cascade: core-seconds per second of a call played in real
time. Processor time is that of the whole process, so keep the machine quiet.
"""

import argparse
import importlib
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.evaluation.hearing import read_sound
from audio.types import CALL_RATE, Channel, Samples
from detection.models.manifest import CountermeasureManifest, load_manifest
from detection.types import Segment
from detection.voice.cascade import StrongModel, StrongOpinion
from detection.voice.countermeasure import load_countermeasure
from detection.voice.encoder import load_encoder
from detection.voice.judge import CountermeasureJudge
from detection.voice.quality import fault
from detection.voice.speaker import EmbeddingJudge
from detection.voice.windows import SpeechWindow, SpeechWindows
from resources import ROOT

MODELS = ROOT / "models"
SEGMENT_S = 5
COST_TARGET, BYTES_TARGET, LOAD_TARGET_S, LARGE_TARGET = 0.03, 60e6, 0.3, 0.15
"""What the built-in models may take together, and a large one in the cascade per second of call."""

BYTES_PER_VALUE = (0.9, 5.0)
"""Of a pack that holds the same network, in 8 to 32 bits and with its graph."""

Network = Callable[[NDArray[np.float32]], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """A built-in pack: its folder and the same network for PyTorch, by module and what makes it."""

    name: str
    folder: Path
    torch_module: str
    torch_maker: str


KINDS = (
    Kind(
        "clone detector",
        MODELS / "earwitness-cm-small",
        "detection.training.countermeasure.detector",
        "untrained",
    ),
    Kind(
        "speaker encoder",
        MODELS / "earwitness-speaker-small",
        "detection.training.speaker.network",
        "SpeakerEncoder",
    ),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one pack took. `judge` and `network` are core-seconds per second of speech, one per run.

    `torch` is the network in PyTorch; empty where `torch_missing` says why there is none.
    """

    load_s: float
    memory: int
    on_disk: int
    judge: list[float]
    network: list[float]
    torch: list[float]
    torch_missing: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted((ROOT / "samples").glob("*.wav")))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", type=Path, metavar="FOLDER", help="a large countermeasure pack")
    given = parser.parse_args()
    console = Console()
    costs = {}
    for kind in KINDS:
        if kind.folder.is_dir():
            costs[kind] = _in_own_process(_cost, kind, given.files, given.runs)
        else:
            console.print(f"The {kind.name} is not there: no pack {kind.folder.name} is built in yet.")
    console.print(_table(costs))
    console.print(_summary(costs))
    if given.large:
        for file in given.files:
            console.print(_in_own_process(_cascade, given.large, file))


def _in_own_process(work: Callable[..., Any], *args: object) -> Any:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _cost(kind: Kind, files: Sequence[Path], runs: int) -> Cost:
    import onnxruntime  # noqa: F401 - not to be counted as loading

    before = _peak_memory()
    began = time.perf_counter()
    judge, network, given = _loaded(kind)
    load_s = time.perf_counter() - began
    speech = [segment for file in files for segment in _stretches(read_sound(file))]
    speech_s = sum(segment.duration_s for segment in speech)
    _judge_all(judge(), speech)
    memory = _peak_memory() - before
    judged = [_spent(lambda: _judge_all(judge(), speech)) / speech_s for _ in range(runs)]
    windows = _windows(speech, given.window_s, given.hop_s)
    in_torch, missing = _torch_network(kind)
    found: dict[str, list[float]] = {"network": [], "torch": []}
    for _ in range(runs):
        for name, run in (("network", network), ("torch", in_torch)):
            if run:
                spent = _spent(lambda run=run: [run(window[None]) for window in windows])
                found[name].append(spent / (len(windows) * given.hop_s))
    on_disk = sum(file.stat().st_size for file in kind.folder.iterdir())
    return Cost(load_s, memory, on_disk, judged, found["network"], found["torch"], missing)


def _loaded(kind: Kind) -> tuple[Callable[[], Any], Network, Any]:
    """A maker of fresh judges, the network alone, and how windows are cut."""
    if kind == KINDS[0]:
        model = load_countermeasure(kind.folder)
        return lambda: CountermeasureJudge(model), model.scores, model.manifest.input
    encoder = load_encoder(kind.folder)
    return lambda: EmbeddingJudge(encoder), encoder.embeddings, encoder.manifest.input


def _torch_network(kind: Kind) -> tuple[Network | None, str]:
    """The network with random weights, which cost the same; or None and why there is none."""
    try:
        torch = importlib.import_module("torch")
        module = importlib.import_module(kind.torch_module)
    except ImportError as error:
        return None, f"{error.name} is absent"
    torch.set_num_threads(1)
    network = getattr(module, kind.torch_maker)().eval()
    values = sum(value.numel() for value in network.state_dict().values())
    shipped = max(file.stat().st_size for file in kind.folder.glob("*.onnx"))
    if not BYTES_PER_VALUE[0] < shipped / values < BYTES_PER_VALUE[1]:
        return None, f"{kind.torch_module} is another network ({values:,} values, {shipped:,} bytes)"

    def run(windows: NDArray[np.float32]) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(windows))

    return run, ""


def _stretches(sound: Samples) -> list[Segment]:
    """A recording, both sides in one, in segments of `SEGMENT_S`; what no judge takes is left out."""
    size = SEGMENT_S * CALL_RATE
    parts = [(at, sound[at : at + size]) for at in range(0, len(sound) - size + 1, size)]
    return [Segment(Channel.CALLER, at, at + size, part) for at, part in parts if not fault(part)]


def _windows(speech: Sequence[Segment], window_s: float, hop_s: float) -> list[NDArray[np.float32]]:
    joined = np.concatenate([segment.samples for segment in speech])
    window, hop = round(window_s * CALL_RATE), round(hop_s * CALL_RATE)
    return [joined[at : at + window] for at in range(0, len(joined) - window + 1, hop)]


def _judge_all(judge: Any, speech: Sequence[Segment]) -> None:
    for segment in speech:
        judge.hear(segment)
    judge.finish()


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _peak_memory() -> int:
    """Bytes this process has had at most (Linux counts them in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _cascade(folder: Path, file: Path) -> str:
    """What a call costs with the large pack and without it, played in real time."""
    speech = _stretches(read_sound(file))
    call_s = speech[-1].end / CALL_RATE
    small = load_countermeasure(KINDS[0].folder)
    before = _peak_memory()
    # A stand-in was never measured, so that the program itself would refuse it.
    manifest = load_manifest(folder, CountermeasureManifest)
    strong = StrongModel(manifest, lambda: load_countermeasure(folder))
    opinion = StrongOpinion(strong, patient=False)
    judge = CountermeasureJudge(small, opinion)
    _judge_all(CountermeasureJudge(small), speech)
    alone = _spent(lambda: _judge_all(CountermeasureJudge(small), speech))
    loading = _spent(lambda: strong.look(_first_window(speech, manifest.input.window_s)).result())
    began, started = time.perf_counter(), time.process_time()
    for segment in speech:
        time.sleep(max(0.0, began + segment.end / CALL_RATE - time.perf_counter()))
        judge.hear(segment)
    judge.finish()
    spent = time.process_time() - started
    strong.close()
    looks = sum(point.model_id == manifest.id for point in judge.trace)
    large = (spent - alone) / call_s
    return (
        f"{file.name}, {call_s:.0f} s of call, {manifest.id}: {looks} looks, "
        f"{large:.3f} core-s per s of call for the large pack (target {LARGE_TARGET}), "
        f"{alone / call_s:.4f} for the small one; loading and a first look {loading:.1f} core-s, "
        f"{(_peak_memory() - before) / 1e6:.0f} MB of memory"
    )


def _first_window(speech: Sequence[Segment], seconds: float) -> SpeechWindow:
    size = round(seconds * CALL_RATE)
    return SpeechWindows(size, size).push(speech[0])[0]


def _table(costs: dict[Kind, Cost]) -> Table:
    table = Table("", *(kind.name for kind in costs))
    for name, cell in (
        ("core-s per s of speech", lambda cost: _spread(cost.judge, ".4f")),
        ("times faster than real time", lambda cost: f"{1 / statistics.median(cost.judge):.0f}"),
        ("its network alone", lambda cost: _spread(cost.network, ".4f")),
        ("the same in PyTorch", lambda cost: cost.torch_missing or _spread(cost.torch, ".4f")),
        ("PyTorch / ONNX Runtime", _ratio),
        ("on disk", lambda cost: f"{cost.on_disk / 1e6:.1f} MB"),
        ("loaded in", lambda cost: f"{cost.load_s:.2f} s"),
        ("memory", lambda cost: f"{cost.memory / 1e6:.0f} MB"),
    ):
        table.add_row(name, *map(cell, costs.values()))
    return table


def _ratio(cost: Cost) -> str:
    ratios = [slow / quick for slow, quick in zip(cost.torch, cost.network, strict=False)]
    return _spread(ratios, ".2f") if ratios else "-"


def _summary(costs: dict[Kind, Cost]) -> str:
    together = sum(statistics.median(cost.judge) for cost in costs.values())
    on_disk = sum(cost.on_disk for cost in costs.values())
    load_s = sum(cost.load_s for cost in costs.values())
    names = " and ".join(kind.name for kind in costs)
    return (
        f"{names}: {together:.4f} core-s per s of speech (target {COST_TARGET}), "
        f"{on_disk / 1e6:.1f} MB (target {BYTES_TARGET / 1e6:.0f}), "
        f"loaded in {load_s:.2f} s (target {LOAD_TARGET_S})"
    )


def _spread(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


if __name__ == "__main__":
    main()
