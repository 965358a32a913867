"""Digests of files: SHA-256, and the SHA-1 under which git knows a file's content."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

_CHUNK = 1 << 20


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def sha256_of(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file in hexadecimal; `on_bytes` is told each chunk's length. Raises `OSError`."""
    digest = hashlib.sha256()
    _feed(digest, path, on_bytes)
    return digest.hexdigest()


def git_sha1_of(path: Path) -> str:
    """What `git hash-object` prints for a file: SHA-1 of "blob", its length, 0 and its content."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    _feed(digest, path, lambda _: None)
    return digest.hexdigest()


def _feed(digest: _Hash, path: Path, on_bytes: Callable[[int], None]) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            on_bytes(len(chunk))
