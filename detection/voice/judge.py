"""The voice judge: the caller's speech in, a verdict with its reasons out, while the call runs."""

from collections import Counter
from typing import Protocol

import numpy as np

from audio.types import CALL_RATE, Channel
from detection.types import EngineInfo, Segment, VoiceLevel, VoiceVerdict
from detection.voice.countermeasure import CountermeasureModel
from detection.voice.evidence import Evidence, probability
from detection.voice.quality import Unfit, fault

BATCH = 8
"""Windows scored at once, which bounds the memory one long segment takes."""


class VoiceJudge(Protocol):
    """Judges one call's caller. Every method runs on the inference thread."""

    @property
    def engine(self) -> EngineInfo:
        """What judges."""
        ...

    @property
    def verdict(self) -> VoiceVerdict:
        """The verdict over all speech heard so far."""
        ...

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        """Take in one segment; the verdict where this brought something new, else None."""
        ...

    def finish(self) -> VoiceVerdict:
        """Judge what was still held back; no segment follows."""
        ...


class CountermeasureJudge:
    """Judges with a countermeasure: windows of speech as they fill, each scored once.

    Segments of the caller's speech are joined without their pauses. What is kept is less than one
    window of samples and two sums, however long the call.
    """

    def __init__(self, model: CountermeasureModel) -> None:
        self._model = model
        self._manifest = model.manifest
        self._window = round(self._manifest.input.window_s * CALL_RATE)
        self._hop = round(self._manifest.input.hop_s * CALL_RATE)
        self._held = np.zeros(0, np.float32)
        self._evidence = Evidence()
        self._speech = 0
        self._unfit: Counter[Unfit] = Counter()
        self._verdict = self._judged()

    @property
    def engine(self) -> EngineInfo:
        return EngineInfo("voice", self._manifest.id, self._manifest.revision, self._manifest.title)

    @property
    def verdict(self) -> VoiceVerdict:
        return self._verdict

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        """Take in one segment; the agent's is none of this judge's business."""
        if segment.channel is not Channel.CALLER:
            return None
        unfit = fault(segment.samples)
        if unfit:
            self._unfit[unfit] += len(segment.samples)
            self._verdict = self._judged()
            return self._verdict
        self._speech += len(segment.samples)
        self._held = np.concatenate([self._held, segment.samples])
        if len(self._held) < self._window:
            return None
        windows = np.lib.stride_tricks.sliding_window_view(self._held, self._window)[:: self._hop]
        self._held = self._held[len(windows) * self._hop :].copy()
        for start in range(0, len(windows), BATCH):
            self._add(windows[start : start + BATCH])
        self._verdict = self._judged()
        return self._verdict

    def finish(self) -> VoiceVerdict:
        """Score the speech of a caller who never filled a window, if there is enough of it."""
        enough = max(self._manifest.input.min_s, self._manifest.thresholds.min_speech_s) * CALL_RATE
        if not self._evidence.windows and len(self._held) >= enough:
            self._add(self._held[None])
        self._verdict = self._judged()
        return self._verdict

    def _add(self, windows: np.ndarray) -> None:
        scores = self._model.scores(np.ascontiguousarray(windows))
        before = self._evidence
        new_speech = (
            len(scores) * self._hop
            if before.windows
            else windows.shape[1] + (len(scores) - 1) * self._hop
        )
        self._evidence = Evidence(
            before.total + float(scores.sum()),
            before.windows + len(scores),
            before.weight + new_speech / self._window,
        )

    def _judged(self) -> VoiceVerdict:
        thresholds = self._manifest.thresholds
        judged = self._evidence.windows > 0 and self._speech >= thresholds.min_speech_s * CALL_RATE
        llr = self._evidence.llr(self._manifest.calibration) if judged else None
        level = self._level(llr)
        return VoiceVerdict(
            level=level,
            llr=llr,
            score=None if llr is None else probability(llr),
            speech_s=self._speech / CALL_RATE,
            model_id=self._manifest.id,
            model_revision=self._manifest.revision,
            threshold_real=thresholds.real_llr,
            threshold_synthetic=thresholds.synthetic_llr,
            reasons=self._reasons(level),
        )

    def _level(self, llr: float | None) -> VoiceLevel:
        thresholds = self._manifest.thresholds
        if llr is None:
            return VoiceLevel.NOT_ENOUGH_SPEECH
        if llr >= thresholds.synthetic_llr:
            return VoiceLevel.LIKELY_SYNTHETIC
        return VoiceLevel.REAL if llr < thresholds.real_llr else VoiceLevel.UNSURE

    def _reasons(self, level: VoiceLevel) -> tuple[str, ...]:
        check, needed = self._manifest.title, self._manifest.thresholds.min_speech_s
        heard = f"{self._speech / CALL_RATE:.1f} s of the caller's speech"
        sentence = {
            VoiceLevel.LIKELY_SYNTHETIC: f"The voice sounds synthetic, after {heard} ({check}).",
            VoiceLevel.UNSURE: f"The {check} cannot tell after {heard} whether the voice is synthetic.",
            VoiceLevel.REAL: f"This audio sounds human, after {heard} ({check}); "
            "that does not prove who is calling.",
            VoiceLevel.NOT_ENOUGH_SPEECH: f"There is {heard} so far; the {check} needs {needed:g} s.",
        }[level]
        return (
            sentence,
            *(
                f"{samples / CALL_RATE:.1f} s of the caller's speech was {unfit} and was left out."
                for unfit, samples in sorted(self._unfit.items())
            ),
        )
