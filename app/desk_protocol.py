"""What the window asks of the program, and a call as the window sees it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from app.call.consent import ConsentRules
from app.call.setup import SideDevices
from app.cases.records import CaseSummary
from audio.file_source import Caller
from audio.types import Channel
from detection.events import Acknowledgement, CallLabel, Event, Through
from detection.steps import ChallengeKind, Step, StepOutcome
from detection.types import PartialText

Listener = Callable[[str, Sequence[Event]], None]
"""Told of a case's events once they are committed; called on a thread of the engine."""


class CallSession(Protocol):
    """A call being walked, as the window sees it (`app.call.session.Session`)."""

    @property
    def case_id(self) -> str: ...
    @property
    def progress(self) -> tuple[float, float | None]: ...
    @property
    def levels(self) -> Mapping[Channel, float]: ...
    @property
    def partials(self) -> Mapping[Channel, PartialText]: ...
    @property
    def is_text_behind(self) -> bool: ...
    @property
    def error(self) -> Exception | None: ...

    def stop(self, *, judge_rest: bool = True) -> None: ...
    def wait(self, timeout_s: float | None = None) -> bool: ...
    def take_step(self, step: Step, ask: str, outcome: StepOutcome, through: Through) -> None: ...
    def give_challenge(self, challenge: ChallengeKind) -> None: ...
    def label_call(self, label: CallLabel, through: Through) -> None: ...


class Desk(Protocol):
    """What the window asks of the program (`app.compose`).

    All but the last are called on one thread, the bridge's own worker, one at a time; they may block
    and raise errors whose message is a sentence for the user.
    """

    def start_file(
        self, path: Path, *, realtime: bool, caller: Caller | None, listener: Listener
    ) -> CallSession:
        """Load what is not loaded yet and return the call of `path`, started."""
        ...

    def call_devices(self) -> Mapping[Channel, SideDevices]:
        """What each side of a live call can be heard from now; a system that is silent is told there."""
        ...

    def consent_rules(self) -> ConsentRules:
        """What has to be said before a live call is kept."""
        ...

    def prepare(self) -> None:
        """Load what a call needs, so that the next one begins at once."""
        ...

    def start_live(
        self,
        microphone: str | None,
        far_side: str | None,
        recording: bool,
        acknowledgement: Acknowledgement | None,
        listener: Listener,
    ) -> CallSession:
        """Return a call that is heard from these devices (None follows the default), started.

        Nothing is captured where there is no consent. The devices are remembered for the next call.
        """
        ...

    def list_cases(self, limit: int, offset: int) -> list[CaseSummary]:
        """Stored cases, the newest first; none where nothing was ever stored."""
        ...

    def load_case(self, case_id: str) -> list[Event]:
        """All events of a stored case, in their order."""
        ...

    def use_model(self, setting: str, folder: Path | None) -> None:
        """Have the next call use the model in `folder`, None being what is built in."""
        ...

    def sample_calls(self) -> list[Path]:
        """The sample calls in the box. Any thread, no blocking."""
        ...
