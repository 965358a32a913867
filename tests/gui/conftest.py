"""A scripted desk for the window: real events, no engines, everything a test may want to steer."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.call.consent import ConsentRules
from app.call.setup import LiveChoice, SideDevices
from app.case_state import CaseState
from app.cases.records import CaseStatus, CaseSummary
from app.desk_protocol import Listener
from app.errors import EarwitnessError
from app.ui.main_window import MainWindow
from audio.errors import AudioError
from audio.types import CALL_RATE, Channel, TroubleKind
from detection.events import (
    Acknowledgement,
    AlertRaised,
    CallEnded,
    CallStarted,
    ConsentRecorded,
    ConversationJudged,
    DisclosureJudged,
    EchoHeard,
    Event,
    FindingMade,
    GapHeard,
    NotJudged,
    RecordingEnded,
    SoundKept,
    SoundTroubled,
    UtteranceHeard,
    VoiceJudged,
)
from detection.types import (
    Alert,
    AlertLevel,
    Answer,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    PartialText,
    Utterance,
    VoiceLevel,
    VoiceVerdict,
)
from tests.gui.live_calls import ASKING, HEADSET, NOTICE, SPEAKERS, WEBCAM, side

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

CALLER, AGENT = Channel.CALLER, Channel.AGENT


def s(seconds: float) -> int:
    return round(seconds * CALL_RATE)


def said(channel: Channel, start_s: float, end_s: float, text: str) -> UtteranceHeard:
    return UtteranceHeard(Utterance(channel, s(start_s), s(end_s), text, 0.9), s(end_s))


def sign(
    tactic: str, title: str, quote: str, start_s: float, end_s: float, *, weight: float, channel=CALLER
) -> FindingMade:
    finding = Finding(
        tactic, title, quote, channel, s(start_s), s(end_s), weight, "earwitness-tactics-en", "1"
    )
    return FindingMade(finding, s(end_s))


def call_started(source: str = "b_helpdesk_con.wav") -> CallStarted:
    engines = (
        EngineInfo("vad", "silero-vad", "v6"),
        EngineInfo(
            "transcript", "pocketsphinx-en-us", "5.1.1", "basic transcript: Whisper not installed"
        ),
        EngineInfo("voice", "cm-basic", "1"),
    )
    return CallStarted(source, "2026-11-20T12:33:00.000+00:00", (CALLER, AGENT), engines)


CON: tuple[Event, ...] = (
    call_started(),
    ConversationJudged(ConversationVerdict(ConversationLevel.NOT_ENOUGH_SPEECH), s(4)),
    said(AGENT, 0.6, 4.2, "Thank you for calling the help desk. How can I help you?"),
    said(CALLER, 4.9, 10.6, "Hello, this is Daniel from sales. I got a new phone and I cannot log in."),
    VoiceJudged(VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH, speech_s=5.7), s(10.6)),
    DisclosureJudged(DisclosureVerdict(DisclosureState.LISTENING), s(10.6)),
    ConversationJudged(ConversationVerdict(ConversationLevel.CALM, llr=-1.0), s(10.6)),
    said(
        CALLER,
        11.2,
        15.9,
        "Can you please reset my multi factor authentication and set up my new phone?",
    ),
    sign(
        "R2",
        "Asks to reset or remove MFA",
        "reset my multi factor authentication",
        11.2,
        15.9,
        weight=2.1,
    ),
    sign("R3", "Asks to enrol a new device", "set up my new phone", 11.2, 15.9, weight=1.4),
    ConversationJudged(
        ConversationVerdict(
            ConversationLevel.WATCH,
            llr=1.2,
            score=0.6,
            reasons=(
                "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
            ),
        ),
        s(15.9),
    ),
    AlertRaised(
        Alert(
            AlertLevel.WATCH,
            "conversation",
            "Parts of this call look like voice phishing",
            "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
            "Do not reset or remove MFA on this call. Call back on the number on file and confirm.",
            s(15.9),
        ),
        s(15.9),
    ),
    said(AGENT, 16.7, 20.1, "I can help with that. Can you tell me your employee number?"),
    said(CALLER, 21.2, 25.7, "I do not remember my employee number, and I do not have it with me."),
    sign("P7", "Dodges verification", "I do not remember my employee number", 21.2, 25.7, weight=1.6),
    VoiceJudged(
        VoiceVerdict(
            VoiceLevel.LIKELY_SYNTHETIC,
            llr=4.1,
            score=0.98,
            speech_s=14.9,
            model_id="cm-basic",
            model_revision="1",
            reasons=("14.9 s of the caller's speech sound synthetic: likelihood ratio 60 to 1.",),
        ),
        s(25.7),
    ),
    NotJudged("transcript", AGENT, s(26.4), s(27.2), "no words were recognized in this speech", s(27.2)),
    NotJudged("transcript", AGENT, s(27.4), s(28.2), "no words were recognized in this speech", s(28.2)),
    GapHeard(CALLER, s(28.4), s(28.9), "the recording is damaged here", s(28.9)),
    said(CALLER, 29.1, 32.5, "I cannot do a video call. The camera is broken."),
    said(CALLER, 33.0, 38.5, "I am in a hurry. I have a board meeting in ten minutes."),
    sign("P1", "Urgency or deadline", "I am in a hurry", 33.0, 38.5, weight=1.1),
    said(AGENT, 39.1, 41.6, "I can call you back on the number we have on file."),
    said(CALLER, 42.4, 45.7, "Please do not call me back. My old phone is broken."),
    sign("P6", "Keeps the agent from checking", "do not call me back", 42.4, 45.7, weight=2.4),
    ConversationJudged(
        ConversationVerdict(
            ConversationLevel.VISHING,
            llr=6.3,
            score=0.99,
            reasons=(
                "0:42 Caller keeps the agent from checking: “do not call me back”.",
                "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
                "0:21 Caller dodges verification: “I do not remember my employee number”.",
            ),
        ),
        s(45.7),
    ),
    AlertRaised(
        Alert(
            AlertLevel.ALERT,
            "conversation",
            "This call follows a voice-phishing pattern",
            "0:42 Caller keeps the agent from checking: “do not call me back”. "
            "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”. "
            "0:21 Caller dodges verification: “I do not remember my employee number”.",
            "Do not reset or remove MFA on this call. Call back on the number on file and confirm "
            "with the manager.",
            s(45.7),
        ),
        s(45.7),
    ),
    said(AGENT, 46.6, 48.4, "Am I speaking to a real person?"),
    said(CALLER, 49.1, 50.9, "Yes, I am a real person."),
    DisclosureJudged(
        DisclosureVerdict(
            DisclosureState.DENIED,
            asked_at=s(46.6),
            question="am I speaking to a real person",
            answer=Answer.DENIED,
            answer_quote="yes, I am a real person",
            answered_at=s(49.1),
            rule_id="company-policy",
            rule_revision="1",
            reasons=(
                "Asked at 0:46, the caller said “yes, I am a real person”; the voice says otherwise.",
            ),
        ),
        s(50.9),
    ),
    AlertRaised(
        Alert(
            AlertLevel.ALERT,
            "disclosure",
            "The caller sounds like an AI and said it is a person",
            "Asked at 0:46, the caller said “yes, I am a real person”; the voice says otherwise.",
            "Ask for a person, or call back on the number on file. Do not act on what this caller asks.",
            s(50.9),
        ),
        s(50.9),
    ),
    CallEnded("finished", s(63)),
)


class ScriptedSession:
    """A call whose events a test hands out; from the thread it does that on, like the store's."""

    def __init__(self, case_id: str, listener: Listener) -> None:
        self.case_id = case_id
        self.progress: tuple[float, float | None] = (0.0, 63.0)
        self.levels = {CALLER: -21.4, AGENT: -120.0}
        self.partials: dict[Channel, PartialText] = {}
        self.is_text_behind = False
        self.error: Exception | None = None
        self.stopped = threading.Event()
        self.ended = threading.Event()
        self._listener = listener

    def stop(self, *, judge_rest: bool = True) -> None:
        self.stopped.set()
        self.ended.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        return self.ended.wait(timeout_s)

    def commit(self, events: Sequence[Event]) -> None:
        """Commit `events` on another thread, in blocks of a few like a real call's."""
        blocks = [events[i : i + 3] for i in range(0, len(events), 3)]

        def run() -> None:
            for block in blocks:
                self._listener(self.case_id, block)

        store = threading.Thread(target=run)
        store.start()
        store.join()
        if events:
            self.progress = (events[-1].at / CALL_RATE, 63.0)

    def end(self, error: Exception | None = None) -> None:
        self.error = error
        self.ended.set()


class ScriptedDesk:
    """Stands in for `app.compose`'s desk; a `missing` recording is the one that cannot be opened."""

    def __init__(self) -> None:
        self.cases: dict[str, Sequence[Event]] = {}
        self.sessions: list[ScriptedSession] = []
        self.asked: list[tuple[int, int]] = []
        self.started: list[tuple[Path, bool, str | None]] = []
        self.used: list[tuple[str, Path | None]] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.sides = {AGENT: side(HEADSET, WEBCAM), CALLER: side(SPEAKERS)}
        self.rules = ASKING
        self.rules_error: Exception | None = None
        self.live_error: Exception | None = None
        self.live: list[LiveChoice] = []
        self.listings = 0
        self.prepared = 0

    @property
    def session(self) -> ScriptedSession:
        return self.sessions[-1]

    def sample_calls(self) -> list[Path]:
        return [Path("a_disclosed_assistant.wav"), Path("b_helpdesk_con.wav")]

    def start_file(self, path, *, realtime, caller, listener) -> ScriptedSession:
        self._enter()
        self.started.append((path, realtime, caller))
        if "missing" in path.name:
            raise AudioError(f"{path} cannot be opened: check the name.")
        self.sessions.append(ScriptedSession(f"20261120-123300-{len(self.sessions):04x}", listener))
        return self.session

    def call_devices(self) -> dict[Channel, SideDevices]:
        self._enter()
        self.listings += 1
        return dict(self.sides)

    def consent_rules(self) -> ConsentRules:
        self._enter()
        if self.rules_error:
            raise self.rules_error
        return self.rules

    def prepare(self) -> None:
        self._enter()
        self.prepared += 1

    def start_live(self, microphone, far_side, recording, acknowledgement, listener) -> ScriptedSession:
        self._enter()
        if self.live_error:
            raise self.live_error
        if self.rules.asks and acknowledgement is None:
            raise EarwitnessError("Nobody has confirmed that the caller was told.")
        self.live.append(LiveChoice(microphone, far_side, recording, acknowledgement))
        self.sessions.append(ScriptedSession(f"20261121-140000-{len(self.sessions):04x}", listener))
        self.session.progress = (0.0, None)
        return self.session

    def list_cases(self, limit, offset) -> list[CaseSummary]:
        self._enter()
        self.asked.append((limit, offset))
        return [summary(case_id, events) for case_id, events in self.cases.items()][
            offset : offset + limit
        ]

    def load_case(self, case_id) -> list[Event]:
        self._enter()
        return list(self.cases[case_id])

    def use_model(self, setting, folder) -> None:
        self._enter()
        self.used.append((setting, folder))

    def _enter(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.gate.wait()


def summary(case_id: str, events: Sequence[Event]) -> CaseSummary:
    state = CaseState.of(case_id, events)
    levels = [alert.level for alert in state.alerts]
    return CaseSummary(
        id=case_id,
        source=state.source,
        started_at=state.started_at,
        head_hash="",
        event_count=len(events),
        duration_s=state.duration_s,
        voice_level=state.voice.level,
        conversation_level=state.conversation.level,
        disclosure_state=state.disclosure.state,
        watch_count=levels.count(AlertLevel.WATCH),
        alert_count=levels.count(AlertLevel.ALERT),
        status=CaseStatus.COMPLETE if state.ended else CaseStatus.NOT_ENDED,
    )


@pytest.fixture
def con() -> tuple[Event, ...]:
    """The events of a whole con call, about a minute."""
    return CON


@pytest.fixture
def live() -> tuple[Event, ...]:
    """The events of a recorded live call: two troubles, one of them over, an echo and a gap."""
    given = Acknowledgement(
        NOTICE.id,
        NOTICE.revision,
        ASKING.told,
        NOTICE.confirmation,
        "anna",
        "window",
        "2026-11-21T14:00:00.000+00:00",
    )
    muted = SoundTroubled(TroubleKind.MUTED, AGENT, s(5), None, s(7))
    return (
        call_started("Speakers (caller), Jabra Evolve2 (agent)"),
        ConsentRecorded("", given, keeps_audio=True),
        said(AGENT, 0.5, 2.0, "Front desk. How can I help you?"),
        EchoHeard(s(2.6), s(4), 120.0, -12.0, s(4)),
        said(CALLER, 2.5, 4.0, "What time do you open on Friday?"),
        muted,
        SoundTroubled(TroubleKind.NO_FAR_SIDE, CALLER, s(6), None, s(8)),
        GapHeard(CALLER, s(9), s(10), "Speakers was lost", s(10)),
        replace(muted, end=s(11), at=s(11)),
    )


@pytest.fixture
def live_end() -> tuple[Event, ...]:
    """How that call ends."""
    kept = (
        SoundKept(CALLER, "20261121-140000-0000-caller.flac", s(12), "a1" * 32),
        SoundKept(AGENT, "20261121-140000-0000-agent.flac", s(12), "b2" * 32),
    )
    return (RecordingEnded(kept, "", s(12)), CallEnded("stopped", s(12)))


@pytest.fixture
def honest() -> tuple[Event, ...]:
    """The events of a short harmless call with another source."""
    return (
        call_started("honest.wav"),
        said(AGENT, 0.5, 2.0, "Front desk. How can I help you?"),
        said(CALLER, 2.5, 4.0, "What time do you open on Friday?"),
        VoiceJudged(VoiceVerdict(VoiceLevel.REAL, llr=-3.0, score=0.05, speech_s=9.0), s(4)),
        ConversationJudged(ConversationVerdict(ConversationLevel.CALM, llr=-2.0), s(4)),
        DisclosureJudged(DisclosureVerdict(DisclosureState.HUMAN), s(4)),
        CallEnded("finished", s(6)),
    )


@pytest.fixture
def many() -> Callable[[int], list[Event]]:
    """Makes a call of that many utterances, each third with a sign in it, and its end."""

    def make(count: int) -> list[Event]:
        events: list[Event] = [call_started("long.wav")]
        for number in range(count):
            side = (CALLER, AGENT)[number % 2]
            start = number * 3.0
            text = f"This is sentence number {number}, and please reset my password right away."
            events.append(said(side, start, start + 2.5, text))
            if number % 3 == 0:
                events.append(
                    sign(
                        "R1",
                        "Asks to reset a password",
                        "reset my password",
                        start,
                        start + 2,
                        weight=1.0,
                        channel=side,
                    )
                )
        events.append(CallEnded("finished", s(count * 3.0)))
        return events

    return make


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def window(qtbot, desk) -> MainWindow:
    """The whole window on the scripted desk, shown."""
    window = MainWindow(desk)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window
