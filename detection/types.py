"""What the judges take and give. All times are sample indexes at `CALL_RATE` from call start."""

from dataclasses import dataclass
from enum import StrEnum

from audio.types import CALL_RATE, Channel, Samples


class VoiceLevel(StrEnum):
    """What the voice sounds like. A missing judgement is a value of its own, never a pass."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    REAL = "real"
    UNSURE = "unsure"
    LIKELY_SYNTHETIC = "likely_synthetic"


class ConversationLevel(StrEnum):
    """How far the talk looks like voice phishing."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    CALM = "calm"
    WATCH = "watch"
    VISHING = "vishing"


class DisclosureState(StrEnum):
    """Whether an AI on the line has said that it is one."""

    NOT_CHECKED = "not_checked"
    LISTENING = "listening"
    HUMAN = "human"
    DISCLOSED = "disclosed"
    DISCLOSED_LATE = "disclosed_late"
    NOT_DISCLOSED = "not_disclosed"
    DENIED = "denied"
    EVASIVE = "evasive"


class Answer(StrEnum):
    """What was answered to "am I speaking to a person?"."""

    TRUTHFUL = "truthful"
    """Said that it is an AI."""
    EVASIVE = "evasive"
    """Answered something else."""
    DENIED = "denied"
    """Said that it is a person. Only a finding where the signs say otherwise."""


class AlertLevel(StrEnum):
    """How loudly a person is told."""

    WATCH = "watch"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which engine did a job (`vad`, `transcript`, `voice`, `tactics`, `disclosure`) in this call."""

    job: str
    id: str
    revision: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of speech on one channel, as voice activity cut it."""

    channel: Channel
    start: int
    end: int
    samples: Samples

    @property
    def duration_s(self) -> float:
        return (self.end - self.start) / CALL_RATE


@dataclass(frozen=True, slots=True)
class Word:
    """One recognized word with its times and confidence (0-1)."""

    text: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said in a segment. `confidence` is 0-1, the engine's own estimate."""

    channel: Channel
    start: int
    end: int
    text: str
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceVerdict:
    """The caller's voice so far.

    `llr` is the calibrated natural-log likelihood ratio synthetic : real over the speech heard so
    far, `score` the probability of synthetic it means at even prior odds; both None before
    anything was scored. `threshold_*` are the LLRs at which the levels change.
    """

    level: VoiceLevel
    llr: float | None = None
    score: float | None = None
    speech_s: float = 0.0
    model_id: str = ""
    model_revision: str = ""
    threshold_real: float | None = None
    threshold_synthetic: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One tactic heard: the label of the pack, the words that show it, and what they weigh.

    `weight` is the natural-log likelihood ratio vishing : honest that this finding adds; negative
    for counter-evidence.
    """

    tactic: str
    title: str
    quote: str
    channel: Channel
    start: int
    end: int
    weight: float
    pack: str
    pack_revision: str


@dataclass(frozen=True, slots=True)
class ConversationVerdict:
    """The talk so far. `llr` is the natural-log likelihood ratio vishing : honest over both sides."""

    level: ConversationLevel
    llr: float = 0.0
    score: float = 0.0
    threshold_watch: float | None = None
    threshold_alert: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DisclosureVerdict:
    """What the party under watch said of being an AI, under which rule."""

    state: DisclosureState
    at: int | None = None
    quote: str = ""
    asked_at: int | None = None
    question: str = ""
    answer: Answer | None = None
    answer_quote: str = ""
    answered_at: int | None = None
    rule_id: str = ""
    rule_revision: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should see: always with its reason and what to do next."""

    level: AlertLevel
    subject: str
    title: str
    reason: str
    next_step: str
    at: int
