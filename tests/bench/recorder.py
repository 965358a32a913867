"""What recording a call costs and what a kill takes: `python -m tests.bench.recorder [KILLS]`.

Records an hour of a sample call, both channels, into the folder for temporary files, and kills a program
that records at random moments. Each killed file is compared with what was handed over before the kill.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soxr
from rich.console import Console
from rich.table import Table

import resources
from audio.decoder import Block, Recording
from audio.recording.recorder import Recorder
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples
from tests.audio.record_until_killed import NAME, TOLD, recorded
from tests.bench.flac import count_refused

REPO = Path(__file__).parents[2]
SAMPLE = resources.ROOT / "samples" / "b_helpdesk_con.wav"
CHUNK_S, HOUR_S = 0.02, 3600
KILLS = 50


def main() -> None:
    """Measure and print."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    folder = Path(tempfile.mkdtemp())
    table = Table("", "figure", show_header=False)
    try:
        for name, figure in (*_cost(folder / "cost"), *_kills(folder, kills)):
            table.add_row(name, figure)
    finally:
        shutil.rmtree(folder)
    Console().print(table)


def _cost(folder: Path) -> list[tuple[str, str]]:
    said = {channel: _call(side) for side, channel in enumerate(Channel)}
    step = round(CHUNK_S * CALL_RATE)
    recorder = Recorder(folder, NAME, list(Channel))
    took_s, cpu_s = [], time.process_time()
    for at in range(0, HOUR_S * CALL_RATE, step):
        for channel, samples in said.items():
            begin = at % (len(samples) - step)
            chunk = AudioChunk(channel, at, CALL_RATE, samples[begin : begin + step])
            begun = time.perf_counter()
            recorder.push(chunk)
            took_s.append(time.perf_counter() - begun)
    cpu_s = time.process_time() - cpu_s
    end = HOUR_S * CALL_RATE
    begun = time.perf_counter()
    recorder.push(AudioGap(Channel.CALLER, end, 2 * end, CALL_RATE, "unplugged"))
    gap_s = time.perf_counter() - begun
    recorder.close()
    begun = time.perf_counter()
    files = recorder.files()
    hash_s = time.perf_counter() - begun
    spoken = files[1].path.stat().st_size
    p50, p99 = np.quantile(took_s, [0.5, 0.99]) * 1e3
    return [
        ("CPU for a second of both channels", f"{cpu_s / HOUR_S * 1e3:.2f} ms"),
        (
            f"one push of {CHUNK_S * 1e3:.0f} ms: p50, p99, most",
            f"{p50:.3f}, {p99:.3f}, {max(took_s) * 1e3:.1f} ms",
        ),
        ("an hour of one channel on the disk", f"{spoken / 1e6:.0f} MB"),
        ("a gap of an hour", f"{gap_s:.2f} s"),
        ("SHA-256 of both files", f"{hash_s:.2f} s"),
    ]


def _call(side: int) -> Samples:
    recording = Recording(SAMPLE)
    blocks = [block for block in recording.blocks() if isinstance(block, Block)]
    return soxr.resample(np.concatenate([b.samples[side] for b in blocks]), recording.rate, CALL_RATE)


def _kills(folder: Path, kills: int) -> list[tuple[str, str]]:
    moments = random.Random(9)  # noqa: S311  when to kill is no secret
    lost_ms, wrong, paths = [], 0, []
    for run in range(kills):
        told = _killed(folder / str(run), moments.uniform(0, 1))
        for channel, handed_over in zip(Channel, told, strict=True):
            path = folder / str(run) / f"{NAME}-{channel}.flac"
            blocks = [block for block in Recording(path).blocks() if isinstance(block, Block)]
            kept = np.concatenate([block.samples[0] for block in blocks])
            wrong += not np.array_equal(kept, recorded(channel, len(kept)))
            lost_ms.append(max(0, handed_over - len(kept)) / CALL_RATE * 1e3)
            paths.append(path)
    return [
        ("files of killed programs", str(2 * kills)),
        ("with a sample that is not what was handed over", str(wrong)),
        ("refused by flac -t", str(count_refused(paths))),
        (
            "lost of what was handed over: median, most",
            f"{np.median(lost_ms):.0f}, {max(lost_ms):.0f} ms",
        ),
    ]


def _killed(folder: Path, after_s: float) -> tuple[int, ...]:
    command = [sys.executable, "-m", "tests.audio.record_until_killed", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO)
    assert process.stdout
    # Only from here on has every channel filled a frame, so that every file holds sound.
    told = process.stdout.read(40 * TOLD.size)
    killer = threading.Timer(after_s, process.send_signal, [signal.SIGKILL])
    killer.start()
    told += process.stdout.read()
    process.communicate()
    killer.join()
    whole = len(told) // TOLD.size * TOLD.size
    return TOLD.unpack(told[:whole][-TOLD.size :])


if __name__ == "__main__":
    main()
