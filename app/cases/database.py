"""Opens the case log's database, and says in one sentence what went wrong with it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from app.cases.migrations import APPLICATION_ID, SCHEMA_VERSION, migrations
from app.errors import CaseLogError, NoCaseLogError

BUSY_TIMEOUT_S = 10.0
"""How long to wait for another process that is writing."""

_ELSEWHERE = "choose another data folder with --data-dir"
_KEPT = "(everything stored before is kept)"
_SENTENCES = {
    sqlite3.SQLITE_NOTADB: f"{{path}} is not a case log; move it away or {_ELSEWHERE}.",
    sqlite3.SQLITE_CORRUPT: "The case log {path} is damaged; keep a copy of it and restore it from a "
    f"backup, or {_ELSEWHERE}.",
    sqlite3.SQLITE_BUSY: "The case log {path} is in use by another program; close that and try again.",
    sqlite3.SQLITE_READONLY: "The case log {path} is read-only; make it and its folder writable or "
    f"{_ELSEWHERE}.",
    sqlite3.SQLITE_FULL: "The disk with the case log {path} is full; free some space and try again "
    f"{_KEPT}.",
    sqlite3.SQLITE_CANTOPEN: "The case log {path} cannot be opened; make it and its folder readable and "
    f"writable or {_ELSEWHERE}.",
    sqlite3.SQLITE_CONSTRAINT: "The case log {path} was changed by something other than Earwitness; "
    "`earwitness cases verify` says where.",
}
_ANY_OTHER = f"The case log {{path}} could not be read or written ({{error}}); check its disk {_KEPT}."


def open_for_writing(path: Path) -> Database:
    """Open the case log, creating or migrating it. The connection may move to another thread.

    A log of a newer version, or a file that is no case log, is refused unchanged. Raises `CaseLogError`.
    """
    if _exists(path):
        _check_untouched(path)
    else:
        _create(path)
    with explained(path):
        db = _connect(path, "mode=rw", check_same_thread=False)
        try:
            db.enable_wal()
            # In WAL mode NORMAL may lose the last commits when the power fails. What a person was
            # shown must be in the log, so every commit is flushed.
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            with immediate(db):
                migrations.apply(db)
        except BaseException:
            db.close()
            raise
        return db


def open_for_reading(path: Path) -> Database:
    """Open an existing case log without changing it; for the calling thread only.

    Raises `NoCaseLogError` where there is none yet and `CaseLogError` where it cannot be read.
    """
    if not _exists(path):
        raise _no_case_log(path)
    # With no folder to write to, SQLite cannot share the log; a log at rest needs no sharing.
    at_rest = not os.access(path.parent, os.W_OK) and not _wal(path).exists()
    return _open_read_only(path, immutable=at_rest, may_be_empty=False)


@contextmanager
def immediate(db: Database) -> Iterator[None]:
    """A transaction that holds the write lock from its start: what it reads cannot change under it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the log at `path` into a `CaseLogError` that a person can act on."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:  # not SQLite's word but a wrong use of the library
            raise
        primary = code & 0xFF
        sentence = _SENTENCES.get(primary, _ANY_OTHER)
        raise CaseLogError(sentence.format(path=path, error=error)) from error


def _check_untouched(path: Path) -> None:
    # Without a write-ahead log beside it, the file alone can be read, leaving not even a lock behind.
    _open_read_only(path, immutable=not _wal(path).exists(), may_be_empty=True).close()


def _create(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise CaseLogError(
            f"The case log {path} cannot be created ({error.strerror}); {_ELSEWHERE}."
        ) from error


def _open_read_only(path: Path, *, immutable: bool, may_be_empty: bool) -> Database:
    with explained(path):
        db = _connect(path, "mode=ro&immutable=1" if immutable else "mode=ro", check_same_thread=True)
        try:
            _check_kind_and_version(db, path, may_be_empty=may_be_empty)
        except BaseException:
            db.close()
            raise
        return db


def _exists(path: Path) -> bool:
    try:
        if path.is_dir():
            raise CaseLogError(f"{path} is a folder and not a case log; move it away or {_ELSEWHERE}.")
        return path.exists()
    except OSError as error:
        raise CaseLogError(
            f"The case log {path} cannot be reached ({error.strerror}); change the permissions of its "
            f"folder or {_ELSEWHERE}."
        ) from error


def _connect(path: Path, query: str, *, check_same_thread: bool) -> Database:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{query}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=check_same_thread,
    )
    # A changed byte may leave text that is not UTF-8; it must be readable to be named as changed.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return Database(connection, strict=True, execute_plugins=False)


def _check_kind_and_version(db: Database, path: Path, *, may_be_empty: bool) -> None:
    db.execute("BEGIN")  # one look at the file: another process may be creating it
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    is_empty = _is_empty(db)
    db.rollback()
    if application_id != APPLICATION_ID and not is_empty:
        raise CaseLogError(f"{path} is the database of another program; move it away or {_ELSEWHERE}.")
    if version > SCHEMA_VERSION:
        raise CaseLogError(
            f"The case log {path} has version {version} and this Earwitness knows versions up to "
            f"{SCHEMA_VERSION}; update Earwitness to use it (nothing in it was changed)."
        )
    if application_id != APPLICATION_ID and not may_be_empty:
        raise _no_case_log(path)


def _is_empty(db: Database) -> bool:
    (count,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return count == 0


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _no_case_log(path: Path) -> NoCaseLogError:
    return NoCaseLogError(
        f"There is no case log in {path.parent} yet; `earwitness analyze FILE` stores a first case, and "
        "--data-dir chooses another folder."
    )
