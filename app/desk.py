"""What the window asks of the program: calls to run, and stored cases to show."""

from collections.abc import Callable
from pathlib import Path

import resources
from app.cases.reader import CaseReader
from app.cases.records import CaseSummary
from app.cases.voices import read_watched
from app.cases.writer import CaseWriter
from app.engines import Engines
from app.errors import NoCaseLogError
from app.session import Listener, Session
from app.settings import Settings
from audio.file_source import Caller, FileSource
from detection.events import Event


class LocalDesk:
    """One person's desk. Used from one thread at a time; the engines load when first needed."""

    def __init__(
        self,
        case_log: Path,
        writer: CaseWriter,
        settings: Settings,
        load_engines: Callable[[Settings], Engines],
    ) -> None:
        self._case_log = case_log
        self._writer = writer
        self._settings = settings
        self._load_engines = load_engines
        self._engines: Engines | None = None
        self._engines_are_old = False
        self._session: Session | None = None

    def start_file(
        self, path: Path, *, realtime: bool, caller: Caller | None, listener: Listener
    ) -> Session:
        """Start the call recorded in `path`. Raises the errors of the file, the engines or the log."""
        source = FileSource(path, caller, realtime)
        if self._engines and self._engines_are_old:
            self._engines.close()
            self._engines = None
        self._engines = self._engines or self._load_engines(self._settings)
        self._engines_are_old = False
        watched = read_watched(self._case_log)
        self._session = self._engines.session(source, self._writer, listener, watched=watched)
        self._session.start()
        return self._session

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
