"""What happens in a call, in the order it is stored. A call's whole state is a fold over these.

Every event is frozen and free of audio. `at` is the sample index (`CALL_RATE`, from call start) up
to which sound had been heard when the event was made.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

from audio.types import Channel, TroubleKind
from detection.steps import Advice, ChallengeKind, ChallengeVerdict, Step, StepOutcome
from detection.types import (
    AgentVerdict,
    Alert,
    ConversationVerdict,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    IdentityVerdict,
    SpeakerVerdict,
    Utterance,
    VoiceChange,
    VoicePoint,
    VoiceVerdict,
)

Stage = Literal[
    "transcript", "voice", "speaker", "tactics", "signs", "disclosure", "challenge", "history", "all"
]
"""What judges a call, one after the other."""

Through = Literal["command line", "window"]
"""Where a person acknowledged or recorded something."""

CallLabel = Literal["not_a_scam", "withdrawn"]
"""What a person holds a call for; `withdrawn` takes back what they said before."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """First event of every case. `started_at` is wall clock, ISO 8601 in UTC: stored once per call.

    `subject` is the party whose voice and disclosure are judged.
    """

    source: str
    started_at: str
    channels: tuple[Channel, ...]
    engines: tuple[EngineInfo, ...]
    subject: Channel = Channel.CALLER
    at: int = 0
    kind: Literal["call_started"] = "call_started"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person confirmed that the caller was told: the words as they were shown, who, how and when.

    `at_time` is ISO 8601 in UTC. It is good for one call.
    """

    notice_id: str
    notice_revision: str
    notice: str
    confirmation: str
    by: str
    through: Through
    at_time: str


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    """Why this call may be kept, and whether its sound is: stored before anything that was heard.

    `standing_basis` is the site's own words for it, and empty where the caller was asked.
    """

    standing_basis: str
    acknowledgement: Acknowledgement | None
    keeps_audio: bool
    at: int = 0
    kind: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True)
class SoundTroubled:
    """Something is wrong with the sound of a live call since `start`, or with `end` was until then."""

    trouble: TroubleKind
    channel: Channel
    start: int
    end: int | None
    at: int
    kind: Literal["trouble"] = "trouble"


@dataclass(frozen=True, slots=True)
class EchoHeard:
    """The agent's microphone heard the caller again from `start` to `end`: not judged as the agent.

    `delay_ms` later than they spoke, and `level_db` louder.
    """

    start: int
    end: int
    delay_ms: float
    level_db: float
    at: int
    kind: Literal["echo"] = "echo"


@dataclass(frozen=True, slots=True)
class SoundKept:
    """A file of evidence audio, its sample 0 being the call's; `sha256` is None where it was lost."""

    channel: Channel
    file: str
    samples: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """What was recorded of a call; `problem` is why no more was, where that was not the call's end."""

    files: tuple[SoundKept, ...]
    problem: str
    at: int
    kind: Literal["recording_ended"] = "recording_ended"


@dataclass(frozen=True, slots=True)
class GapHeard:
    """Sound from `start` to `end` of one channel was lost before anything judged it."""

    channel: Channel
    start: int
    end: int
    reason: str
    at: int
    kind: Literal["gap"] = "gap"


@dataclass(frozen=True, slots=True)
class UtteranceHeard:
    """A segment was transcribed."""

    utterance: Utterance
    at: int
    kind: Literal["utterance"] = "utterance"


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Speech from `start` to `end` that `stage` did not judge, and why: never shown as "fine"."""

    stage: Stage
    channel: Channel
    start: int
    end: int
    reason: str
    at: int
    kind: Literal["not_judged"] = "not_judged"


@dataclass(frozen=True, slots=True)
class FindingMade:
    """A tactic was heard."""

    finding: Finding
    at: int
    kind: Literal["finding"] = "finding"


@dataclass(frozen=True, slots=True)
class VoiceScored:
    """Windows of the caller's speech were scored: no more than a segment of 12 s brings."""

    points: tuple[VoicePoint, ...]
    at: int
    kind: Literal["voice_scored"] = "voice_scored"


@dataclass(frozen=True, slots=True)
class VoiceJudged:
    """The voice verdict after more speech."""

    verdict: VoiceVerdict
    at: int
    kind: Literal["voice"] = "voice"


@dataclass(frozen=True, slots=True)
class SpeakerJudged:
    """The caller's voice against known voices after more speech."""

    verdict: SpeakerVerdict
    at: int
    kind: Literal["speaker"] = "speaker"


@dataclass(frozen=True, slots=True)
class SpeakerChanged:
    """Another voice took over on the caller's channel."""

    change: VoiceChange
    at: int
    kind: Literal["speaker_changed"] = "speaker_changed"


@dataclass(frozen=True, slots=True)
class IdentityJudged:
    """Whether the claimed person is speaking, stored when it changes."""

    verdict: IdentityVerdict
    at: int
    kind: Literal["identity"] = "identity"


@dataclass(frozen=True, slots=True)
class ConversationJudged:
    """The conversation verdict, stored when it changes."""

    verdict: ConversationVerdict
    at: int
    kind: Literal["conversation"] = "conversation"


@dataclass(frozen=True, slots=True)
class DisclosureJudged:
    """The disclosure verdict, stored when it changes."""

    verdict: DisclosureVerdict
    at: int
    kind: Literal["disclosure"] = "disclosure"


@dataclass(frozen=True, slots=True)
class AgentJudged:
    """Whether the party is an AI agent, stored when that changes and when the call ends."""

    verdict: AgentVerdict
    at: int
    kind: Literal["agent"] = "agent"


@dataclass(frozen=True, slots=True)
class WordingSketched:
    """What the party said in the whole call, as a sketch (`detection.disclosure.sketch`) of `runs`."""

    sketch: str
    runs: int
    at: int
    kind: Literal["wording"] = "wording"


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A person was to be told."""

    alert: Alert
    at: int
    kind: Literal["alert"] = "alert"


@dataclass(frozen=True, slots=True)
class StepsAdvised:
    """What to do about the alerts of one subject changed: shown with them from now on."""

    advice: Advice
    at: int
    kind: Literal["steps_advised"] = "steps_advised"


@dataclass(frozen=True, slots=True)
class StepTaken:
    """The agent recorded what came of a step that was advised for `ask`."""

    step: Step
    ask: str
    outcome: StepOutcome
    through: Through
    at: int
    kind: Literal["step_taken"] = "step_taken"


@dataclass(frozen=True, slots=True)
class ChallengeGiven:
    """The agent was shown words for the caller to say: `expected`, made from revision of `pack`."""

    challenge: ChallengeKind
    expected: str
    pack: str
    pack_revision: str
    at: int
    kind: Literal["challenge_given"] = "challenge_given"


@dataclass(frozen=True, slots=True)
class ChallengeJudged:
    """Whether the caller said what was given last, and why that is so (`reason`).

    `share` (0-1) of the words that count were understood in their order, in the words `quote` from
    `start` to `end`. `delay_s` is the time from the end of the help desk's speech to the beginning of
    the utterance with the first of them, None where none was understood; `long_delay_s` the time from
    which that is said to be long, None where it says nothing.
    """

    verdict: ChallengeVerdict
    share: float
    delay_s: float | None
    long_delay_s: float | None
    quote: str
    start: int
    end: int
    reason: str
    at: int
    kind: Literal["challenge_judged"] = "challenge_judged"


@dataclass(frozen=True, slots=True)
class CallLabelled:
    """A person said what they hold the call for. It is recorded and changes no verdict."""

    label: CallLabel
    through: Through
    at: int
    kind: Literal["call_labelled"] = "call_labelled"


Handling: TypeAlias = StepTaken | ChallengeGiven | ChallengeJudged | CallLabelled
"""What was done about a call, not heard in it."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Last event of a case: at the natural end, stopped by a person, or failed (see `detail`)."""

    reason: Literal["finished", "stopped", "failed"]
    at: int
    detail: str = ""
    kind: Literal["call_ended"] = "call_ended"


Event: TypeAlias = (
    CallStarted
    | ConsentRecorded
    | SoundTroubled
    | EchoHeard
    | RecordingEnded
    | GapHeard
    | UtteranceHeard
    | NotJudged
    | FindingMade
    | VoiceScored
    | VoiceJudged
    | SpeakerJudged
    | SpeakerChanged
    | IdentityJudged
    | ConversationJudged
    | DisclosureJudged
    | AgentJudged
    | WordingSketched
    | AlertRaised
    | StepsAdvised
    | StepTaken
    | ChallengeGiven
    | ChallengeJudged
    | CallLabelled
    | CallEnded
)

EVENT = TypeAdapter[Event](Annotated[Event, Discriminator("kind")])
"""Turns events into plain JSON values and back (`EVENT.dump_python(e, mode="json")`)."""
