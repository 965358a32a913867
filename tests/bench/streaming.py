"""Live transcripts with stand-in models: `make bench-streaming`. Needs the shared data folder.

Both sides of a call talk without end, read speech with its pauses. Voice activity, the queue, the walk's
own rule for when open speech is read, and the transcriber are the program's; the call's clock is not: it
goes on by what each pass really took, so that two hours of talk take as long as their passes. Beside
them, on the same talk and model, a loop in the manner of whisper_streaming (the buffer decoded again
each second, LocalAgreement) and plain faster-whisper phrase by phrase.
Costs are told beside the program's own with partial text on the same model.

Delays are from the end of the voice to the text, the silence that ends a phrase included. With other
work on the machine use `--clock cpu`: then a pass counts as its processor time shared by the cores.
"""

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.table import Table

from app.call.segment_queue import SegmentQueue
from app.evaluation.hearing import read_sound
from audio.types import CALL_RATE, AudioChunk, Channel, Samples
from detection.segmenter import Segmenter, SegmenterSettings
from detection.transcribe.live import LiveText, OpenSpeech, OpenSpeechWatch
from detection.types import Segment
from detection.vad import SileroVad
from tests.bench.encoding import cost_table
from tests.bench.standin import WORD_S, SpokenLength, StandinTranscriber, make_standin, token

CHUNK_S = 0.05
PAD = round(SegmenterSettings().pad_s * CALL_RATE)
STREAMING_PASS_S = 1.0
STREAMING_BUFFER_S = 15.0
"""whisper_streaming's `min_chunk_size` and the buffer length from which it forgets what is settled."""


@dataclass
class Record:
    """What came of a call. Delays and intervals in seconds, costs in core-seconds."""

    cost: float = 0.0
    speech_s: float = 0.0
    finals: list[tuple[float, float]] = field(default_factory=list)
    """When each phrase ended, and how long after that its text was there."""
    shown: dict[tuple[Channel, int], list[float]] = field(default_factory=dict)
    """By channel and start of the phrase: when it began, and when its text so far was there."""
    given_up: int = 0
    """Phrases for which there was no time."""
    _cut: set[tuple[Channel, int]] = field(default_factory=set)

    def take(self, segment: Segment, *, is_cut: bool) -> None:
        """Speech has ended, or `is_cut` for its length and goes on."""
        self.speech_s += segment.duration_s
        if is_cut:
            self._cut.add((segment.channel, segment.start))

    def show(self, channel: Channel, start: int, at: float) -> None:
        """The text so far of the phrase that began at sample `start` was there."""
        self.shown.setdefault((channel, start), [start / CALL_RATE]).append(at)

    def finish(self, segment: Segment, at: float) -> None:
        """The text of `segment` was there."""
        ended = (segment.end - PAD) / CALL_RATE
        if (segment.channel, segment.start) not in self._cut:
            self.finals.append((ended, at - ended))

    def delays(self, from_s: float = 0.0, to_s: float = float("inf")) -> list[float]:
        return [delay for at, delay in self.finals if from_s <= at < to_s]

    @property
    def intervals(self) -> list[float]:
        return [later - earlier for times in self.shown.values() for earlier, later in pairwise(times)]


class Listener(Protocol):
    """Something that turns talk to text, one pass at a time."""

    record: Record
    segmenters: dict[Channel, Segmenter]

    def take(self, chunk: AudioChunk) -> None:
        """Take in the next sound of a channel."""
        ...

    def next_pass(self) -> Callable[[], Callable[[float], None]] | None:
        """The work that waits, which returns what is to be done at the time it was done; or None."""
        ...


class Streamed:
    """The program's own way."""

    def __init__(self, transcriber: StandinTranscriber, vad: SileroVad, *, partials: bool):
        self._transcriber = transcriber
        self.record = Record()
        self._live = LiveText(transcriber)
        self._queue = SegmentQueue()
        self.segmenters = {channel: Segmenter(channel, vad.stream()) for channel in Channel}
        self._watches = {
            channel: OpenSpeechWatch(segmenter, self._live)
            for channel, segmenter in self.segmenters.items()
            if partials
        }
        transcriber.begin_call()

    def take(self, chunk: AudioChunk) -> None:
        for segment in self.segmenters[chunk.channel].push(chunk):
            self.record.take(segment, is_cut=self.segmenters[chunk.channel].settled == segment.end)
            self._queue.put(segment, wait=False)
        watch = self._watches.get(chunk.channel)
        if watch and (speech := watch.due(chunk.end)):
            self._queue.put_open(speech)

    def next_pass(self) -> Callable[[], Callable[[float], None]] | None:
        if not (self._queue._items or self._queue._open):
            return None
        item = self._queue.get()
        if isinstance(item, OpenSpeech):
            return lambda: self._read(item)
        if isinstance(item, Segment):
            return lambda: self._decode(item)
        self.record.given_up += 1
        return lambda: lambda _: None

    def _read(self, speech: OpenSpeech) -> Callable[[float], None]:
        text = self._live.hear(speech)
        return lambda at: self.record.show(text.channel, text.start, at)

    def _decode(self, segment: Segment) -> Callable[[float], None]:
        self._transcriber.transcribe(segment)
        return lambda at: self.record.finish(segment, at)


class Chunked:
    """Plain faster-whisper, phrase by phrase, or with `streams` whisper_streaming's loop before that."""

    def __init__(self, folder: Path, threads: int, vad: SileroVad, *, streams: bool):
        from faster_whisper import WhisperModel

        self._whisper: Any = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        end = token(self._whisper, "<|endoftext|>")
        self._whisper.model = SpokenLength(self._whisper.model, end)
        self.record = Record()
        longest = SegmenterSettings(max_segment_s=1e6) if streams else SegmenterSettings()
        self.segmenters = {channel: Segmenter(channel, vad.stream(), longest) for channel in Channel}
        self._streams = streams
        self._passed = dict.fromkeys(Channel, 0)
        self._forgotten = dict.fromkeys(Channel, 0)
        self._ended: list[Segment] = []

    def take(self, chunk: AudioChunk) -> None:
        for segment in self.segmenters[chunk.channel].push(chunk):
            self.record.take(segment, is_cut=self.segmenters[chunk.channel].settled == segment.end)
            self._ended.append(segment)

    def next_pass(self) -> Callable[[], Callable[[float], None]] | None:
        if self._ended:
            segment = self._ended.pop(0)
            return lambda: self._finish(segment)
        if not self._streams:
            return None
        least = STREAMING_PASS_S * CALL_RATE
        for channel in sorted(Channel, key=lambda channel: self._passed[channel]):
            speech = self.segmenters[channel].open
            if speech and speech.end - max(self._passed[channel], speech.start) >= least:
                return lambda: self._again(speech)
        return None

    def _again(self, speech: Segment) -> Callable[[float], None]:
        self._transcribe(speech)
        channel = speech.channel
        settled = max(self._passed[channel], speech.start) - round(WORD_S * CALL_RATE)
        self._passed[channel] = speech.end
        if speech.end - max(speech.start, self._forgotten[channel]) > STREAMING_BUFFER_S * CALL_RATE:
            self._forgotten[channel] = max(settled, speech.start)
        return lambda at: self.record.show(channel, speech.start, at)

    def _finish(self, segment: Segment) -> Callable[[float], None]:
        self._transcribe(segment)
        return lambda at: self.record.finish(segment, at)

    def _transcribe(self, speech: Segment) -> None:
        start = max(speech.start, self._forgotten[speech.channel])
        sound = speech.samples[start - speech.start :]
        self._whisper.model.speech_s = min(30.0, len(sound) / CALL_RATE)
        segments, _ = self._whisper.transcribe(
            sound,
            language="en",
            word_timestamps=True,
            without_timestamps=True,
            temperature=0.0,
            no_speech_threshold=None,
        )
        list(segments)


def talk(shared: Path) -> dict[Channel, Samples]:
    """Read speech for each side, the clips in another order."""
    with (shared / "speech" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        clips = [read_sound(shared / "speech" / row["path"]) for row in csv.DictReader(file)]
    pause = np.zeros(round(0.6 * CALL_RATE), np.float32)
    sides = {}
    for channel, order in zip(Channel, (clips, clips[::-1]), strict=True):
        sides[channel] = np.concatenate([part for clip in order for part in (clip, pause)])
    return sides


def chunks(sides: dict[Channel, Samples], seconds: float) -> Iterator[list[AudioChunk]]:
    """Both sides' sound in step, from its beginning again when it is through."""
    size = round(CHUNK_S * CALL_RATE)
    for start in range(0, round(seconds * CALL_RATE), size):
        yield [
            AudioChunk(channel, start, CALL_RATE, np.take(said, range(start, start + size), mode="wrap"))
            for channel, said in sides.items()
        ]


def walk(listener: Listener, sound: Iterator[list[AudioChunk]], cores: int) -> Record:
    """What comes of `sound`; `cores` above 0 counts a pass as its processor time over them."""
    record = listener.record
    free_at = 0.0
    now = 0.0
    for both in sound:
        while free_at < now + CHUNK_S and (work := listener.next_pass()):
            cpu, wall = time.process_time(), time.perf_counter()
            done = work()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            record.cost += cpu
            free_at = max(free_at, now) + (cpu / cores if cores else wall)
            done(free_at)
        for chunk in both:
            listener.take(chunk)
        now = both[0].end / CALL_RATE
    unended = [segmenter.open for segmenter in listener.segmenters.values()]
    record.speech_s += sum(speech.duration_s for speech in unended if speech)
    return record


def main() -> int:
    """Measure and print; exit status 1 where there is nothing to measure on."""
    options = _options()
    shared = Path(os.environ.get("EARWITNESS_SHARED", "../shared"))
    if not shared.is_dir():
        sys.stderr.write(f"bench-streaming needs the shared data folder, which is not at {shared}.\n")
        return 1
    console = Console(width=150)
    vad = SileroVad()
    sides = talk(shared / "data")
    cores = options.threads if options.clock == "cpu" else 0
    with tempfile.TemporaryDirectory() as scratch:
        plain = {size: make_standin(shared, Path(scratch), size, short_context=False) for size in SIZES}
        short = {size: make_standin(shared, Path(scratch), size, short_context=True) for size in SIZES}
        console.print(
            cost_table({f"{size}.en": folder for size, folder in plain.items()}, options.threads)
        )
        for size in SIZES:
            console.print(_compared(size, plain[size], short[size], sides, vad, options, cores))
        if options.hours:
            for folder in (short["tiny"], plain["tiny"]):
                console.print(_lag(folder, sides, vad, options, cores))
    return 0


SIZES = ("tiny", "base")


def _compared(
    size: str,
    plain: Path,
    short: Path,
    sides: dict[Channel, Samples],
    vad: SileroVad,
    options: argparse.Namespace,
    cores: int,
) -> Table:
    seconds = options.minutes * 60
    threads = options.threads
    ways: dict[str, Callable[[], Listener]] = {}
    for kind, folder in (("short context", short), ("padded to 30 s", plain)):
        own = StandinTranscriber(folder, threads)
        ways[f"{kind}, with partial text"] = partial(Streamed, own, vad, partials=True)
        ways[f"{kind}, no partial text"] = partial(Streamed, own, vad, partials=False)
    ways["whisper_streaming-style loop"] = partial(Chunked, plain, threads, vad, streams=True)
    ways["plain faster-whisper"] = partial(Chunked, plain, threads, vad, streams=False)
    table = Table(
        f"{size}.en size, both sides talking {options.minutes:g} min",
        "core-s per s of speech",
        "final after, p50",
        "p95",
        "partial every, p50",
        "p95",
        "given up",
        "cost ratio, same model",
    )
    ours = 0.0
    for name, listener_of in ways.items():
        record = walk(listener_of(), chunks(sides, seconds), cores)
        cost = record.cost / record.speech_s
        if "with partial text" in name:
            ours = cost
        table.add_row(
            name,
            f"{cost:.3f}",
            *_quantiles(record.delays()),
            *_quantiles(record.intervals),
            str(record.given_up),
            f"{cost / ours:.1f}",
        )
    return table


def _lag(
    folder: Path, sides: dict[Channel, Samples], vad: SileroVad, options: argparse.Namespace, cores: int
) -> str:
    seconds = options.hours * 3600
    listener = Streamed(StandinTranscriber(folder, options.threads), vad, partials=True)
    record = walk(listener, chunks(sides, seconds), cores)
    tenth = min(600.0, seconds / 4)
    begin, end = mean(record.delays(to_s=tenth)), mean(record.delays(from_s=seconds - tenth))
    return (
        f"{folder.name}, {options.hours:g} h of talk: mean delay of finals {begin:.3f} s in the first "
        f"{tenth / 60:.0f} min, {end:.3f} s in the last ({end / begin - 1:+.1%}); "
        f"{record.given_up} phrases given up, {record.cost / record.speech_s:.3f} core-s per s of speech"
    )


def _quantiles(values: list[float]) -> tuple[str, str]:
    if not values:
        return "-", "-"
    return f"{np.quantile(values, 0.5):.2f} s", f"{np.quantile(values, 0.95):.2f} s"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="talk for each way that is compared")
    parser.add_argument(
        "--hours", type=float, default=2.0, help="talk to see whether lag grows; 0: none"
    )
    parser.add_argument("--threads", type=int, default=2, help="cores one pass may use")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
