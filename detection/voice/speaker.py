"""The speaker judge: the caller's speech in, whose voice it is out, while the call runs."""

import math
from collections import Counter, deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.types import (
    EngineInfo,
    Segment,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceChange,
    WatchHit,
)
from detection.voice.encoder import SpeakerEncoder, engine_of, likeness
from detection.voice.enrolment import OTHER_VOICE_LLR, Enrolment, WatchedVoice, check_model
from detection.voice.quality import SPEECH_OF, Unfit, fault
from detection.voice.scoring import Embeddings, direction
from detection.voice.windows import SpeechWindow, SpeechWindows

RECENT_S = 6.0
"""Seconds of speech by which a voice is taken to have changed, and that drift is measured by."""
SPREAD_S = 10.0
"""Seconds of speech below which the scatter of a voice's windows says little."""
WATCH_SPEECH_S = 10.0
"""Seconds of speech below which the watch list is not compared: every early look could be wrong."""
WATCH_LLR = math.log(100)
"""The least LLR of a hit on a list of one: a calibrated ratio above t has odds below 1 : t by chance."""


class SpeakerJudge(Protocol):
    """Judges one call's caller. Every method runs on the inference thread."""

    @property
    def engine(self) -> EngineInfo:
        """What judges."""
        ...

    @property
    def changes(self) -> Sequence[VoiceChange]:
        """Where another voice took over, in order, as far as heard."""
        ...

    def hear(self, segment: Segment) -> SpeakerVerdict | None:
        """Take in one segment; the verdict where this brought something new, else None."""
        ...

    def finish(self) -> SpeakerVerdict:
        """Judge what was still held back; no segment follows."""
        ...


class _Voice:
    """The windows of one voice: sums of their embeddings, shape (d,), the latest kept apart.

    `began` counts the samples of fit speech before this voice, `since` is its first sample in the
    call.
    """

    def __init__(self, recent: int, began: int, since: int) -> None:
        self.began = began
        self.since = since
        self.windows = 0
        self.recent: deque[tuple[NDArray[np.float64], int, int]] = deque()
        self._size = recent
        self._first: NDArray[np.float64] | float = 0.0
        self._older: NDArray[np.float64] | float = 0.0
        self._older_windows = 0

    def add(self, embedding: NDArray[np.float64], offset: int, at: int) -> None:
        """Take in a window that begins at `offset` in the fit speech and at sample `at` of the call."""
        if self.windows < self._size:
            self._first = self._first + embedding
        self.windows += 1
        self.recent.append((embedding, offset, at))
        if len(self.recent) > self._size:
            self._older = self._older + self.recent.popleft()[0]
            self._older_windows += 1

    @property
    def mean(self) -> Embeddings:
        """Direction of all windows, shape (1, d)."""
        return direction(np.atleast_2d(self._older + self._recent_sum))

    @property
    def parts(self) -> tuple[Embeddings, Embeddings] | None:
        """Directions, each (1, d), of the older and the latest windows; None before both are full."""
        if self._older_windows < self._size:
            return None
        return direction(np.atleast_2d(self._older)), direction(np.atleast_2d(self._recent_sum))

    @property
    def spread(self) -> float:
        """1 less the mean resultant length of the windows (Mardia and Jupp 2000)."""
        return 1 - float(np.linalg.norm(self._older + self._recent_sum)) / self.windows

    @property
    def drift(self) -> float | None:
        """1 less the cosine of the first and the latest windows, once these are not the same."""
        if self._older_windows < self._size:
            return None
        return 1 - float((direction(np.asarray(self._first)) * direction(self._recent_sum)).sum())

    def split(self) -> "_Voice":
        """The latest windows as a voice of their own, from the first that is nearer to the last.

        What stays is of no further use.
        """
        windows = list(self.recent)
        before, after = direction(np.asarray(self._older)), direction(windows[-1][0])
        first = next(i for i, (e, _, _) in enumerate(windows) if e @ after >= e @ before)
        voice = _Voice(self._size, *windows[first][1:])
        for window in windows[first:]:
            voice.add(*window)
        return voice

    @property
    def _recent_sum(self) -> NDArray[np.float64]:
        return np.sum([embedding for embedding, _, _ in self.recent], axis=0)


class EmbeddingJudge:
    """Compares with embeddings: windows of speech as they fill, each embedded once.

    Segments of one side's speech are joined without their pauses. Kept are less than one window of
    samples, the windows of the last `RECENT_S` and a few sums, however long the call. Where another
    voice takes over (the likelihood ratio of the latest speech against that before falls below
    `OTHER_VOICE_LLR`), the comparison starts anew with it. Raises `DetectionError` where `claimed` was
    enrolled with another model.
    """

    def __init__(
        self,
        encoder: SpeakerEncoder,
        claimed: Enrolment | None = None,
        watched: Sequence[WatchedVoice] = (),
        subject: Channel = Channel.CALLER,
    ) -> None:
        """`subject` is the side whose voice is compared."""
        self._subject = subject
        manifest = encoder.manifest
        if claimed:
            check_model(claimed, manifest)
        self._encoder = encoder
        self._manifest = manifest
        self._claimed = claimed
        self._watched = [each for each in watched if each.voice.fits(manifest)]
        self._not_compared = len(watched) - len(self._watched)
        given = manifest.input
        self._windows = SpeechWindows(round(given.window_s * CALL_RATE), round(given.hop_s * CALL_RATE))
        self._recent = max(2, math.ceil((RECENT_S - given.window_s) / given.hop_s) + 1)
        self._speech = 0
        self._embedded = 0
        self._unfit: Counter[Unfit] = Counter()
        self._voice: _Voice | None = None
        self._changes: list[VoiceChange] = []
        self._hits: dict[str, WatchHit] = {}
        self._verdict = self._judged(0)

    @property
    def engine(self) -> EngineInfo:
        return engine_of(self._encoder)

    @property
    def changes(self) -> Sequence[VoiceChange]:
        return self._changes

    @property
    def verdict(self) -> SpeakerVerdict:
        """The verdict over all speech heard so far."""
        return self._verdict

    def hear(self, segment: Segment) -> SpeakerVerdict | None:
        """Take in one segment; the other side's is none of this judge's business."""
        if segment.channel is not self._subject:
            return None
        unfit = fault(segment.samples)
        if unfit:
            self._unfit[unfit] += len(segment.samples)
            self._verdict = self._judged(segment.end)
            return self._verdict
        self._speech += len(segment.samples)
        windows = self._windows.push(segment)
        if not windows:
            return None
        self._add(windows)
        self._verdict = self._judged(segment.end)
        return self._verdict

    def finish(self) -> SpeakerVerdict:
        """Compare the speech of a caller who never filled a window, if there is enough of it."""
        enough = max(self._manifest.input.min_s, self._manifest.thresholds.min_speech_s)
        partial = self._windows.partial
        if partial and self._voice is None and partial.seconds >= enough:
            self._add([partial])
            self._verdict = self._judged(partial.end)
        return self._verdict

    def _add(self, windows: Sequence[SpeechWindow]) -> None:
        offsets = []
        for window in windows:
            self._embedded += window.fresh
            offsets.append(self._embedded - len(window.samples))
        samples = np.stack([window.samples for window in windows])
        embeddings = self._encoder.embeddings(samples).astype(np.float64)
        for window, offset, embedding in zip(windows, offsets, embeddings, strict=True):
            if self._voice is None:
                self._voice = _Voice(self._recent, offset, window.start)
            self._voice.add(embedding, offset, window.start)
            self._look_for_change(self._voice)

    def _look_for_change(self, voice: _Voice) -> None:
        if not (parts := voice.parts):
            return
        llr = self._llr(*parts)
        if llr < OTHER_VOICE_LLR:
            self._voice = voice.split()
            self._changes.append(VoiceChange(self._voice.since, llr, OTHER_VOICE_LLR))

    def _llr(self, some: Embeddings, other: Embeddings) -> float:
        return float(likeness(self._encoder, some, other)[0, 0])

    def _judged(self, at: int) -> SpeakerVerdict:
        thresholds, voice = self._manifest.thresholds, self._voice
        speech_s = (self._speech - (voice.began if voice else 0)) / CALL_RATE
        judged = voice is not None and speech_s >= thresholds.min_speech_s
        llr = None
        if voice and judged:
            if speech_s >= WATCH_SPEECH_S:
                self._watch(voice, at)
            if self._claimed:
                llr = self._llr(self._claimed.voice.embedding[None], voice.mean)
        level = self._level(llr)
        spread = voice.spread if voice and speech_s >= SPREAD_S else None
        return SpeakerVerdict(
            level=level,
            claimed=self._claimed.name if self._claimed else "",
            llr=llr,
            speech_s=speech_s,
            since=voice.since if voice else 0,
            model_id=self._manifest.id,
            model_revision=self._manifest.revision,
            threshold_match=thresholds.match_llr,
            threshold_reject=thresholds.reject_llr,
            spread=spread,
            drift=voice.drift if voice else None,
            watch_hits=tuple(self._hits.values()),
            reasons=tuple(self._reasons(level, speech_s, spread)),
        )

    def _watch(self, voice: _Voice, at: int) -> None:
        """Compare with every voice of the watch list that was not recognized yet.

        With n voices the chance that one of them is taken for the caller's is up to n times that of
        one (union bound; Zigel and Wasserblat 2006 measure it), so the threshold rises by log n.
        """
        if not self._watched:
            return
        lists = np.stack([each.voice.embedding for each in self._watched])
        threshold = max(self._manifest.thresholds.match_llr, WATCH_LLR) + math.log(len(lists))
        found = likeness(self._encoder, voice.mean, lists)[0]
        for each, llr in zip(self._watched, found.tolist(), strict=True):
            if llr >= threshold and each.name not in self._hits:
                self._hits[each.name] = WatchHit(each.name, each.case_id, each.note, llr, threshold, at)

    def _level(self, llr: float | None) -> SpeakerLevel:
        thresholds = self._manifest.thresholds
        if self._claimed is None:
            return SpeakerLevel.NOT_CHECKED
        if llr is None:
            return SpeakerLevel.NOT_ENOUGH_SPEECH
        if llr >= thresholds.match_llr:
            return SpeakerLevel.MATCHES
        return SpeakerLevel.DOES_NOT_MATCH if llr < thresholds.reject_llr else SpeakerLevel.UNSURE

    def _reasons(self, level: SpeakerLevel, speech_s: float, spread: float | None) -> list[str]:
        check, needed = self._manifest.title, self._manifest.thresholds.min_speech_s
        name = self._claimed.name if self._claimed else ""
        heard = f"{speech_s:.1f} s of {SPEECH_OF[self._subject]}"
        reasons = [
            {
                SpeakerLevel.MATCHES: f"The voice sounds like the one enrolled for {name}, after "
                f"{heard} ({check}); that does not prove that {name} is calling.",
                SpeakerLevel.UNSURE: f"The {check} cannot tell after {heard} whether this is the voice "
                f"enrolled for {name}.",
                SpeakerLevel.DOES_NOT_MATCH: "The voice does not sound like the one enrolled for "
                f"{name}, after {heard} ({check}); a bad line or a hoarse voice can do that too.",
                SpeakerLevel.NOT_ENOUGH_SPEECH: f"There is {heard} so far; the {check} needs "
                f"{needed:g} s.",
                SpeakerLevel.NOT_CHECKED: "Nobody was named whose voice this should be.",
            }[level]
        ]
        if self._changes:
            times = ", ".join(clock_at(change.start) for change in self._changes)
            reasons.append(f"Another voice took over at {times}; this is about the latest.")
        natural = self._manifest.spread
        if spread is not None and natural and spread < natural.low:
            reasons.append(
                f"The voice varies less than real voices do (spread {spread:.3f}, usual "
                f"{natural.low:.3f} to {natural.high:.3f}); that is a sign of a machine and no proof."
            )
        if self._not_compared:
            reasons.append(
                f"Made with another model and not compared: {self._not_compared} of the watch list."
            )
        reasons += [
            f"{samples / CALL_RATE:.1f} s of {SPEECH_OF[self._subject]} was {unfit} and was left out."
            for unfit, samples in sorted(self._unfit.items())
        ]
        return reasons
