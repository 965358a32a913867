"""Where a model is imported from: a folder or a zip, seen as a flat list of files.

Nothing of either is trusted. Names of a zip never become paths here: whoever imports asks for plain
names that it knows and writes them where it wants, so that an entry such as ../../file leads nowhere.
"""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from detection.errors import DetectionError

MARKERS = ("manifest.json", "model.bin")
"""Names that say: the model is in this folder."""

_DEEPEST = 3
"""Folders that may be wrapped around the model."""

_MOST_ENTRIES = 10_000
_MODEST = 100_000_000
_HIGHEST_RATIO = 100
"""A file of more than `_MODEST` bytes is refused where it was compressed to less than a hundredth:
weights hardly compress at all."""

_ENCRYPTED = 0x1

_CHUNK = 1 << 20

_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError)
"""What `zipfile` raises for an archive that is damaged or packed in a way that it does not know."""


class Source(Protocol):
    """`title` is what errors call it; `files` has the bytes of each file by its plain name."""

    @property
    def title(self) -> str: ...
    @property
    def files(self) -> Mapping[str, int]: ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of one of `files`, piece by piece. Raises `DetectionError`."""
        ...


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The folder or zip at `path`. Raises `DetectionError` where it is neither or cannot be used."""
    if path.is_dir():
        yield _Folder(path)
    elif path.is_file():
        try:
            archive = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise _broken(path.name) from error
        with archive:
            yield _Zip(path.name, archive)
    else:
        raise DetectionError(f"There is nothing at {path}; choose a model's folder or a zip of it.")


class _Folder:
    def __init__(self, path: Path) -> None:
        self.title = path.resolve().name
        self._root = path
        try:
            for _ in range(_DEEPEST):
                inside = [entry for entry in self._root.iterdir() if not entry.name.startswith(".")]
                if any(entry.name in MARKERS for entry in inside):
                    break
                folders = [entry for entry in inside if entry.is_dir()]
                if len(folders) != 1:
                    break
                self._root = folders[0]
            # A link to a file is followed, because the hub's own cache is made of them.
            self.files = {
                entry.name: entry.stat().st_size for entry in self._root.iterdir() if entry.is_file()
            }
        except OSError as error:
            raise _unreadable(self.title, error) from error

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            with (self._root / name).open("rb") as file:
                yield from _chunks(file)
        except OSError as error:
            raise _unreadable(f"{name} in {self.title}", error) from error


class _Zip:
    def __init__(self, title: str, archive: zipfile.ZipFile) -> None:
        self.title = title
        self._archive = archive
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > _MOST_ENTRIES:
            raise DetectionError(
                f"{title} holds {len(entries)} files, which no model does; zip the model alone."
            )
        for entry in entries:
            _refuse_strange(title, entry)
        self._entries = _of_one_folder(title, entries)
        self.files = {name: entry.file_size for name, entry in self._entries.items()}

    def chunks(self, name: str) -> Iterator[bytes]:
        entry = self._entries[name]
        if entry.file_size > max(_MODEST, _HIGHEST_RATIO * entry.compress_size):
            raise DetectionError(
                f"{name} in {self.title} would swell to {entry.file_size} bytes, as no model does; "
                "it was not unpacked."
            )
        try:
            with self._archive.open(entry) as file:
                yield from _chunks(file)
        except _BROKEN as error:
            raise _broken(self.title) from error


def _refuse_strange(title: str, entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
        raise DetectionError(
            f"{title} holds {entry.filename!r}, which would be written outside of the model's folder; "
            "it was not unpacked."
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DetectionError(f"{title} holds the link {entry.filename!r}; zip the files themselves.")
    if entry.flag_bits & _ENCRYPTED:
        raise DetectionError(f"{title} is encrypted; unpack it and import the folder.")


def _of_one_folder(title: str, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The files beside the only marker, at whatever depth; none where there is no marker."""
    paths = [(PurePosixPath(entry.filename.replace("\\", "/")), entry) for entry in entries]
    paths = [(path, entry) for path, entry in paths if "__MACOSX" not in path.parts]
    roots = {path.parent for path, _ in paths if path.name in MARKERS}
    if len(roots) > 1:
        raise DetectionError(f"{title} holds more than one model; import them one by one.")
    if not roots:
        return {path.name: entry for path, entry in paths if path.parent == PurePosixPath(".")}
    root = roots.pop()
    found: dict[str, zipfile.ZipInfo] = {}
    for path, entry in paths:
        if path.parent != root:
            continue
        if path.name in found:
            raise DetectionError(f"{title} holds {path.name} twice; make the zip again.")
        found[path.name] = entry
    return found


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _broken(title: str) -> DetectionError:
    return DetectionError(
        f"{title} is no zip that can be read, or it is damaged; make or copy it again."
    )


def _unreadable(what: str, error: OSError) -> DetectionError:
    return DetectionError(f"{what} cannot be read ({error.strerror}); check its permissions.")
