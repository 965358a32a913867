"""A desk for the window: real events, no engines, everything a test may want to steer."""

import threading
from collections.abc import Sequence
from pathlib import Path

from app.call.consent import ConsentRules
from app.call.setup import LiveChoice, SideDevices
from app.case_state import CaseState
from app.cases.records import CaseStatus, CaseSummary
from app.desk_protocol import Listener
from app.errors import EarwitnessError
from audio.errors import AudioError
from audio.types import CALL_RATE, Channel
from detection.events import CallLabelled, ChallengeGiven, Event, StepTaken, Through
from detection.steps import StepOutcome
from detection.types import AlertLevel, PartialText
from tests.gui.call_events import AGENT, CALLER
from tests.gui.live_calls import ASKING, HEADSET, SPEAKERS, WEBCAM, side

_OPENS_WITHIN_S = 30.0


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
        self.recorded: list[tuple[str, str, StepOutcome, Through]] = []
        self.given: list[ChallengeGiven] = []
        self._listener = listener

    def stop(self, *, judge_rest: bool = True) -> None:
        self.stopped.set()
        self.ended.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        return self.ended.wait(timeout_s)

    def take_step(self, step, ask, outcome, through) -> None:
        self.recorded.append((step.id, ask, outcome, through))
        self.commit([StepTaken(step, ask, outcome, through, self.heard)])

    def give_challenge(self, challenge) -> None:
        expected = f"The quiet teacher number {len(self.given)} paints a yellow ladder."
        self.given.append(ChallengeGiven(challenge, expected, "test-challenges", "1", self.heard))
        self.commit([self.given[-1]])

    def label_call(self, label, through) -> None:
        self.commit([CallLabelled(label, through, self.heard)])

    @property
    def heard(self) -> int:
        return round(self.progress[0] * CALL_RATE)

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
        assert self.gate.wait(_OPENS_WITHIN_S)


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
