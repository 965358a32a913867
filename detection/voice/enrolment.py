"""Known voices: how a person's recordings become one, and when two of them can be compared."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from audio.types import CALL_RATE, Samples
from detection.errors import DetectionError
from detection.models.manifest import SpeakerEncoderManifest
from detection.types import Segment
from detection.voice.encoder import SpeakerEncoder, likeness, windows_of
from detection.voice.quality import Unfit, fault
from detection.voice.scoring import Embeddings, direction

OTHER_VOICE_LLR = -math.log(20)
"""Below this LLR same : different speaker two stretches of one channel are two voices.

It is the posterior's even point where one stretch in twenty is another person's. A pack's own threshold
is for voices heard on different days and lines, and so too wide for this.
"""
_LEAST_SHARE = 0.15
"""Of the windows, what a second voice must hold to be told from a cough or a laugh."""


@dataclass(frozen=True, slots=True, eq=False)
class Voiceprint:
    """A voice: its embedding, shape (d,), of length 1, and the model whose space it lies in."""

    embedding: Embeddings
    speech_s: float
    model_id: str
    model_revision: str

    def fits(self, manifest: SpeakerEncoderManifest) -> bool:
        """Whether this voice was made by that very model: no other's embeddings can be compared."""
        made_by = (self.model_id, self.model_revision, len(self.embedding))
        return made_by == (manifest.id, manifest.revision, manifest.output.dimensions)


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """A person's voice, kept with their consent. `enrolled_at` is ISO 8601 in UTC."""

    name: str
    voice: Voiceprint
    enrolled_at: str
    consent: str


@dataclass(frozen=True, slots=True, eq=False)
class WatchedVoice:
    """A voice on the watch list, heard in the confirmed case `case_id` (empty where none is named)."""

    name: str
    voice: Voiceprint
    added_at: str
    case_id: str = ""
    note: str = ""


def check_model(enrolment: Enrolment, manifest: SpeakerEncoderManifest) -> None:
    """Raises `DetectionError` where `enrolment` was made with another model or revision."""
    voice = enrolment.voice
    if not voice.fits(manifest):
        raise DetectionError(
            f"{enrolment.name} was enrolled with {voice.model_id} revision {voice.model_revision} and "
            f"this is {manifest.id} revision {manifest.revision}: enrol {enrolment.name} again."
        )


def voiceprint(encoder: SpeakerEncoder, name: str, speech: Iterable[Segment]) -> Voiceprint:
    """The voice of `name` from recordings in which only they speak.

    Raises `DetectionError` where there is too little fit speech or more than one voice in it.
    """
    manifest = encoder.manifest
    samples, left_out = _fit(speech)
    seconds, wanted = len(samples) / CALL_RATE, manifest.thresholds.enrol_speech_s
    if seconds < wanted:
        raise DetectionError(
            f"{name} needs {wanted:g} s of clear speech and these recordings hold {seconds:.1f} s"
            f"{left_out}: add recordings with at least {wanted - seconds:.1f} s more."
        )
    embeddings = encoder.embeddings(windows_of(samples, manifest.input))
    if second_voice_llr(encoder, embeddings) < OTHER_VOICE_LLR:
        raise DetectionError(
            f"The recordings for {name} seem to hold more than one voice: use recordings in which only "
            f"{name} speaks, such as one channel of a call."
        )
    mean = direction(embeddings.mean(axis=0, dtype=np.float64))
    return Voiceprint(mean, seconds, manifest.id, manifest.revision)


def second_voice_llr(encoder: SpeakerEncoder, embeddings: Embeddings) -> float:
    """LLR same : different speaker of the two halves that `embeddings` (n, d) fall apart into.

    They are parted where they scatter most, by the sign of their first principal component. Infinite
    where one part is too small to be a second voice.
    """
    centred = embeddings - embeddings.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    side = centred @ axes[0] > 0
    if min(side.sum(), (~side).sum()) < max(2, _LEAST_SHARE * len(side)):
        return float("inf")
    parts = [direction(embeddings[part].mean(axis=0, dtype=np.float64))[None] for part in (side, ~side)]
    return float(likeness(encoder, *parts)[0, 0])


def _fit(speech: Iterable[Segment]) -> tuple[Samples, str]:
    """The speech that is fit to be judged, joined, and how much was not, in words."""
    unfit: Counter[Unfit] = Counter()
    kept = [np.zeros(0, np.float32)]
    for segment in speech:
        if why := fault(segment.samples):
            unfit[why] += len(segment.samples)
        else:
            kept.append(segment.samples)
    words = [f"{samples / CALL_RATE:.1f} s were {why}" for why, samples in sorted(unfit.items())]
    return np.concatenate(kept), f" ({' and '.join(words)})" if words else ""
