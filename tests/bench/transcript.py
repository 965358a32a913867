"""What PocketSphinx's settings give: `make bench-transcript`. Needs the shared data folder.

For PocketSphinx's own number of active states and the shipped one, on read speech through G.711 and on
a real telephone call: core-seconds per second of speech, the share of segments whose text is rejected,
and for the read speech the word error rate of what is left, rejected text counting as deleted.
"""

import csv
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jiwer
from rich.console import Console
from rich.table import Table
from whisper_normalizer.english import EnglishTextNormalizer

from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound, segments, speech_in
from detection.transcribe.pocketsphinx import ACTIVE_STATES, PocketSphinxTranscriber
from detection.transcribe.transcriber import Rejection
from detection.types import Segment, Utterance
from detection.vad import SileroVad

DEFAULT_STATES = 30_000
Heard = list[Utterance | Rejection]


def main() -> int:
    """Measure and print; exit status 1 where there is nothing to measure on."""
    shared = Path(os.environ.get("EARWITNESS_SHARED", "../shared")) / "data"
    if not shared.is_dir():
        sys.stderr.write(f"bench-transcript needs the shared data folder, which is not at {shared}.\n")
        return 1
    vad = SileroVad()
    with (shared / "speech" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows]
    read = [
        speech_in(CHANNELS["g711"](read_sound(shared / "speech" / row["path"])), vad) for row in rows
    ]
    call = list(segments(shared / "calls" / "auto_repairs_40.flac", vad))
    table = Table("", "WER, read", "rejected, read", "cost, read", "rejected, call", "cost, call")
    for states in (DEFAULT_STATES, ACTIVE_STATES):
        transcriber = PocketSphinxTranscriber(states)
        heard_read, read_cost = _heard(transcriber, read)
        heard_call, call_cost = _heard(transcriber, [call])
        table.add_row(
            f"{states} active states",
            f"{_wer(texts, heard_read):.1%}",
            f"{_rejected(heard_read):.0%}",
            f"{read_cost:.3f}",
            f"{_rejected(heard_call):.0%}",
            f"{call_cost:.3f}",
        )
    Console().print(table)
    return 0


def _heard(
    transcriber: PocketSphinxTranscriber, clips: Sequence[Sequence[Segment]]
) -> tuple[list[Heard], float]:
    """What was heard in each clip, and core-seconds per second of speech."""
    began = time.thread_time()
    heard = [[transcriber.transcribe(segment) for segment in clip] for clip in clips]
    spent = time.thread_time() - began
    return heard, spent / sum(segment.duration_s for clip in clips for segment in clip)


def _rejected(heard: Sequence[Heard]) -> float:
    flat = [isinstance(result, Rejection) for clip in heard for result in clip]
    return sum(flat) / len(flat)


def _wer(texts: Sequence[str], heard: Sequence[Heard]) -> float:
    normalise = EnglishTextNormalizer()
    said = [" ".join(r.text for r in clip if isinstance(r, Utterance)) for clip in heard]
    return jiwer.wer([normalise(text) for text in texts], [normalise(text) for text in said])


if __name__ == "__main__":
    sys.exit(main())
