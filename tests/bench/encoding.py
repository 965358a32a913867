"""What one pass of a Whisper model costs by how its window is filled: padded, packed, batched, short."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from rich.table import Table

from audio.types import CALL_RATE
from tests.bench.standin import SpokenLength, token

PHRASE_S = 4.0
_WINDOW = 3000
_RUNS = 5


def cost_table(folders: dict[str, Path], threads: int) -> Table:
    """Core-seconds to encode and to decode, for two sides of a call that speak 4 s each."""
    table = Table(
        "two phrases of 4 s", *(f"{name}, {what}" for name in folders for what in ("encode", "decode"))
    )
    rows: dict[str, list[str]] = {}
    for folder in folders.values():
        for kind, (encode, decode) in _costs(folder, threads).items():
            rows.setdefault(kind, []).extend((f"{encode:.3f}", f"{decode:.3f}"))
    for kind, cells in rows.items():
        table.add_row(kind, *cells)
    return table


def _costs(folder: Path, threads: int) -> dict[str, tuple[float, float]]:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel

    whisper = WhisperModel(
        str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
    )
    prompt = [token(whisper, "<|startoftranscript|>"), token(whisper, "<|notimestamps|>")]
    model = SpokenLength(whisper.model, token(whisper, "<|endoftext|>"))
    noise = np.random.default_rng(0).standard_normal(round(PHRASE_S * CALL_RATE)).astype(np.float32)
    phrase = whisper.feature_extractor(noise)[:, :-1]

    def filled(frames: int, batch: int = 1) -> np.ndarray:
        features = np.zeros((batch, phrase.shape[0], frames), np.float32)
        features[:, :, : phrase.shape[1]] = phrase
        return features

    def measured(features: np.ndarray, speech_s: float, passes: int) -> tuple[float, float]:
        encoded = model.encode(StorageView.from_array(features))
        prompts = [prompt] * len(features)
        model.speech_s = speech_s
        return (
            passes * _cost(lambda: model.encode(StorageView.from_array(features))),
            passes * _cost(lambda: model.generate(encoded, prompts, beam_size=1)),
        )

    return {
        "each padded to 30 s": measured(filled(_WINDOW), PHRASE_S, 2),
        "a batch of two, padded to 30 s": measured(filled(_WINDOW, batch=2), PHRASE_S, 1),
        "both packed into one window": measured(filled(_WINDOW), 2 * PHRASE_S, 1),
        "each padded to 10 s": measured(filled(1000), PHRASE_S, 2),
        "each as long as it is": measured(filled(phrase.shape[1]), PHRASE_S, 2),
        "a batch of two, as long as they are": measured(filled(phrase.shape[1], batch=2), PHRASE_S, 1),
    }


def _cost(work: Callable[[], object]) -> float:
    """Core-seconds, the median of some runs."""
    work()
    costs = []
    for _ in range(_RUNS):
        began = time.process_time()
        work()
        costs.append(time.process_time() - began)
    return median(costs)
