"""A terminal that follows calls: nothing stored goes unsaid, whenever Ctrl-C comes."""

import signal

import pytest
from rich.console import Console

from app.case_state import CaseState
from app.cli.follower import Follower
from app.cli.live_lines import LiveLines
from detection.events import CallEnded, CallStarted, DisclosureJudged, Event, RecordingEnded
from detection.types import DisclosureState, DisclosureVerdict

STARTED = CallStarted("Headset (agent)", "2026-11-21T10:00:00.000+00:00", (), ())


class ScriptedListening:
    """Waits as often as there are `turns`, and does in each what is said there."""

    error = None

    def __init__(self, *turns, starts=lambda: None) -> None:
        self._turns = list(turns)
        self._starts = starts
        self.stops: list[bool] = []

    def start(self) -> None:
        self._starts()

    def stop(self, *, judge_rest: bool = True) -> None:
        self.stops.append(judge_rest)

    def wait(self, timeout_s: float | None = None) -> bool:
        if self._turns:
            self._turns.pop(0)()
        return not self._turns


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=100)


@pytest.fixture
def finished() -> list[CaseState]:
    return []


@pytest.fixture
def follower(console: Console, finished: list[CaseState]) -> Follower:
    return Follower(LiveLines(console), finished.append)


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def sigint_is_heard():
    """Also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_ends_the_call_and_the_next_the_judging(follower: Follower):
    listening = ScriptedListening(ctrl_c, ctrl_c, ctrl_c, lambda: None)
    follower.follow(listening)
    assert listening.stops == [True, False, False]


def test_ctrl_c_while_devices_are_opened_ends_the_call_once_they_are(follower: Follower):
    listening = ScriptedListening(lambda: None, lambda: None, starts=ctrl_c)
    follower.follow(listening)
    assert listening.stops == [True]


def test_ctrl_c_while_news_is_shown_loses_none_of_it(
    monkeypatch: pytest.MonkeyPatch, follower: Follower, finished: list[CaseState]
):
    show = LiveLines.show

    def interrupted(lines: LiveLines, event: Event, state: CaseState) -> None:
        ctrl_c()
        show(lines, event, state)

    monkeypatch.setattr(LiveLines, "show", interrupted)
    listening = ScriptedListening(
        lambda: follower.receive("c1", [STARTED, CallEnded("stopped", 16_000)]),
        lambda: None,
        lambda: None,
    )
    follower.follow(listening)
    assert [state.case_id for state in finished] == ["c1"]
    assert listening.stops == [True, False]


def test_afterwards_ctrl_c_is_what_it_was(follower: Follower):
    follower.follow(ScriptedListening())
    with pytest.raises(KeyboardInterrupt):
        ctrl_c()


def test_a_recording_that_stops_is_said_at_once(follower: Follower, console: Console):
    problem = "The recording in x stopped 3 s into the call, because the disk is full: free some space."
    follower.receive("c1", [STARTED, RecordingEnded((), problem, 48_000)])
    follower.follow(ScriptedListening())
    assert problem in console.export_text().replace("\n", " ")


def test_the_next_call_begins_without_the_last_ones_verdicts(follower: Follower, console: Console):
    denied = DisclosureJudged(DisclosureVerdict(DisclosureState.HUMAN), 16_000)
    follower.receive("c1", [STARTED, denied, CallEnded("finished", 16_000)])
    follower.follow(ScriptedListening())
    assert "AI disclosure: " in console.export_text(clear=True)
    follower.receive("c2", [STARTED])
    follower.follow(ScriptedListening())
    assert "AI disclosure: " not in console.export_text()
