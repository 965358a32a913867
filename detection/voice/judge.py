"""The voice judge: the caller's speech in, a verdict with its reasons out, while the call runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.models.manifest import CountermeasureManifest, VoiceThresholds
from detection.types import EngineInfo, Segment, VoiceLevel, VoicePoint, VoiceVerdict
from detection.voice.countermeasure import CountermeasureModel, window_llrs
from detection.voice.evidence import Evidence, probability
from detection.voice.quality import SPEECH_OF, BandMeter, Unfit, fault, is_noisy
from detection.voice.windows import SpeechWindow, SpeechWindows


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

    @property
    def trace(self) -> Sequence[VoicePoint]:
        """Every window scored so far, in that order; only ever grows."""
        ...

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        """Take in one segment; the verdict where this brought something new, else None."""
        ...

    def advance(self) -> VoiceVerdict | None:
        """Time has passed: the verdict where a model that takes its time brought something new."""
        ...

    def restart(self, at: int) -> VoiceVerdict:
        """Another person speaks since sample `at` of the call; the verdict as it is now."""
        ...

    def finish(self) -> VoiceVerdict:
        """Judge what was still held back; no segment follows."""
        ...


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a second model makes of the call: its calibrated LLR over the windows it has looked at.

    `points` are all windows of the call that were looked at, in the order in which they were scored,
    `speech_s` the seconds of speech in those of the person who speaks now.
    """

    manifest: CountermeasureManifest
    llr: float
    points: Sequence[VoicePoint]
    speech_s: float


class SecondOpinion(Protocol):
    """A stronger and slower model that listens to parts of the call. Called on the inference thread.

    Only `finish` may wait for the model: a call is judged at its own pace.
    """

    @property
    def manifest(self) -> CountermeasureManifest:
        """Which model it is."""
        ...

    @property
    def opinion(self) -> Opinion | None:
        """Its latest opinion; None before the first and once the model has failed."""
        ...

    @property
    def fault(self) -> str:
        """Why the model is no longer asked; empty while it works."""
        ...

    def hear(self, segment: Segment, first: VoiceVerdict) -> None:
        """Take in a fit segment of the caller's speech and what the first model says after it."""
        ...

    def restart(self, at: int) -> None:
        """Another person speaks since sample `at` of the call: form an opinion on that one alone."""
        ...

    def finish(self) -> None:
        """Look at what was taken in and not looked at yet; no segment follows."""
        ...


class CountermeasureJudge:
    """Judges with a countermeasure: windows of speech as they fill, each scored once.

    Segments of one side's speech are joined without their pauses. Until the first window is full,
    the speech so far is scored each time it has grown by half a hop, where the model's manifest says
    what such short scores are worth, and the latest of these counts. Where a second model has formed
    an opinion, the verdict is that model's. Each person who speaks is judged alone, or real speech
    before a clone would cover for it; a voice that was found synthetic stays found.
    """

    def __init__(
        self,
        model: CountermeasureModel,
        second: SecondOpinion | None = None,
        subject: Channel = Channel.CALLER,
    ) -> None:
        """`subject` is the side whose voice is judged."""
        self._subject = subject
        self._model = model
        self._second = second
        self._manifest = model.manifest
        given, short = self._manifest.input, self._manifest.calibration.short
        self._size = round(given.window_s * CALL_RATE)
        self._windows = SpeechWindows(self._size, round(given.hop_s * CALL_RATE))
        floors = (given.min_s, self._manifest.thresholds.min_speech_s, *(s.seconds for s in short[:1]))
        self._floor = round(max(floors) * CALL_RATE)
        self._step = round(given.hop_s * CALL_RATE / 2) if short else None
        self._partial_scored = 0
        self._partial = Evidence()
        self._whole = Evidence()
        self._band = BandMeter()
        self._speech = 0
        self._unfit: Counter[Unfit] = Counter()
        self._trace: list[VoicePoint] = []
        self._opinion: Opinion | None = None
        self._opinion_points = 0
        self._has_failed = False
        self._since: int | None = None
        self._earlier: VoiceVerdict | None = None
        self._verdict = self._judged()

    @property
    def engine(self) -> EngineInfo:
        models = (self._manifest, *([self._second.manifest] if self._second else ()))
        return EngineInfo(
            "voice",
            "+".join(model.id for model in models),
            "+".join(model.revision for model in models),
            ", ".join(model.title for model in models),
            models[-1].scope,
        )

    @property
    def verdict(self) -> VoiceVerdict:
        return self._verdict

    @property
    def trace(self) -> Sequence[VoicePoint]:
        return self._trace

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        """Take in one segment; the other side's is none of this judge's business."""
        if segment.channel is not self._subject:
            return None
        unfit = fault(segment.samples)
        if unfit:
            self._unfit[unfit] += len(segment.samples)
            self._verdict = self._judged()
            return self._verdict
        self._speech += len(segment.samples)
        self._band.hear(segment.samples)
        windows = self._windows.push(segment)
        if windows:
            self._score(windows)
        has_news = bool(windows) or self._score_growing()
        if self._second:
            self._second.hear(segment, self._judged_by(self._manifest, self._llr))
            has_news |= self._take_opinion()
        if not has_news:
            return None
        self._verdict = self._judged()
        return self._verdict

    def advance(self) -> VoiceVerdict | None:
        """The verdict where the second model has looked at more since."""
        if not self._take_opinion():
            return None
        self._verdict = self._judged()
        return self._verdict

    def restart(self, at: int) -> VoiceVerdict:
        """Judge the voice since sample `at` alone; a suspicion about the one before it stays."""
        if _suspicion(self._verdict) > _suspicion(self._earlier):
            self._earlier = self._verdict
        self._since = at
        self._speech = self._windows.restart(at)
        self._whole = self._partial = Evidence()
        self._partial_scored = 0
        self._opinion = None
        if self._second:
            self._second.restart(at)
        self._verdict = self._judged()
        return self._verdict

    def finish(self) -> VoiceVerdict:
        """Score the speech of a caller who never filled a window, if there is enough of it."""
        rest = self._windows.flush()
        if rest and len(rest.samples) >= self._floor:
            if len(rest.samples) > self._partial_scored:
                self._score_partial(rest)
            if not self._partial.windows:
                self._leave_out(rest)
        if self._second:
            self._second.finish()
            self._take_opinion()
        self._verdict = self._judged()
        return self._verdict

    def _score(self, windows: Sequence[SpeechWindow]) -> None:
        fit = []
        for window in windows:
            if is_noisy(window.samples):
                self._leave_out(window)
            else:
                fit.append(window)
        for window, llr in zip(fit, window_llrs(self._model, fit), strict=True):
            fresh = window.fresh if self._whole.windows else self._size
            self._whole = self._whole.plus(llr, fresh / self._size)
            self._add_point(window, llr)

    def _score_growing(self) -> bool:
        """Score the speech so far where it has grown by a step since; whether it was scored."""
        partial = self._windows.partial
        if self._step is None or partial is None:
            return False
        if len(partial.samples) < max(self._floor, self._partial_scored + self._step):
            return False
        return self._score_partial(partial)

    def _score_partial(self, window: SpeechWindow) -> bool:
        if is_noisy(window.samples):
            return False
        (llr,) = window_llrs(self._model, [window])
        weight = 1.0 if self._manifest.calibration.short else len(window.samples) / self._size
        self._partial = Evidence().plus(llr, weight)
        self._partial_scored = len(window.samples)
        self._add_point(window, llr)
        return True

    def _leave_out(self, window: SpeechWindow) -> None:
        self._unfit[Unfit.NOISY] += window.fresh
        self._speech -= window.fresh

    def _add_point(self, window: SpeechWindow, llr: float) -> None:
        self._trace.append(VoicePoint(window.start, window.end, llr, self._manifest.id))

    def _take_opinion(self) -> bool:
        """Take over the second model's opinion; whether it has looked at more since, or failed."""
        if self._second is None:
            return False
        self._opinion = self._second.opinion
        if self._opinion and len(self._opinion.points) > self._opinion_points:
            self._trace += self._opinion.points[self._opinion_points :]
            self._opinion_points = len(self._opinion.points)
            return True
        had_failed, self._has_failed = self._has_failed, bool(self._second.fault)
        return self._has_failed and not had_failed

    @property
    def _llr(self) -> float | None:
        """This judge's own LLR, whole windows before a partial one; None below the floor of speech."""
        evidence = self._whole if self._whole.windows else self._partial
        enough = self._speech >= self._manifest.thresholds.min_speech_s * CALL_RATE
        judged = evidence.windows > 0 and enough
        return evidence.llr(self._manifest.calibration.settle) if judged else None

    def _judged(self) -> VoiceVerdict:
        if self._opinion:
            now = self._judged_by(self._opinion.manifest, self._opinion.llr)
        else:
            now = self._judged_by(self._manifest, self._llr)
        if self._earlier is None or _suspicion(now) >= _suspicion(self._earlier):
            return now
        return replace(self._earlier, reasons=(*self._earlier.reasons, *self._taken_over()))

    def _judged_by(self, manifest: CountermeasureManifest, llr: float | None) -> VoiceVerdict:
        thresholds = manifest.thresholds
        level = level_at(llr, thresholds)
        return VoiceVerdict(
            level=level,
            llr=llr,
            score=None if llr is None else probability(llr),
            speech_s=self._speech / CALL_RATE,
            model_id=manifest.id,
            model_revision=manifest.revision,
            threshold_real=thresholds.real_llr,
            threshold_watch=thresholds.watch_llr,
            threshold_synthetic=thresholds.synthetic_llr,
            reasons=self._reasons(level, manifest),
        )

    def _reasons(self, level: VoiceLevel, manifest: CountermeasureManifest) -> tuple[str, ...]:
        check, needed = manifest.title, manifest.thresholds.min_speech_s
        whose = SPEECH_OF[self._subject]
        heard = f"{self._speech / CALL_RATE:.1f} s of {whose}"
        unproven = "; that does not prove who is calling" if self._subject is Channel.CALLER else ""
        sentence = {
            VoiceLevel.LIKELY_SYNTHETIC: f"The voice sounds synthetic, after {heard} ({check}).",
            VoiceLevel.SUSPECT: f"The voice may be synthetic, after {heard} ({check}).",
            VoiceLevel.UNSURE: f"The {check} cannot tell, after {heard}.",
            VoiceLevel.REAL: f"This audio sounds human, after {heard} ({check}){unproven}.",
            VoiceLevel.NOT_ENOUGH_SPEECH: f"There is {heard} so far; the {check} needs {needed:g} s.",
        }[level]
        limits = [
            f"{samples / CALL_RATE:.1f} s of {whose} was {unfit} and was left out."
            for unfit, samples in sorted(self._unfit.items())
        ]
        if level is VoiceLevel.UNSURE and self._band.is_telephone:
            limits.append("It was heard through a telephone band, in which less can be told.")
        return (sentence, *self._beside(), *self._taken_over(), *limits)

    def _taken_over(self) -> list[str]:
        if self._since is None:
            return []
        return [f"Another voice took over at {clock_at(self._since)}; each voice is judged alone."]

    def _beside(self) -> list[str]:
        """What is to be said of the second model beside the verdict."""
        if self._second and self._second.fault:
            return [f"The {self._second.manifest.title} was left out: {self._second.fault}"]
        if self._opinion is None:
            return []
        alone = {
            VoiceLevel.LIKELY_SYNTHETIC: "finds the voice synthetic",
            VoiceLevel.SUSPECT: "finds the voice suspect",
            VoiceLevel.UNSURE: "is unsure",
            VoiceLevel.REAL: "finds the voice human",
            VoiceLevel.NOT_ENOUGH_SPEECH: "has not heard enough",
        }[level_at(self._llr, self._manifest.thresholds)]
        strong, looked = self._opinion.manifest.title, f"{self._opinion.speech_s:.1f} s"
        return [
            f"The {strong} looked at {looked} and decides; the {self._manifest.title} alone {alone}."
        ]


_SUSPICION = {VoiceLevel.SUSPECT: 1, VoiceLevel.LIKELY_SYNTHETIC: 2}


def _suspicion(verdict: VoiceVerdict | None) -> int:
    return _SUSPICION.get(verdict.level, 0) if verdict else 0


def level_at(llr: float | None, thresholds: VoiceThresholds) -> VoiceLevel:
    """The level that `llr` reaches."""
    if llr is None:
        return VoiceLevel.NOT_ENOUGH_SPEECH
    if llr >= thresholds.synthetic_llr:
        return VoiceLevel.LIKELY_SYNTHETIC
    if thresholds.watch_llr is not None and llr >= thresholds.watch_llr:
        return VoiceLevel.SUSPECT
    return VoiceLevel.REAL if llr < thresholds.real_llr else VoiceLevel.UNSURE
