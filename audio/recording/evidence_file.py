"""A file of evidence on the disk: new, private, and whole up to its last piece."""

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path


class EvidenceFile:
    """A new file that grows by whole pieces. Every method but `release` raises `OSError`.

    Only this person may read it (mode 0600 where the system has modes). What was appended outlives the
    program at once, and a power cut from the next `sync` on.
    """

    def __init__(self, path: Path) -> None:
        """Create the file; `FileExistsError` where there is one."""
        self.path = path
        self._size = 0
        self._file = io.FileIO(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600))

    def append(self, piece: bytes) -> None:
        """Add all of `piece`; where that fails the file ends as it did before."""
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise
        self._size += len(piece)

    def replace_start(self, piece: bytes) -> None:
        """Put `piece` over the first bytes; nothing is appended after that."""
        self._file.seek(0)
        self._file.write(piece)

    def sync(self) -> None:
        """Force the file to the disk, which may take seconds; any thread, also while another appends.

        `FileNotFoundError` where the file is no longer where it was made.
        """
        os.fsync(self._file.fileno())
        self.path.stat()

    def release(self) -> None:
        """Let go of the file. Idempotent."""
        with suppress(OSError):
            self._file.close()


def sha256_of(path: Path) -> str | None:
    """The file's SHA-256 in hexadecimal; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
