"""The built-in recognizer beside PocketSphinx as it comes: `make bench-transcript`.

Needs the shared data folder. On read speech as it is and through G.711, and on a real telephone call of
which nobody wrote the text: word error rate (rejected text counts as deleted), tactic words heard that
nobody said, share of segments rejected, core-seconds per second of speech, and how well a word's
confidence tells right words from wrong ones (AUC).
"""

import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
from pocketsphinx import Decoder
from rich.console import Console
from rich.table import Table
from whisper_normalizer.english import EnglishTextNormalizer

import resources
from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound, segments, speech_in
from app.evaluation.keywords import Keywords, recall
from audio.types import CALL_RATE
from detection.metrics import area_under_curve
from detection.transcribe.pocketsphinx import ACTIVE_STATES, PocketSphinxTranscriber
from detection.types import Segment, Utterance
from detection.vad import SileroVad
from detection.vishing.load import load_tactics

DEFAULT_STATES = 30_000
LEAST_CONFIDENCE = 0.3
FOLDER = resources.ROOT / "transcript"

Word = tuple[str, float]
Recognizer = Callable[[Segment], list[Word]]
"""The words heard in a segment and their confidences; none where the text is rejected."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of each clip's segments, and core-seconds per second of speech."""

    clips: list[list[list[Word]]]
    cost: float

    @property
    def texts(self) -> list[str]:
        return [" ".join(word for part in clip for word, _ in part) for clip in self.clips]

    @property
    def rejected(self) -> float:
        return float(np.mean([not part for clip in self.clips for part in clip]))


def as_it_comes(states: int) -> Recognizer:
    """PocketSphinx with its own language model and dictionary, rejecting what it is unsure of."""
    decoder = Decoder(samprate=CALL_RATE, maxhmmpf=states, loglevel="FATAL")

    def hear(segment: Segment) -> list[Word]:
        decoder.start_utt()
        sound = (np.clip(segment.samples, -1, 1) * 32767).astype("<i2").tobytes()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        entries = decoder.seg() if decoder.hyp() else ()
        words = [
            (entry.word.partition("(")[0].replace(".", ""), min(1.0, entry.prob))
            for entry in entries
            if entry.word[0] not in "<[+"
        ]
        sure = words and np.mean([confidence for _, confidence in words]) >= LEAST_CONFIDENCE
        return words if sure else []

    return hear


def built_in(states: int) -> Recognizer:
    """The shipped one."""
    transcriber = PocketSphinxTranscriber(FOLDER, active_states=states)

    def hear(segment: Segment) -> list[Word]:
        heard = transcriber.transcribe(segment)
        words = heard.words if isinstance(heard, Utterance) else ()
        return [(word.text, word.confidence) for word in words]

    return hear


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
    sounds = [read_sound(shared / "speech" / row["path"]) for row in rows]
    sets = {
        "read": [speech_in(sound, vad) for sound in sounds],
        "read, G.711": [speech_in(CHANNELS["g711"](sound), vad) for sound in sounds],
        "call": [list(segments(shared / "calls" / "auto_repairs_40.flac", vad))],
    }
    recognizers = {
        f"as it comes, {DEFAULT_STATES} states": as_it_comes(DEFAULT_STATES),
        f"as it comes, {ACTIVE_STATES} states": as_it_comes(ACTIVE_STATES),
        f"built in, {ACTIVE_STATES} states": built_in(ACTIVE_STATES),
    }
    keywords = Keywords(load_tactics(resources.ROOT / "tactics" / "en.yaml"))
    table = Table("", "on", "WER", "false tactic words", "rejected", "cost", "confidence AUC")
    for name, recognizer in recognizers.items():
        for where, clips in sets.items():
            heard = listen(recognizer, clips)
            said = texts if where != "call" else None
            table.add_row(
                name,
                where,
                f"{wer(said, heard.texts):.1%}" if said else "-",
                str(false_words(keywords, said, heard.texts)),
                f"{heard.rejected:.0%}",
                f"{heard.cost:.3f}",
                f"{confidence_auc(said, heard):.2f}" if said else "-",
            )
    Console(width=110).print(table)
    return 0


def listen(recognizer: Recognizer, clips: Sequence[Sequence[Segment]]) -> Heard:
    """Every segment of `clips`, and what it cost."""
    began = time.thread_time()
    heard = [[recognizer(segment) for segment in clip] for clip in clips]
    spent = time.thread_time() - began
    return Heard(heard, spent / sum(segment.duration_s for clip in clips for segment in clip))


def wer(texts: Sequence[str], heard: Sequence[str]) -> float:
    """Word error rate, both normalised as the public leaderboards do."""
    normal = EnglishTextNormalizer()
    return jiwer.wer([normal(text) for text in texts], [normal(text) for text in heard])


def false_words(keywords: Keywords, texts: Sequence[str] | None, heard: Sequence[str]) -> int:
    """Mentions of the tactic vocabulary that were heard and not said; all, where nobody says it."""
    said = texts or [""] * len(heard)
    pairs = zip(map(keywords.mentions, said), map(keywords.mentions, heard), strict=True)
    return recall(pairs)["n_false"]


def confidence_auc(texts: Sequence[str], heard: Heard) -> float:
    """The chance that a right word has a higher confidence than a wrong one."""
    normal = EnglishTextNormalizer()
    right: list[float] = []
    wrong: list[float] = []
    for text, clip in zip(texts, heard.clips, strict=True):
        words = [
            (part, sure) for segment in clip for word, sure in segment for part in normal(word).split()
        ]
        if not words:
            continue
        matched = jiwer.process_words(normal(text), " ".join(word for word, _ in words)).alignments[0]
        hits = {
            place
            for chunk in matched
            if chunk.type == "equal"
            for place in range(chunk.hyp_start_idx, chunk.hyp_end_idx)
        }
        for place, (_, sure) in enumerate(words):
            (right if place in hits else wrong).append(sure)
    return area_under_curve(np.array(right), np.array(wrong))


if __name__ == "__main__":
    sys.exit(main())
