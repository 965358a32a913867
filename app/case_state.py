"""A call's whole state as a fold over its events: live, replayed or reported, always the same."""

from collections.abc import Iterable

from audio.types import CALL_RATE, Channel
from detection.events import (
    AgentJudged,
    AlertRaised,
    CallEnded,
    CallLabelled,
    CallStarted,
    ChallengeGiven,
    ChallengeJudged,
    ConsentRecorded,
    ConversationJudged,
    DisclosureJudged,
    EchoHeard,
    Event,
    FindingMade,
    GapHeard,
    Handling,
    IdentityJudged,
    NotJudged,
    RecordingEnded,
    SoundTroubled,
    SpeakerChanged,
    SpeakerJudged,
    StepsAdvised,
    StepTaken,
    UtteranceHeard,
    VoiceJudged,
    VoiceScored,
)
from detection.steps import Advice, Step, StepKind, StepOutcome
from detection.types import (
    AgentLevel,
    AgentVerdict,
    Alert,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    IdentityLevel,
    IdentityVerdict,
    PartialText,
    SpeakerLevel,
    SpeakerVerdict,
    Utterance,
    VoiceChange,
    VoiceLevel,
    VoicePoint,
    VoiceVerdict,
)


class CaseState:
    """What is known of one call after the events applied so far.

    Not thread-safe: each thread that shows a call folds its own. Lists only grow, so a view may
    remember how much of them it has drawn.
    """

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.source = ""
        self.started_at = ""
        self.channels: tuple[Channel, ...] = ()
        self.engines: tuple[EngineInfo, ...] = ()
        self.utterances: list[Utterance] = []
        self.findings: list[Finding] = []
        self.alerts: list[Alert] = []
        self.advised: list[StepsAdvised] = []
        self.handling: list[Handling] = []
        """What was done about the call, in its order."""
        self.gaps: list[GapHeard] = []
        self.not_judged: list[NotJudged] = []
        self.consent: ConsentRecorded | None = None
        """On what basis a live call is kept; None for a recording."""
        self.troubles: list[SoundTroubled] = []
        """Every trouble with the sound, the latest that is known of each."""
        self.echoes: list[EchoHeard] = []
        self.recording: RecordingEnded | None = None
        self.voice = VoiceVerdict(VoiceLevel.NOT_CHECKED)
        self.voice_trace: dict[tuple[str, int], VoicePoint] = {}
        """The scored windows by model and start, in the order in which they began."""
        self.speaker = SpeakerVerdict(SpeakerLevel.NOT_CHECKED)
        self.identity = IdentityVerdict(IdentityLevel.NOT_CHECKED)
        self.voice_changes: list[VoiceChange] = []
        self.conversation = ConversationVerdict(ConversationLevel.NOT_CHECKED)
        self.disclosure = DisclosureVerdict(DisclosureState.NOT_CHECKED)
        self.awaited_until: int | None = None
        """Until when an answer to the latest question was awaited (samples); None where none was."""
        self.agent = AgentVerdict(AgentLevel.NOT_CHECKED)
        self.subject = Channel.CALLER
        """Whose voice and disclosure are judged."""
        self.heard = 0
        """Samples (`CALL_RATE`) from call start up to which sound was heard."""
        self.ended: CallEnded | None = None
        self._speech_ended: dict[Channel, int] = {}
        """Sample at which each side's latest speech ended, whatever was made of it."""

    @classmethod
    def of(cls, case_id: str, events: Iterable[Event]) -> "CaseState":
        """The state after all of `events`, in their stored order."""
        state = cls(case_id)
        for event in events:
            state.apply(event)
        return state

    @property
    def duration_s(self) -> float:
        return self.heard / CALL_RATE

    @property
    def outcomes(self) -> dict[str, StepOutcome]:
        """What came of each step that was taken, by its id; the latest where that was said twice."""
        return {taken.step.id: taken.outcome for taken in self.handling if isinstance(taken, StepTaken)}

    @property
    def challenges(self) -> list[tuple[ChallengeGiven, ChallengeJudged | None]]:
        """What callers were given to say, with the verdict on it; None while it is awaited."""
        challenges: list[tuple[ChallengeGiven, ChallengeJudged | None]] = []
        for event in self.handling:
            match event:
                case ChallengeGiven():
                    challenges.append((event, None))
                case ChallengeJudged() if challenges:
                    challenges[-1] = (challenges[-1][0], event)
        return challenges

    @property
    def is_labelled_harmless(self) -> bool:
        """Whether a person holds this call for no scam, as far as they have not taken that back."""
        labels = [event.label for event in self.handling if isinstance(event, CallLabelled)]
        return bool(labels) and labels[-1] == "not_a_scam"

    def advice(self, subject: str) -> Advice | None:
        """What to do now about the alerts of `subject`; None where nothing was advised."""
        for event in reversed(self.advised):
            if event.advice.subject == subject:
                return event.advice
        return None

    def open_step(self, advice: Advice) -> Step | None:
        """The step of `advice` to do now; None where each has an outcome.

        Asking the caller whether it is an AI is done once that was heard, whoever recorded it.
        """
        outcomes = self.outcomes
        if self.subject is Channel.CALLER and self.disclosure.asked_at is not None:
            asking = (step for step in advice.steps if step.kind is StepKind.QUESTION)
            outcomes = {step.id: StepOutcome.DONE for step in asking} | outcomes
        return advice.open_step(outcomes)

    def still_open(self, partials: Iterable[PartialText]) -> list[PartialText]:
        """Those of `partials` that have words and have not become an event, the earliest first."""
        if self.ended:
            return []
        still = [
            partial
            for partial in partials
            if partial.start >= self._speech_ended.get(partial.channel, 0) and partial.text
        ]
        return sorted(still, key=lambda partial: partial.start)

    def apply(self, event: Event) -> None:
        """Take in the next event."""
        self.heard = max(self.heard, event.at)
        match event:
            case CallStarted():
                self._begin(event)
            case CallEnded():
                self.ended = event
            case ConsentRecorded():
                self.consent = event
            case RecordingEnded():
                self.recording = event
            case StepsAdvised():
                self.advised.append(event)
            case StepTaken() | ChallengeGiven() | ChallengeJudged() | CallLabelled():
                self.handling.append(event)
            case _:
                self._judge(event)
                self._collect(event)

    def _begin(self, event: CallStarted) -> None:
        self.source = event.source
        self.started_at = event.started_at
        self.channels = event.channels
        self.engines = event.engines
        self.subject = event.subject

    def _judge(self, event: Event) -> None:
        match event:
            case VoiceJudged():
                self.voice = event.verdict
            case SpeakerJudged():
                self.speaker = event.verdict
            case IdentityJudged():
                self.identity = event.verdict
            case ConversationJudged():
                self.conversation = event.verdict
            case DisclosureJudged():
                self.disclosure = event.verdict
                self.awaited_until = event.verdict.awaits_until or self.awaited_until
            case AgentJudged():
                self.agent = event.verdict
            case _:
                pass

    def _collect(self, event: Event) -> None:
        match event:
            case UtteranceHeard():
                self.utterances.append(event.utterance)
                self._end_speech(event.utterance.channel, event.utterance.end)
            case FindingMade():
                self.findings.append(event.finding)
            case VoiceScored():
                self.voice_trace |= {(point.model_id, point.start): point for point in event.points}
            case SpeakerChanged():
                self.voice_changes.append(event.change)
            case AlertRaised():
                self.alerts.append(event.alert)
            case GapHeard():
                self.gaps.append(event)
            case SoundTroubled():
                self._note_trouble(event)
            case EchoHeard():
                self.echoes.append(event)
                self._end_speech(Channel.AGENT, event.end)
            case NotJudged():
                self.not_judged.append(event)
                if event.stage in ("transcript", "all"):
                    self._end_speech(event.channel, event.end)

    def _note_trouble(self, event: SoundTroubled) -> None:
        same = (event.trouble, event.channel, event.start)
        for index, known in enumerate(self.troubles):
            if (known.trouble, known.channel, known.start) == same:
                self.troubles[index] = event
                return
        self.troubles.append(event)

    def _end_speech(self, channel: Channel, end: int) -> None:
        self._speech_ended[channel] = max(end, self._speech_ended.get(channel, 0))
