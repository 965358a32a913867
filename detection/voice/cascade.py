"""The cascade: a large countermeasure as a second opinion where the small one needs it.

The small model hears every window. The large one, 30 to 100 times the work, looks at the first window
of the caller's speech and then, at a bounded rate, at the latest one where the small model is unsure or
the two differ. Where both heard the same speech their scores are anything but independent, so that
adding their likelihood ratios would count the evidence twice; the large model, measured to be the more
reliable one, decides (`detection.voice.judge`), and the small one decides where it is listened to.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.manifest import CountermeasureManifest, load_manifest
from detection.types import Segment, VoiceLevel, VoicePoint, VoiceVerdict
from detection.voice.countermeasure import CountermeasureModel, load_countermeasure, window_llrs
from detection.voice.evidence import Evidence
from detection.voice.judge import Opinion, level_at
from detection.voice.quality import is_noisy
from detection.voice.windows import SpeechWindow, SpeechWindows

EVERY_S = 8.0
"""Speech between two looks, at least."""
BUDGET = 0.15
"""Core-seconds the large model may take per second of the caller's speech, after its first look."""
FINISH_WAIT_S = 10.0
"""How long the end of a live call waits for a look that is under way."""
_HOP_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one window said by itself (LLR synthetic : real), and the core-seconds that it took."""

    llr: float
    cost_s: float


class StrongModel:
    """A large countermeasure in a thread of its own, in which it is also loaded. Shared by all calls.

    ONNX Runtime lets Python's lock go while it works, and one thread is all that the network gets, so
    that nothing of the call waits for it.
    """

    def __init__(
        self,
        manifest: CountermeasureManifest,
        load: Callable[[], CountermeasureModel],
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.manifest = manifest
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "earwitness-strong-voice")
        self._model = self._thread.submit(load)

    def look(self, window: SpeechWindow) -> Future[Look]:
        """Score `window` in due time; the future fails as the loading or the network did."""
        return self._thread.submit(self._look, window)

    def close(self) -> None:
        """Wait for the look that is under way and end the thread; idempotent."""
        self._thread.shutdown(cancel_futures=True)

    def _look(self, window: SpeechWindow) -> Look:
        model = self._model.result()
        began = self._clock()
        (llr,) = window_llrs(model, [window])
        return Look(llr, self._clock() - began)


class StrongOpinion:
    """One call's second opinion (`detection.voice.judge.SecondOpinion`).

    One look is under way at a time, so that nothing queues; the next is at the speech of that moment.
    Where it is `patient`, each look is waited for, so that a recording gets the same verdict on every
    machine; a live call never waits before its end.
    """

    def __init__(self, model: StrongModel, *, patient: bool, every_s: float = EVERY_S) -> None:
        given = model.manifest.input
        self.manifest = model.manifest
        self.fault = ""
        self._model = model
        self._patient = patient
        self._every_s = every_s
        self._size = round(given.window_s * CALL_RATE)
        self._floor = round(max(given.min_s, model.manifest.thresholds.min_speech_s) * CALL_RATE)
        self._windows = SpeechWindows(self._size, round(_HOP_S * CALL_RATE))
        self._heard = 0
        self._asked: tuple[SpeechWindow, Future[Look]] | None = None
        self._asked_at = 0
        self._fresh = 0
        self._cost_s = 0.0
        self._evidence = Evidence()
        self._looked = 0
        self._points: list[VoicePoint] = []

    @property
    def opinion(self) -> Opinion | None:
        """What the looks so far amount to; None before the first and once the model has failed."""
        self._take_up()
        if self.fault or not self._evidence.windows:
            return None
        llr = self._evidence.llr(self.manifest.calibration.settle)
        return Opinion(self.manifest, llr, tuple(self._points), self._looked / CALL_RATE)

    def hear(self, segment: Segment, first: VoiceVerdict) -> None:
        """Take in a fit segment of the caller's speech and what the small model says after it."""
        for window in self._windows.push(segment):
            self._heard += window.fresh
            if self._is_wanted(first) and not is_noisy(window.samples):
                self._ask(window, self._heard)

    def restart(self, at: int) -> None:
        """Look at the voice since sample `at` anew; a look under way at the one before is dropped."""
        self._heard = self._windows.restart(at)
        self._asked, self._asked_at = None, 0
        self._evidence, self._looked = Evidence(), 0

    def finish(self) -> None:
        """Look at a caller who never filled a window, and wait a while for what is under way."""
        partial = self._windows.partial
        if not self.fault and partial and not self._asked_at and len(partial.samples) >= self._floor:
            self._ask(partial, len(partial.samples))
        self._take_up(None if self._patient else FINISH_WAIT_S)

    def _is_wanted(self, first: VoiceVerdict) -> bool:
        if not self._asked_at:
            return True
        since_s = (self._heard - self._asked_at) / CALL_RATE
        if since_s < self._every_s or not (self._patient or since_s >= self._cost_s / BUDGET):
            return False
        opinion = self.opinion
        return self._asked is None and opinion is not None and _in_doubt(first, opinion)

    def _ask(self, window: SpeechWindow, heard: int) -> None:
        self._fresh = min(len(window.samples), heard - self._asked_at)
        self._asked_at = heard
        self._asked = window, self._model.look(window)
        if self._patient:
            self._take_up(None)

    def _take_up(self, wait_s: float | None = 0.0) -> None:
        """Take up the look that is under way if it is done within `wait_s` seconds, or any (None)."""
        if self._asked is None:
            return
        window, future = self._asked
        try:
            look = future.result(wait_s)
        except TimeoutError:
            if not future.done():
                return
            self._fail(TimeoutError())
        except Exception as error:  # noqa: BLE001 - whatever the model does, the call goes on without it
            self._fail(error)
        else:
            self._asked = None
            self._cost_s = look.cost_s
            self._looked += self._fresh
            self._evidence = self._evidence.plus(look.llr, self._fresh / self._size)
            self._points.append(VoicePoint(window.start, window.end, look.llr, self.manifest.id))

    def _fail(self, error: Exception) -> None:
        _log.error("the %s failed", self.manifest.title, exc_info=error)
        self._asked = None
        known = isinstance(error, DetectionError)
        self.fault = str(error) if known else f"it failed ({type(error).__name__})."


def load_strong(folder: Path) -> StrongModel:
    """The large countermeasure in `folder`, of which only the manifest is read before this returns.

    Raises `DetectionError` where that cannot be used; what else is amiss shows at the first look.
    """
    manifest = load_manifest(folder, CountermeasureManifest)
    if not manifest.measured:
        raise DetectionError(
            f"Model pack {manifest.id} was never measured, so its scores have no meaning yet; "
            "calibrate it as docs/models/strong-pack.md says."
        )
    return StrongModel(manifest, lambda: load_countermeasure(folder))


def _in_doubt(first: VoiceVerdict, opinion: Opinion) -> bool:
    """Whether the large model is unsure itself or the small one does not say the same."""
    level = level_at(opinion.llr, opinion.manifest.thresholds)
    return first.level is not level or level in (VoiceLevel.UNSURE, VoiceLevel.SUSPECT)
