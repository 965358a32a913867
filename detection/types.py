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
    SUSPECT = "suspect"
    """Worth watching, and not enough for an alert."""
    LIKELY_SYNTHETIC = "likely_synthetic"


class SpeakerLevel(StrEnum):
    """Whether the caller's voice is the one that was enrolled for the person they claim to be."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    MATCHES = "matches"
    UNSURE = "unsure"
    DOES_NOT_MATCH = "does_not_match"


class IdentityLevel(StrEnum):
    """Whether the claimed person is speaking: the enrolled voice, and no copy of it."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    MATCHES = "matches"
    UNSURE = "unsure"
    DOES_NOT_MATCH = "does_not_match"
    LIKELY_CLONE = "likely_clone"


class ConversationLevel(StrEnum):
    """How far the talk looks like voice phishing."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    CALM = "calm"
    WATCH = "watch"
    VISHING = "vishing"


class CallStage(StrEnum):
    """How far a call has come that may be a con: each stage follows from the one before."""

    CONTACT = "contact"
    """Somebody called and wants something."""
    DECEPTION = "deception"
    """The caller leans on a pretext or on pressure, or avoids being verified."""
    COMPLIANCE = "compliance"
    """The agent is giving way: a check left out, an act begun."""
    EXTRACTION = "extraction"
    """The agent has done or given what a con is after."""


class CheckState(StrEnum):
    """What became of a check that the agent asked for."""

    ASKED = "asked"
    PASSED = "passed"
    DODGED = "dodged"
    """The caller could not, or came with a reason why not."""
    REFUSED = "refused"


class Verified(StrEnum):
    """Whether the caller was made sure of."""

    NOT_CHECKED = "not_checked"
    """Not judged: nobody knows who spoke, or the case is older than this question."""
    NO = "no"
    WEAKLY = "weakly"
    """Only by what somebody else could know, such as a birthday."""
    YES = "yes"


class DisclosureState(StrEnum):
    """Whether an AI on the line has said that it is one."""

    NOT_CHECKED = "not_checked"
    NOT_APPLICABLE = "not_applicable"
    """No rule asks anything of this party on this day."""
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


class AgentLevel(StrEnum):
    """Whether a party sounds and behaves like an AI agent. Nothing is told of it early in a call."""

    NOT_CHECKED = "not_checked"
    NOT_ENOUGH_SPEECH = "not_enough_speech"
    HUMAN_LIKE = "human_like"
    UNSURE = "unsure"
    AGENT_LIKE = "agent_like"


class AlertLevel(StrEnum):
    """How loudly a person is told."""

    WATCH = "watch"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which engine did a job in this call.

    Jobs: `vad`, `transcript`, `voice`, `speaker`, `tactics`, `talk`, `disclosure`. `note` is its name
    for people, `scope` what it can and cannot do in one sentence.
    """

    job: str
    id: str
    revision: str
    note: str = ""
    scope: str = ""


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
class PartialText:
    """Speech that had not ended at `end`: shown to a person, never stored and never judged.

    On `settled` words two passes agreed; `tentative` ones are likelier to change.
    """

    channel: Channel
    start: int
    end: int
    settled: str
    tentative: str

    @property
    def text(self) -> str:
        return f"{self.settled} {self.tentative}".strip()


@dataclass(frozen=True, slots=True)
class VoiceVerdict:
    """The caller's voice so far.

    `llr` is the calibrated natural-log likelihood ratio synthetic : real over the speech heard so
    far, `score` the probability of synthetic it means at even prior odds; both None before
    anything was scored. `threshold_*` are the LLRs at which the levels change; `threshold_watch` is
    None where the model has no such level.
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
    threshold_watch: float | None = None


@dataclass(frozen=True, slots=True)
class VoicePoint:
    """One scored window of the caller's speech, for the time line.

    `llr` is what this window says by itself. It was heard between `start` and `end`; pauses in between
    were not scored. A later point with the same model and start replaces this one: the window grew.
    """

    start: int
    end: int
    llr: float
    model_id: str


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """From `start` on the caller's channel carries another voice, as after a hand-over.

    `llr` is the natural-log likelihood ratio same : different speaker of the speech after `start`
    against that before; `threshold` what it stayed below.
    """

    start: int
    llr: float
    threshold: float


@dataclass(frozen=True, slots=True)
class WatchHit:
    """The caller sounds like a voice on the watch list.

    `llr` (natural log, same : different speaker) was at least `threshold`, which rises with the
    number of voices compared.
    """

    name: str
    case_id: str
    note: str
    llr: float
    threshold: float
    at: int


@dataclass(frozen=True, slots=True)
class SpeakerVerdict:
    """The caller's voice against known voices so far.

    `llr` is the calibrated natural-log likelihood ratio same : different speaker of the voice
    enrolled for `claimed`; None before anything was compared. It and `speech_s` are about the
    voice that speaks now: both start anew at `since`, the sample at which another voice took over.
    `spread` is how far the windows of that voice scatter (1 less the length of their mean) and
    `drift` how far the latest are from the first (1 less the cosine of their means); they are
    evidence of their own and change no level.
    """

    level: SpeakerLevel
    claimed: str = ""
    llr: float | None = None
    speech_s: float = 0.0
    since: int = 0
    model_id: str = ""
    model_revision: str = ""
    threshold_match: float | None = None
    threshold_reject: float | None = None
    spread: float | None = None
    drift: float | None = None
    watch_hits: tuple[WatchHit, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityVerdict:
    """Voice and speaker verdict in one (`detection.voice.identity`).

    `llr` is the natural-log likelihood ratio of the claimed person speaking against anybody else
    or a copy of the voice; None where either judge has no ratio. `speaker` and `voice` are the
    verdicts' models as "id revision".
    """

    level: IdentityLevel
    claimed: str = ""
    llr: float | None = None
    speech_s: float = 0.0
    speaker: str = ""
    voice: str = ""
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
class VerificationCheck:
    """One way to make sure of the caller, and what became of it in the words of `quote`.

    `name` is its name in the tactics pack, `is_strong` False for what somebody else could know.
    """

    name: str
    title: str
    is_strong: bool
    state: CheckState
    asked_at: int
    at: int
    quote: str


@dataclass(frozen=True, slots=True)
class AgentAct:
    """Something the agent did or gave that a con is after, and whether the caller was verified then."""

    name: str
    title: str
    sentence: str
    """What was done, without a full stop."""
    at: int
    quote: str
    is_verified: bool
    """A strong check had been passed before."""


@dataclass(frozen=True, slots=True)
class ConversationVerdict:
    """The talk so far. `llr` is the natural-log likelihood ratio vishing : honest over both sides.

    `stage` is None and `verified` "not_checked" where nobody knows who spoke, and in older cases.
    """

    level: ConversationLevel
    llr: float = 0.0
    score: float = 0.0
    threshold_watch: float | None = None
    threshold_alert: float | None = None
    reasons: tuple[str, ...] = ()
    stage: CallStage | None = None
    verified: Verified = Verified.NOT_CHECKED
    checks: tuple[VerificationCheck, ...] = ()
    acts: tuple[AgentAct, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentSign:
    """One thing about a party that agents and people differ in.

    `value` is what was measured, `llr` the natural-log likelihood ratio agent : person that it adds,
    `sentence` both in words.
    """

    name: str
    value: float
    llr: float
    sentence: str


@dataclass(frozen=True, slots=True)
class AgentVerdict:
    """Whether a party is an AI agent, by its voice and by how it takes part in the call.

    `llr` is the natural-log likelihood ratio agent : person of all `signs`; the level is agent-like
    from `threshold_agent` on and human-like up to `threshold_human`. `turns` are the party's turns that
    were heard; `engine` is the id and revision of what weighs the signs.
    """

    level: AgentLevel
    llr: float = 0.0
    turns: int = 0
    signs: tuple[AgentSign, ...] = ()
    threshold_human: float | None = None
    threshold_agent: float | None = None
    engine: str = ""


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where a party stands under one rule, and why. `deadline_at` is None until the clock runs."""

    rule_id: str
    rule_revision: str
    title: str
    state: DisclosureState
    deadline_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureVerdict:
    """What the party under watch said of being an AI, and where it stands under each rule.

    `state`, `rule_*` and `reasons` are those of the gravest of `rules`. `spoke_at` is when the party
    began to speak, `handed_over_at` when it passed the call on to somebody else. `awaits_until` is when
    the time for an answer to the latest question is over; None where none is awaited.
    """

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
    subject: Channel = Channel.CALLER
    spoke_at: int | None = None
    handed_over_at: int | None = None
    awaits_until: int | None = None
    rules: tuple[RuleState, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should see: always with its reason and what to do next."""

    level: AlertLevel
    subject: str
    title: str
    reason: str
    next_step: str
    at: int
