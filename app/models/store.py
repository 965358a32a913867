"""Models for a person: which there are, which are here, and which one the program uses."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import resources
from app.errors import UnknownModelError
from app.models.speed import Speed, measure, phrase
from app.paths import settings_file
from app.settings import Settings, settings_with, variable_of
from app.settings_file import save_settings
from detection.errors import DetectionError
from detection.models.catalogue import Catalogue, Job, PublicModel, recommendation
from detection.models.install import TryOut, install
from detection.models.offline import import_model
from detection.models.record import InstallRecord
from detection.models.shelf import ModelShelf
from detection.models.watch import Progress, Stage, StoppedError, Watch
from detection.transcribe.transcriber import Transcriber

SETTING_OF = {
    Job.TRANSCRIPT: "whisper_model",
    Job.STRONG_VOICE: "strong_voice_pack",
    Job.SPEAKER: "speaker_pack",
}
"""The setting that takes a model, by its job; no other job can be done by an installed one."""


class ModelState(StrEnum):
    """How far a model is from being used."""

    ABSENT = "not installed"
    PARTIAL = "partly downloaded"
    INSTALLED = "installed"
    USED = "in use"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of the catalogue, or one that was imported and is not in it (`entry` is None then).

    `size` is in bytes: what it takes when installed, or what is to be downloaded. `arrived` is how many
    bytes of an unfinished download are here.
    """

    id: str
    title: str
    job: Job
    licence: str
    size: int
    arrived: int
    state: ModelState
    entry: PublicModel | None
    record: InstallRecord | None

    @property
    def is_here(self) -> bool:
        return self.state in {ModelState.INSTALLED, ModelState.USED}

    @property
    def is_installable(self) -> bool:
        return self.entry is not None and self.entry.is_installable


@dataclass(frozen=True, slots=True)
class Choice:
    """What the setting `setting` holds now; `overridden_by` names the variable that wins over it."""

    setting: str
    folder: Path | None
    overridden_by: str | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is here and whole; `choice` is None where it was not to be used."""

    record: InstallRecord
    choice: Choice | None
    was_here: bool = False


class ModelStore:
    """The catalogue, the shelf of installed models and the settings that name them.

    Used from any thread; what changes something holds the shelf alone. All of it raises
    `DetectionError` or `EarwitnessError`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        shelf: ModelShelf,
        hub: str,
        try_out: TryOut,
        load_whisper: Callable[[Path], Transcriber],
    ) -> None:
        self._catalogue = catalogue
        self._shelf = shelf
        self._hub = hub
        self._try_out = try_out
        self._load_whisper = load_whisper

    def rows(self) -> list[ModelRow]:
        """Every model of the catalogue in its order, then those that are here without being in it."""
        settings = settings_with()
        records = {record.id: record for record in self._shelf.installed()}
        listed = [
            self._row(model, records.pop(model.id, None), settings) for model in self._catalogue.models
        ]
        return [*listed, *(self._imported(record, settings) for record in records.values())]

    def advice(self) -> list[str]:
        """What to install for each job that only built-in models do so far."""
        settings = settings_with()
        wanted = self._catalogue.recommended
        return [recommendation(model) for model in wanted if getattr(settings, model.setting) is None]

    def folder(self, model_id: str) -> Path:
        """Where the files of an installed model are."""
        return self._shelf.folder(model_id).absolute()

    def install(
        self, model_id: str, watch: Watch, *, use: bool = True, trust_anew: bool = False
    ) -> Installed:
        """Download a model of the catalogue, unless it is here and whole. Blocks."""
        model = next((model for model in self._catalogue.models if model.id == model_id), None)
        if model is None:
            known = ", ".join(model.id for model in self._catalogue.models if model.is_installable)
            raise UnknownModelError(f"There is no model {model_id!r} to install; there are {known}.")
        whole = None if trust_anew else self._whole(model, watch)
        record = whole or install(
            model, self._shelf, self._hub, self._try_out, watch, trust_anew=trust_anew
        )
        return Installed(record, self._use(record) if use else None, was_here=whole is not None)

    def bring_in(
        self,
        path: Path,
        watch: Watch,
        *,
        name: str | None = None,
        use: bool = True,
        trust_anew: bool = False,
    ) -> Installed:
        """Import the model in the folder or zip `path`. Blocks."""
        record = import_model(
            path, self._shelf, self._catalogue, self._try_out, watch, name=name, trust_anew=trust_anew
        )
        return Installed(record, self._use(record) if use else None)

    def verify(self, model_id: str, watch: Watch) -> InstallRecord:
        """Prove that an installed model is what was installed. Blocks."""
        return self._shelf.verify(model_id, watch)

    def use(self, model_id: str) -> Choice:
        """Have the program use an installed model from its next call on."""
        record = self._shelf.record(model_id) if self._shelf.is_installed(model_id) else None
        if record is None:
            raise UnknownModelError(f"Model {model_id} is not installed; install or import it first.")
        return self._use(record)

    def remove(self, model_id: str) -> Choice | None:
        """Delete a model; what used it goes back to what is built in, which is the `Choice` returned."""
        settings = settings_with()
        users = [name for name in SETTING_OF.values() if self._names(settings, name, model_id)]
        for name in users:
            if variable := variable_of(name):
                raise UnknownModelError(
                    f"{variable} names model {model_id}, so the program needs it; "
                    "unset that variable first."
                )
            save_settings(settings_file(), **{name: None})
        self._shelf.remove(model_id)
        return Choice(users[0], None) if users else None

    def measure(self, watch: Watch) -> list[Speed]:
        """What each installed Whisper model costs on this machine. Blocks."""
        here = [row for row in self.rows() if row.is_here and row.job is Job.TRANSCRIPT]
        speech = phrase(resources.ROOT / "samples" / "b_helpdesk_con.wav")
        speeds: list[Speed] = []
        for number, row in enumerate(here):
            watch.check()
            watch.report(Progress(Stage.MEASURING, number, len(here)))
            with closing(self._load_whisper(self.folder(row.id))) as transcriber:
                speeds.append(measure(row.id, row.size, transcriber, speech))
        return speeds

    def _whole(self, model: PublicModel, watch: Watch) -> InstallRecord | None:
        if not self._shelf.is_installed(model.id):
            return None
        try:
            record = self._shelf.verify(model.id, watch)
        except StoppedError:
            raise
        except DetectionError:
            return None  # what is damaged is downloaded again
        return record if model.commit in {None, record.commit} else None

    def _use(self, record: InstallRecord) -> Choice:
        name = SETTING_OF[record.job]
        folder = self.folder(record.id)
        save_settings(settings_file(), **{name: str(folder)})
        return Choice(name, folder, variable_of(name))

    def _names(self, settings: Settings, setting: str, model_id: str) -> bool:
        folder: Path | None = getattr(settings, setting)
        return folder is not None and folder.absolute() == self.folder(model_id)

    def _row(self, model: PublicModel, record: InstallRecord | None, settings: Settings) -> ModelRow:
        arrived = self._shelf.partial_bytes(model.id)
        return ModelRow(
            model.id,
            model.title,
            model.job,
            model.licence,
            record.size if record else round(model.download_mb * 1e6),
            arrived,
            self._state(record, arrived, settings),
            model,
            record,
        )

    def _imported(self, record: InstallRecord, settings: Settings) -> ModelRow:
        state = self._state(record, 0, settings)
        return ModelRow(
            record.id, record.title, record.job, record.licence, record.size, 0, state, None, record
        )

    def _state(self, record: InstallRecord | None, arrived: int, settings: Settings) -> ModelState:
        if record is None:
            return ModelState.PARTIAL if arrived else ModelState.ABSENT
        used = self._names(settings, SETTING_OF[record.job], record.id)
        return ModelState.USED if used else ModelState.INSTALLED
