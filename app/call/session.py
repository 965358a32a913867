"""One call from its source to the case log: the threads of the walk and what passes between them."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from app.call.intake import Intake
from app.call.listening import Listening, LiveBasis
from app.call.segment_queue import (
    ChallengeWanted,
    ClockTick,
    Displaced,
    EndOfCall,
    Noticed,
    QueueItem,
    SegmentQueue,
)
from app.cases.records import StoredEvent
from app.cases.writer import CaseWriter
from app.errors import CaseLogError
from audio.ring import AudioRing
from audio.source import AudioSource
from audio.types import CALL_RATE, AudioGap, Channel
from detection.events import (
    CallEnded,
    CallLabel,
    CallLabelled,
    CallStarted,
    Event,
    StepTaken,
    Through,
)
from detection.pipeline import Pipeline
from detection.segmenter import Segmenter
from detection.steps import ChallengeKind, Step, StepOutcome
from detection.transcribe.live import LiveText, OpenSpeech
from detection.types import EngineInfo, PartialText, Segment

_log = logging.getLogger(__name__)

Listener = Callable[[str, Sequence[Event]], None]
"""Told of a case's events once they are committed; called on the store thread."""

_POP_TIMEOUT_S = 0.2


class Session:
    """Walks one call: source -> ring -> resample -> segments -> judges -> store -> listener.

    `start` and `wait` belong to the owner's thread, all else to any. The same object
    serves files, devices and tests, with and without a window. A source that can wait is slowed down
    to what the judges manage; a live one is not, and what could not be judged is stored as such.
    With `live_text`, what a person is saying can be read before the phrase has ended. A live call has
    a `basis` on which it is kept, which is stored before a sample is.
    """

    def __init__(
        self,
        source: AudioSource,
        segmenters: Mapping[Channel, Segmenter],
        pipeline: Pipeline,
        engines: tuple[EngineInfo, ...],
        writer: CaseWriter,
        listener: Listener | None = None,
        live_text: LiveText | None = None,
        basis: LiveBasis | None = None,
    ) -> None:
        self._source = source
        self._segmenters = segmenters
        self._pipeline = pipeline
        self._engines = engines
        self._writer = writer
        self._listener = listener
        self._live_text = live_text if source.is_paced else None
        self._partials: dict[Channel, PartialText] = {}
        self._basis = basis
        self._ring = AudioRing()
        self._queue = SegmentQueue()
        self._intake: Intake | None = None
        self._stop_requested = threading.Event()
        self._done = threading.Event()
        self._done.set()
        self._error: Exception | None = None
        self._case_id = ""

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
        return self._heard / CALL_RATE, self._source.duration_s

    @property
    def levels(self) -> dict[Channel, float]:
        """Level of each channel's latest sound in dBFS."""
        return self._intake.levels if self._intake else {}

    @property
    def partials(self) -> Mapping[Channel, PartialText]:
        """The latest text of speech that had not ended then: transient, never stored nor judged.

        What it became is in the events; `CaseState.still_open` tells which of it is none yet.
        """
        return self._partials

    @property
    def is_text_behind(self) -> bool:
        """True while there is no time for the text of open speech; that of ended speech goes on."""
        return self._queue.passes_over

    def start(self) -> None:
        """Open the case and the source. Raises `AudioError` or `CaseLogError`; then nothing runs."""
        started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._case_id = self._writer.open_case(self._source.name, started_at)
        self._store(
            [
                CallStarted(
                    self._source.name,
                    started_at,
                    self._source.channels,
                    self._engines,
                    self._pipeline.subject,
                )
            ]
        )
        if self._basis:
            self._store([self._basis.consent])
            self._writer.flush()
        listening: Listening | None = None
        try:
            if self._basis:
                listening = Listening.begin(self._basis, self._case_id)
            self._source.start(self._ring)
        except BaseException as error:
            if listening:
                listening.abandon()
            self._store([CallEnded("failed", 0, str(error) or "stopped while it was opened")])
            raise
        self._intake = Intake(
            self._segmenters, self._put, self._queue.put_open, self._live_text, listening
        )
        self._done.clear()
        threading.Thread(target=self._pump, args=(self._intake,), name="earwitness-pump").start()
        threading.Thread(target=self._infer, name="earwitness-inference").start()

    def stop(self, *, judge_rest: bool = True) -> None:
        """Ask the call to end. Any thread; returns at once; may be called again to hurry.

        Speech that was heard is still judged, or with `judge_rest` False stored as not judged.
        """
        self.stop_with_source(judge_rest=judge_rest)
        self._ring.close()

    def stop_with_source(self, *, judge_rest: bool = True) -> None:
        """As `stop`, but what the source still holds is taken in first: it is ending by itself."""
        self._stop_requested.set()
        if not judge_rest:
            self._queue.give_up()

    def take_step(self, step: Step, ask: str, outcome: StepOutcome, through: Through) -> None:
        """Record what came of a step that was advised for `ask`. Any thread; returns at once.

        This and the two below are stored in their place among what was heard, and shown only then. What
        comes after the last of the call was judged is not stored.
        """
        self._put(StepTaken(step, ask, outcome, through, self._heard))

    def give_challenge(self, challenge: ChallengeKind) -> None:
        """Ask for something that the caller has to say. Any thread; returns at once."""
        self._put(ChallengeWanted(challenge))

    def label_call(self, label: CallLabel, through: Through) -> None:
        """Record what a person holds this call for; no verdict changes. Any thread; returns at once."""
        self._put(Noticed(CallLabelled(label, through, self._heard)))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all is judged and stored; False where that took longer. Safe to interrupt."""
        return self._done.wait(timeout_s)

    def _pump(self, intake: Intake) -> None:
        try:
            while not self._ring.ended:
                item = self._ring.pop(_POP_TIMEOUT_S)
                if item is not None:
                    intake.take(item)
            intake.take_rest()
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            self._fail(error)
        for end in (self._source.stop, intake.finish):
            try:
                end()
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(error)
        self._error = self._error or self._ring.error
        self._put(EndOfCall(self._heard))

    @property
    def _heard(self) -> int:
        return self._intake.heard if self._intake else 0

    def _put(self, item: QueueItem) -> None:
        self._queue.put(item, wait=not self._source.is_live)

    def _infer(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                if isinstance(item, OpenSpeech):
                    self._read(item)
                    continue
                self._store(self._judge(item))
                if isinstance(item, EndOfCall):
                    break
            self._writer.flush()
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            self._fail(error)
            self._queue.close()
            # Where it is the case log that failed, the call's end cannot be stored either.
            with suppress(CaseLogError):
                self._store([self._end(self._heard)])
                self._writer.flush()
        finally:
            self._done.set()

    def _read(self, speech: OpenSpeech) -> None:
        if self._live_text is None:
            return
        try:
            partial = self._live_text.hear(speech)
        except Exception:  # noqa: BLE001 - whatever a model does, the call goes on
            _log.exception("the recognizer failed on open speech")
        else:
            self._partials = {**self._partials, partial.channel: partial}

    def _judge(self, item: QueueItem) -> list[Event]:
        match item:
            case Segment():
                events = self._pipeline.hear(item)
            case Displaced(segment, reason):
                events = self._pipeline.skip(segment, reason)
            case AudioGap():
                events = self._pipeline.lose(item, item.end)
            case ClockTick(at):
                events = self._pipeline.advance(at)
            case Noticed(event):
                events = [event]
            case StepTaken():
                events = self._pipeline.take_step(item)
            case ChallengeWanted(challenge):
                # Not as of when it was asked for: nobody could see it before now.
                events = self._pipeline.give_challenge(challenge, self._heard)
            case EndOfCall(at):
                events = [*self._pipeline.finish(at, is_whole=self._is_whole), self._end(at)]
        return events

    @property
    def _is_whole(self) -> bool:
        """True where the call was heard to its end: a person who stops a live call ends it."""
        stopped_early = self._stop_requested.is_set() and not self._source.is_live
        return self._error is None and not stopped_early

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
