"""The folder of installed models: what is there, whether it is whole, and how it changes.

models/
  ID/             the model's files, nothing else
  ID.json         its install record; stays when the model is removed
  .partial/ID/    a download or copy that is not finished
  .replaced/ID/   the old files while new ones take their place
  .removed/ID/    files on their way out
  .lock           held by whoever changes any of this; the system frees it if that program dies
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from detection.errors import DetectionError
from detection.models.digests import sha256_of
from detection.models.record import InstalledFile, InstallRecord, load_record, save_record
from detection.models.watch import Progress, Stage, Watch

_RECORD_SUFFIX = ".json"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_RESERVE = 200_000_000
"""Bytes left free for everything else on the volume."""

_WHOLE_FROM = 10_000_000
"""Bytes from which megabytes are told without a decimal."""


class ModelShelf:
    """The models below `root`, which need not exist yet.

    Reading is free at any time; whoever changes something holds `changing`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, model_id: str) -> Path:
        """Where the files of a model are, or would be. Raises `DetectionError` where that is no id."""
        if not is_model_id(model_id):
            raise _not_installed(model_id)
        return self.root / model_id

    def record(self, model_id: str) -> InstallRecord | None:
        """What was last installed as `model_id`, though it may be removed since."""
        return load_record(self._record_path(model_id))

    def is_installed(self, model_id: str) -> bool:
        return self.folder(model_id).is_dir() and self._record_path(model_id).is_file()

    def installed(self) -> list[InstallRecord]:
        """Every installed model, by id. Raises `DetectionError` for a record that cannot be read."""
        names = sorted(path.stem for path in self.root.glob(f"*{_RECORD_SUFFIX}"))
        ids = [name for name in names if is_model_id(name)]
        records = [self.record(model_id) for model_id in ids if self.folder(model_id).is_dir()]
        return [record for record in records if record is not None]

    def partial(self, model_id: str) -> Path:
        """The folder for what is not finished."""
        return self.root / ".partial" / self.folder(model_id).name

    def partial_bytes(self, model_id: str) -> int:
        """How much of a model lies there unfinished."""
        files = self.partial(model_id).glob("files/*")
        return sum(path.stat().st_size for path in files)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the shelf alone. Raises `DetectionError` where another program or thread does."""
        from filelock import FileLock, Timeout

        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / ".lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise DetectionError(
                "Another installation of a model is under way on this machine; wait until it ends."
            ) from error
        except OSError as error:
            raise _unwritable(self.root, error) from error
        try:
            self._tidy()
            try:
                yield
            finally:
                self._tidy()
        except OSError as error:
            raise _unwritable(self.root, error) from error
        finally:
            lock.release()

    def check_space(self, needed: int) -> None:
        """Raise `DetectionError` where `needed` more bytes would fill the volume."""
        free = shutil.disk_usage(self.root).free
        if free < needed + _RESERVE:
            raise DetectionError(
                f"{megabytes(needed)} more are needed in {self.root}, where {megabytes(free)} are free "
                f"and {megabytes(_RESERVE)} are to stay so; free some space or name another folder with "
                "EARWITNESS_MODELS_DIR."
            )

    def adopt(self, files: Path, record: InstallRecord) -> None:
        """Put the folder `files`, which is on the same volume, in the model's place.

        Where this fails or the program dies in here, the place holds all of the old files, all of the
        new ones, or nothing until the next change puts the old ones back. Only within `changing`.
        """
        for path in files.iterdir():
            _flush(path)
        self._put_aside(record.id, self._replaced)
        save_record(self._record_path(record.id), record)
        files.rename(self.folder(record.id))
        shutil.rmtree(self.partial(record.id), ignore_errors=True)

    def verify(self, model_id: str, watch: Watch) -> InstallRecord:
        """Prove that every file is the one that was installed, and that there is no other.

        Raises `DetectionError` naming the first file that is not.
        """
        record = self.record(model_id)
        folder = self.folder(model_id)
        if record is None or not folder.is_dir():
            raise _not_installed(model_id)
        done = 0

        def count(length: int) -> None:
            nonlocal done
            done += length
            watch.check()
            watch.report(Progress(Stage.CHECKING, done, record.size))

        for name, wanted in record.files.items():
            _verify_file(folder / name, wanted, model_id, count)
        for path in folder.iterdir():
            if path.name not in record.files:
                raise DetectionError(
                    f"File {path.name} is no part of model {model_id} and somebody put it there; "
                    f"remove {path} or install the model again."
                )
        return record

    def refuse_damaged(self, folder: Path) -> None:
        """Raise `DetectionError` where `folder` is an installed model and not what was installed.

        Of a folder elsewhere nothing is known, so nothing is refused.
        """
        is_ours = is_model_id(folder.name) and folder.absolute() == self.folder(folder.name).absolute()
        if is_ours and self.is_installed(folder.name):
            self.verify(folder.name, Watch())

    def remove(self, model_id: str) -> None:
        """Delete the model's files and what is unfinished of it; its record stays.

        Raises `DetectionError` where there is nothing to delete, or another program has a file open on
        a system that then keeps it.
        """
        if not self.folder(model_id).is_dir() and not self.partial(model_id).is_dir():
            raise _not_installed(model_id)
        with self.changing():
            self._put_aside(model_id, self._removed)
            shutil.rmtree(self.partial(model_id), ignore_errors=True)

    @property
    def _replaced(self) -> Path:
        return self.root / ".replaced"

    @property
    def _removed(self) -> Path:
        return self.root / ".removed"

    def _record_path(self, model_id: str) -> Path:
        return self.folder(model_id).with_name(f"{model_id}{_RECORD_SUFFIX}")

    def _put_aside(self, model_id: str, place: Path) -> None:
        """Move the model's folder, where there is one, below `place`: at once or not at all."""
        place.mkdir(exist_ok=True)
        try:
            if self.folder(model_id).is_dir():
                self.folder(model_id).rename(place / model_id)
        except PermissionError as error:
            raise DetectionError(
                f"Model {model_id} is in use or protected; close what uses it and try again."
            ) from error

    def _tidy(self) -> None:
        """Put back what was left aside between two renames, and delete what is no longer needed."""
        if self._replaced.is_dir():
            for old in self._replaced.iterdir():
                if not self.folder(old.name).exists():
                    old.rename(self.folder(old.name))
        shutil.rmtree(self._replaced, ignore_errors=True)
        shutil.rmtree(self._removed, ignore_errors=True)


def is_model_id(text: str) -> bool:
    """Whether `text` can name a model, and so a folder on the shelf: no path, nothing hidden."""
    return _ID.fullmatch(text) is not None and not text.endswith(_RECORD_SUFFIX)


def megabytes(count: int) -> str:
    """`count` bytes for a person, in millions."""
    return f"{count / 1e6:,.{1 if count < _WHOLE_FROM else 0}f} MB"


def _verify_file(path: Path, wanted: InstalledFile, model_id: str, count: Callable[[int], None]) -> None:
    try:
        size = path.stat().st_size
        found = sha256_of(path, count) if size == wanted.size else ""
    except OSError as error:
        raise DetectionError(
            f"Model {model_id} lacks its file {path.name}; install it again."
        ) from error
    if found != wanted.sha256:
        raise DetectionError(
            f"File {path.name} of model {model_id} is damaged or was swapped: it is not the file that "
            "was installed; install the model again."
        )


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _not_installed(model_id: str) -> DetectionError:
    return DetectionError(f"Model {model_id} is not installed; earwitness models list says which are.")


def _unwritable(root: Path, error: OSError) -> DetectionError:
    return DetectionError(
        f"The model folder {root} cannot be written ({error.strerror or error}); free some space, "
        "change its permissions or name another folder with EARWITNESS_MODELS_DIR."
    )
