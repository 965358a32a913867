"""The tables of the case log, and how one version's become the next's."""

from sqlite_utils import Database, Migrations

SCHEMA_VERSION = 2
"""Stored as `PRAGMA user_version`; each migration sets the version that it leads to."""

APPLICATION_ID = int.from_bytes(b"EARW")
"""Stored as `PRAGMA application_id`, so that no other program's database is taken for a case log."""

migrations = Migrations("earwitness-cases")


@migrations()
def create_tables(db: Database) -> None:
    """Version 1: cases and their chained events."""
    # sqlite-utils has no WITHOUT ROWID, which keeps a case's events side by side in order.
    db.execute("""
        CREATE TABLE cases (
            id TEXT NOT NULL PRIMARY KEY,
            source TEXT NOT NULL,
            started_at TEXT NOT NULL,
            head_hash TEXT NOT NULL,
            event_count INTEGER NOT NULL,
            duration_s REAL NOT NULL,
            voice_level TEXT NOT NULL,
            conversation_level TEXT NOT NULL,
            disclosure_state TEXT NOT NULL,
            watch_count INTEGER NOT NULL,
            alert_count INTEGER NOT NULL,
            status TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE events (
            case_id TEXT NOT NULL REFERENCES cases (id),
            seq INTEGER NOT NULL,
            recorded_at TEXT NOT NULL,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            prev_hash TEXT NOT NULL,
            hash TEXT NOT NULL,
            PRIMARY KEY (case_id, seq)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")


@migrations()
def create_voices(db: Database) -> None:
    """Version 2: enrolled voices and the watch list."""
    db.execute("""
        CREATE TABLE enrolments (
            name TEXT NOT NULL PRIMARY KEY,
            embedding BLOB NOT NULL,
            model_id TEXT NOT NULL,
            model_revision TEXT NOT NULL,
            speech_s REAL NOT NULL,
            enrolled_at TEXT NOT NULL,
            consent TEXT NOT NULL,
            expires_at TEXT
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE watched_voices (
            name TEXT NOT NULL PRIMARY KEY,
            embedding BLOB NOT NULL,
            model_id TEXT NOT NULL,
            model_revision TEXT NOT NULL,
            speech_s REAL NOT NULL,
            added_at TEXT NOT NULL,
            case_id TEXT NOT NULL,
            note TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("PRAGMA user_version = 2")
