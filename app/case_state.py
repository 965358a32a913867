"""A call's whole state as a fold over its events: live, replayed or reported, always the same."""

from collections.abc import Iterable

from audio.types import CALL_RATE, Channel
from detection.events import (
    AlertRaised,
    CallEnded,
    CallStarted,
    ConversationJudged,
    DisclosureJudged,
    Event,
    FindingMade,
    GapHeard,
    NotJudged,
    UtteranceHeard,
    VoiceJudged,
)
from detection.types import (
    Alert,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    Utterance,
    VoiceLevel,
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
        self.gaps: list[GapHeard] = []
        self.not_judged: list[NotJudged] = []
        self.voice = VoiceVerdict(VoiceLevel.NOT_CHECKED)
        self.conversation = ConversationVerdict(ConversationLevel.NOT_CHECKED)
        self.disclosure = DisclosureVerdict(DisclosureState.NOT_CHECKED)
        self.heard = 0
        """Samples (`CALL_RATE`) from call start up to which sound was heard."""
        self.ended: CallEnded | None = None

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

    def apply(self, event: Event) -> None:
        """Take in the next event."""
        self.heard = max(self.heard, event.at)
        match event:
            case CallStarted():
                self.source = event.source
                self.started_at = event.started_at
                self.channels = event.channels
                self.engines = event.engines
            case UtteranceHeard():
                self.utterances.append(event.utterance)
            case FindingMade():
                self.findings.append(event.finding)
            case VoiceJudged():
                self.voice = event.verdict
            case ConversationJudged():
                self.conversation = event.verdict
            case DisclosureJudged():
                self.disclosure = event.verdict
            case AlertRaised():
                self.alerts.append(event.alert)
            case GapHeard():
                self.gaps.append(event)
            case NotJudged():
                self.not_judged.append(event)
            case CallEnded():
                self.ended = event
