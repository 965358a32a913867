"""One call from its source to the case log: the threads of the walk and what passes between them."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from app.cases.records import StoredEvent
from app.cases.writer import CaseWriter
from app.segment_queue import ClockTick, Displaced, EndOfCall, QueueItem, SegmentQueue
from audio.levels import LevelMeter
from audio.resample import ChannelResampler
from audio.ring import AudioRing
from audio.source import AudioSource
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from detection.events import CallEnded, CallStarted, Event, NotJudged
from detection.pipeline import Pipeline
from detection.segmenter import Segmenter
from detection.types import EngineInfo, Segment

_log = logging.getLogger(__name__)

Listener = Callable[[str, Sequence[Event]], None]
"""Told of a case's events once they are committed; called on the store thread."""

_POP_TIMEOUT_S = 0.2


class Session:
    """Walks one call: source -> ring -> resample -> segments -> judges -> store -> listener.

    `start` and `wait` belong to the owner's thread, `stop` and the properties to any. The same object
    serves files, devices and tests, with and without a window. A source that can wait is slowed down
    to what the judges manage; a live one is not, and what could not be judged is stored as such.
    """

    def __init__(
        self,
        source: AudioSource,
        segmenters: Mapping[Channel, Segmenter],
        pipeline: Pipeline,
        engines: tuple[EngineInfo, ...],
        writer: CaseWriter,
        listener: Listener | None = None,
    ) -> None:
        self._source = source
        self._segmenters = segmenters
        self._pipeline = pipeline
        self._engines = engines
        self._writer = writer
        self._listener = listener
        self._ring = AudioRing()
        self._queue = SegmentQueue()
        self._resamplers = {channel: ChannelResampler(channel) for channel in source.channels}
        self._meters = {channel: LevelMeter() for channel in source.channels}
        self._heard = dict.fromkeys(source.channels, 0)
        self._ticked = 0
        self._stop_requested = threading.Event()
        self._error: Exception | None = None
        self._case_id = ""
        self._threads = [
            threading.Thread(target=self._pump, name="earwitness-pump"),
            threading.Thread(target=self._infer, name="earwitness-inference"),
        ]

    @property
    def case_id(self) -> str:
        """The case this call is stored under; empty before `start`."""
        return self._case_id

    @property
    def error(self) -> Exception | None:
        """Why the call ended before its time; its message is a sentence for the user."""
        return self._error

    @property
    def progress(self) -> tuple[float, float | None]:
        """Seconds of sound taken in so far, and in all where that is known."""
        return max(self._heard.values()) / CALL_RATE, self._source.duration_s

    @property
    def levels(self) -> dict[Channel, float]:
        """Level of each channel's latest sound in dBFS."""
        return {channel: meter.rms_dbfs for channel, meter in self._meters.items()}

    def start(self) -> None:
        """Open the case and the source. Raises `AudioError` or `CaseLogError`; then nothing runs."""
        started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._case_id = self._writer.open_case(self._source.name, started_at)
        self._store([CallStarted(self._source.name, started_at, self._source.channels, self._engines)])
        try:
            self._source.start(self._ring)
        except Exception as error:
            self._store([CallEnded("failed", 0, str(error))])
            raise
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask the call to end; what was heard is still judged. Any thread; returns at once."""
        self._stop_requested.set()
        self._ring.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is judged and stored; False where that took longer."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _pump(self) -> None:
        try:
            while not self._ring.ended:
                item = self._ring.pop(_POP_TIMEOUT_S)
                if item is not None:
                    for sound in self._resamplers[item.channel].push(item):
                        self._take_in(sound)
            for resampler in self._resamplers.values():
                for sound in resampler.flush():
                    self._take_in(sound)
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            self._fail(error)
        finally:
            self._source.stop()
            self._error = self._error or self._ring.error
            for segmenter in self._segmenters.values():
                self._put_all(segmenter.flush())
            self._put(EndOfCall(max(self._heard.values())))

    def _take_in(self, sound: AudioChunk | AudioGap) -> None:
        segmenter = self._segmenters[sound.channel]
        self._heard[sound.channel] = sound.end
        if isinstance(sound, AudioGap):
            self._put_all(segmenter.skip(sound))
            self._put(sound)
        else:
            self._meters[sound.channel].update(sound.samples)
            self._put_all(segmenter.push(sound))
        self._tick()

    def _tick(self) -> None:
        settled = min(self._segmenters[channel].settled for channel in self._source.channels)
        if settled - self._ticked >= CALL_RATE:
            self._ticked = settled
            self._put(ClockTick(settled))

    def _put_all(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            self._put(segment)

    def _put(self, item: QueueItem) -> None:
        self._queue.put(item, wait=not self._source.is_live)

    def _infer(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                self._store(self._judge(item))
                if isinstance(item, EndOfCall):
                    break
            self._writer.flush()
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            self._fail(error)
            self._queue.close()
            if not self._writer.failed:
                self._store([self._end(max(self._heard.values()))])
                self._writer.flush()

    def _judge(self, item: QueueItem) -> list[Event]:
        match item:
            case Segment():
                return self._pipeline.hear(item)
            case AudioGap():
                return self._pipeline.lose(item, item.end)
            case ClockTick():
                return self._pipeline.advance(item.at)
            case Displaced(segment):
                reason = "the program could not keep up with the call"
                return [
                    NotJudged("all", segment.channel, segment.start, segment.end, reason, segment.end)
                ]
            case EndOfCall(at):
                return [*self._pipeline.finish(at), self._end(at)]

    def _end(self, at: int) -> CallEnded:
        if self._error:
            return CallEnded("failed", at, str(self._error))
        return CallEnded("stopped" if self._stop_requested.is_set() else "finished", at)

    def _store(self, events: Sequence[Event]) -> None:
        if events:
            self._writer.append(self._case_id, events, self._on_stored)

    def _on_stored(self, stored: Sequence[StoredEvent]) -> None:
        if self._listener:
            self._listener(self._case_id, [entry.event for entry in stored])

    def _fail(self, error: Exception) -> None:
        _log.error("the call %s ended early", self._case_id, exc_info=error)
        self._error = self._error or error
        self._ring.close()
