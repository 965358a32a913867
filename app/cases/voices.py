"""Known voices in the case log: enrolled people and the watch list. Biometric data (docs/voices.md)."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from app.cases.chain import storable_text
from app.cases.database import explained, immediate, open_for_reading, open_for_writing
from app.errors import CaseLogError, NoCaseLogError, UnknownVoiceError
from detection.voice.enrolment import Enrolment, Voiceprint, WatchedVoice

_NUMBERS = np.dtype("<f4")
_FIRST_VERSION = 2
"""Of the tables: an older log holds no voices, and reading does not change it."""
_LENGTH_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class KeptEnrolment:
    """An enrolment and the time after which it may not be used (ISO 8601 in UTC; None: no such time)."""

    enrolment: Enrolment
    expires_at: str | None


def read_enrolments(path: Path) -> Sequence[KeptEnrolment]:
    """Everybody enrolled in the case log at `path`, by name, also those whose time is over.

    None where nothing was ever stored. Raises `CaseLogError`.
    """
    return [_kept(row, path) for row in _rows(path, "enrolments")]


def read_enrolment(path: Path, name: str) -> Enrolment:
    """The voice of `name`. Raises `UnknownVoiceError` where there is none to use, or `CaseLogError`."""
    kept = next((each for each in read_enrolments(path) if each.enrolment.name == name), None)
    if kept is None:
        raise UnknownVoiceError(
            f"Nobody is enrolled as '{name}'; `earwitness voices list` shows the names."
        )
    if kept.expires_at and kept.expires_at <= _now():
        raise UnknownVoiceError(
            f"The voice of '{name}' was to be kept until {kept.expires_at[:10]} and is not used any "
            "more: enrol it again or erase it."
        )
    return kept.enrolment


def read_watched(path: Path) -> Sequence[WatchedVoice]:
    """The watch list in the case log at `path`, by name. Raises `CaseLogError`."""
    return [
        WatchedVoice(row["name"], _voiceprint(row, path), row["added_at"], row["case_id"], row["note"])
        for row in _rows(path, "watched_voices")
    ]


class VoiceWriter:
    """Keeps and erases voices in the case log at `path`, for the thread that made it.

    What is erased is overwritten in the database and its write-ahead log (`PRAGMA secure_delete`, and
    the log cut off after); copies of the file made before are beyond its reach. Enrolments whose time
    is over are erased when this opens. Every method raises `CaseLogError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_for_writing(path)
        try:
            with explained(path):
                self._db.execute("PRAGMA secure_delete = ON")
                over = [
                    row["name"]
                    for row in self._db.query(
                        "SELECT name FROM enrolments WHERE expires_at <= ?", [_now()]
                    )
                ]
            for name in over:
                self._erase("enrolments", name)
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; idempotent."""
        self._db.close()

    def enrol(self, enrolment: Enrolment, expires_at: str | None = None) -> None:
        """Keep a voice, in place of one kept under the same name."""
        self._put(
            "enrolments",
            {
                **_columns(enrolment.name, enrolment.voice),
                "enrolled_at": enrolment.enrolled_at,
                "consent": storable_text(enrolment.consent),
                "expires_at": expires_at,
            },
        )

    def watch(self, watched: WatchedVoice) -> None:
        """Put a voice on the watch list, in place of one of the same name."""
        self._put(
            "watched_voices",
            {
                **_columns(watched.name, watched.voice),
                "added_at": watched.added_at,
                "case_id": watched.case_id,
                "note": storable_text(watched.note),
            },
        )

    def erase(self, name: str) -> None:
        """Erase an enrolment. Raises `UnknownVoiceError` where there is none."""
        if not self._erase("enrolments", name):
            raise UnknownVoiceError(
                f"Nobody is enrolled as '{name}'; `earwitness voices list` shows the names."
            )

    def unwatch(self, name: str) -> None:
        """Erase a voice of the watch list. Raises `UnknownVoiceError` where there is none."""
        if not self._erase("watched_voices", name):
            raise UnknownVoiceError(
                f"There is no '{name}' on the watch list; `earwitness voices list` shows the names."
            )

    def _put(self, table: str, row: dict[str, Any]) -> None:
        with explained(self._path):
            with immediate(self._db):
                self._db.table(table).insert(row, replace=True)
            self._cut_log()

    def _erase(self, table: str, name: str) -> bool:
        with explained(self._path):
            with immediate(self._db):
                cursor = self._db.execute(f"DELETE FROM {table} WHERE name = ?", [name])  # noqa: S608
            self._cut_log()
        return cursor.rowcount > 0

    def _cut_log(self) -> None:
        """Carry the change into the database and cut off the log, which may hold what was there."""
        (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise CaseLogError(
                f"The change is stored, but {self._path}-wal may keep what was there before while "
                "another program reads the case log: close that and give the same command again."
            )


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    try:
        db = open_for_reading(path)
    except NoCaseLogError:
        return []
    with closing(db), explained(path):
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version < _FIRST_VERSION:
            return []
        return list(db.query(f"SELECT * FROM {table} ORDER BY name"))  # noqa: S608


def _columns(name: str, voice: Voiceprint) -> dict[str, Any]:
    return {
        "name": storable_text(name),
        "embedding": voice.embedding.astype(_NUMBERS).tobytes(),
        "model_id": voice.model_id,
        "model_revision": voice.model_revision,
        "speech_s": voice.speech_s,
    }


def _kept(row: dict[str, Any], path: Path) -> KeptEnrolment:
    enrolment = Enrolment(row["name"], _voiceprint(row, path), row["enrolled_at"], row["consent"])
    return KeptEnrolment(enrolment, row["expires_at"])


def _voiceprint(row: dict[str, Any], path: Path) -> Voiceprint:
    blob = row["embedding"]
    numbers = np.frombuffer(blob[: len(blob) // _NUMBERS.itemsize * _NUMBERS.itemsize], _NUMBERS)
    whole = len(blob) == numbers.nbytes and len(blob) > 0
    if not whole or not abs(float(np.linalg.norm(numbers)) - 1) < _LENGTH_TOLERANCE:
        raise CaseLogError(
            f"The voice '{storable_text(row['name'])}' in {path} was changed by something other than "
            "Earwitness: erase it with `earwitness voices` and add it again."
        )
    return Voiceprint(
        numbers.astype(np.float32), row["speech_s"], row["model_id"], row["model_revision"]
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
