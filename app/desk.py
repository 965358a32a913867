"""What the window asks of the program: calls to run, and stored cases to show."""

import logging
from collections.abc import Callable
from pathlib import Path

import resources
from app.call.consent import ConsentRules
from app.call.listening import LiveBasis
from app.call.session import Listener, Session
from app.call.setup import LiveParts, SideDevices
from app.cases.reader import CaseReader
from app.cases.records import CaseSummary
from app.cases.voices import read_watched
from app.cases.writer import CaseWriter
from app.engines import Engines
from app.errors import NoCaseLogError, SettingsError
from app.paths import settings_file
from app.settings import Settings, variable_of
from app.settings_file import save_settings
from audio.file_source import Caller, FileSource
from audio.source import AudioSource
from audio.types import Channel
from detection.events import Acknowledgement, Event

_log = logging.getLogger(__name__)


class LocalDesk:
    """One person's desk. Used from one thread at a time; the engines load when first needed."""

    def __init__(
        self,
        case_log: Path,
        writer: CaseWriter,
        settings: Settings,
        load_engines: Callable[[Settings], Engines],
        live: LiveParts,
    ) -> None:
        self._case_log = case_log
        self._writer = writer
        self._settings = settings
        self._load_engines = load_engines
        self._live = live
        self._engines: Engines | None = None
        self._engines_are_old = False
        self._session: Session | None = None

    def start_file(
        self, path: Path, *, realtime: bool, caller: Caller | None, listener: Listener
    ) -> Session:
        """Start the call recorded in `path`. Raises the errors of the file, the engines or the log."""
        return self._start(FileSource(path, caller, realtime), listener)

    def start_live(
        self,
        microphone: str | None,
        far_side: str | None,
        recording: bool,
        acknowledgement: Acknowledgement | None,
        listener: Listener,
    ) -> Session:
        """Start a call heard from these devices, None following the default, and remember them.

        The consent is judged before a device is touched. Raises the errors of the consent, the devices,
        the engines or the log.
        """
        chosen = {"microphone": microphone, "far_side": far_side}
        settings = self._settings.model_copy(update={**chosen, "recording": recording})
        consent = self._live.rules(settings).record(acknowledgement)
        basis = self._live.basis(settings, consent)
        session = self._start(self._live.source(settings), listener, basis)
        self._remember(chosen)
        return session

    def call_devices(self) -> dict[Channel, SideDevices]:
        """What each side of a live call can be heard from now."""
        wanted = {Channel.AGENT: self._settings.microphone, Channel.CALLER: self._settings.far_side}
        return {
            channel: SideDevices.of(channel, devices, wanted[channel], programs=self._live.taps_programs)
            for channel, devices in self._live.devices().items()
        }

    def consent_rules(self) -> ConsentRules:
        """What has to be said before a live call is kept. Raises the errors of its settings."""
        return self._live.rules(self._settings)

    def prepare(self) -> None:
        """Load the engines that the next call needs. Raises their errors."""
        self._ready_engines()

    def use_model(self, setting: str, folder: Path | None) -> None:
        """Have the next call use the model in `folder`, None being what is built in.

        A call that runs goes on with what it began with.
        """
        self._settings = self._settings.model_copy(update={setting: folder})
        self._engines_are_old = True

    def list_cases(self, limit: int, offset: int) -> list[CaseSummary]:
        """Stored cases, the newest first; none where nothing was ever stored. Raises `CaseLogError`."""
        try:
            with CaseReader(self._case_log) as reader:
                return list(reader.summaries(limit, offset))
        except NoCaseLogError:
            return []

    def load_case(self, case_id: str) -> list[Event]:
        """All events of a stored case, in their order. Raises `CaseLogError`."""
        with CaseReader(self._case_log) as reader:
            return [stored.event for stored in reader.events(case_id)]

    def sample_calls(self) -> list[Path]:
        """The sample calls in the box."""
        return sorted((resources.ROOT / "samples").glob("*.wav"))

    def close(self) -> None:
        """End the call that may still run, then let go of engines and log. Raises `CaseLogError`."""
        if self._session:
            self._session.stop(judge_rest=False)
            self._session.wait()
        if self._engines:
            self._engines.close()
        self._writer.close()

    def _start(self, source: AudioSource, listener: Listener, basis: LiveBasis | None = None) -> Session:
        engines = self._ready_engines()
        watched = read_watched(self._case_log)
        self._session = engines.session(source, self._writer, listener, watched=watched, basis=basis)
        self._session.start()
        return self._session

    def _ready_engines(self) -> Engines:
        if self._engines and self._engines_are_old:
            self._engines.close()
            self._engines = None
        self._engines = self._engines or self._load_engines(self._settings)
        self._engines_are_old = False
        return self._engines

    def _remember(self, chosen: dict[str, str | None]) -> None:
        """Have the next call begin with these devices; the call that runs is not to end for that."""
        before = {name: getattr(self._settings, name) for name in chosen}
        self._settings = self._settings.model_copy(update=chosen)
        changed = {
            name: device
            for name, device in chosen.items()
            if device != before[name] and not variable_of(name)
        }
        if changed:
            try:
                save_settings(settings_file(), **changed)
            except SettingsError as error:
                _log.warning("the devices of this call are not remembered: %s", error)
