import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cases.chain import encode, event_hash
from app.cases.verify import Fault, verify
from app.cases.writer import CaseWriter
from app.errors import NoCaseLogError, UnknownCaseError
from audio.types import Channel
from detection.events import CallEnded, NotJudged

STARTED_AT = "2026-11-20T14:22:33.120+00:00"
COUNT = 7
LINKED = ("payload", "kind", "recorded_at", "hash", "prev_hash")


@dataclass(frozen=True)
class Stored:
    """A log with two cases of COUNT events; `case_id` is the one that is tampered with."""

    path: Path
    case_id: str
    other_id: str

    def tampered(self, *statements: tuple[str, list]) -> list:
        copy = self.path.with_name("tampered.db")
        for leftover in copy.parent.glob("tampered.db*"):
            leftover.unlink()
        shutil.copy(self.path, copy)
        with closing(sqlite3.connect(copy)) as db, db:
            for sql, parameters in statements:
                db.execute(sql, parameters)
        return list(verify(copy))

    def rows(self) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            return list(
                db.execute("SELECT * FROM events WHERE case_id = ? ORDER BY seq", [self.case_id])
            )

    def found(self, *statements: tuple[str, list]) -> tuple[Fault | None, int | None]:
        checks = {check.case_id: check for check in self.tampered(*statements)}
        assert checks[self.other_id].ok
        return checks[self.case_id].fault, checks[self.case_id].seq


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Stored:
    path = tmp_path_factory.mktemp("verify") / "cases.db"
    with CaseWriter(path) as writer:
        ids = [writer.open_case(f"{name}.wav", STARTED_AT) for name in "ab"]
        for case_id in ids:
            for at in range(COUNT - 1):
                writer.append(case_id, [NotJudged("voice", Channel.CALLER, 0, at, "häßlich", at)])
            writer.append(case_id, [CallEnded("finished", COUNT)])
    return Stored(path, *ids)


seqs = st.integers(0, COUNT - 1)
WHERE = "WHERE case_id = ? AND seq = ?"


def test_an_untouched_log_is_accepted(stored):
    checks = list(verify(stored.path))
    assert [(check.case_id, check.ok, check.event_count) for check in checks] == [
        (case_id, True, COUNT) for case_id in sorted([stored.case_id, stored.other_id])
    ]
    assert [check.case_id for check in verify(stored.path, stored.other_id)] == [stored.other_id]


@settings(max_examples=60, deadline=None)
@given(column=st.sampled_from(LINKED), seq=seqs, data=st.data())
def test_any_flipped_byte_of_an_event_is_found_and_named(stored, column, seq, data):
    value = bytearray(stored.rows()[seq][column].encode())
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    sql = f"UPDATE events SET {column} = CAST(? AS TEXT) {WHERE}"  # noqa: S608
    assert stored.found((sql, [bytes(value), stored.case_id, seq])) == (Fault.CHANGED, seq)


@settings(max_examples=20, deadline=None)
@given(seq=seqs)
def test_a_removed_event_is_found_and_named(stored, seq):
    removal = (f"DELETE FROM events {WHERE}", [stored.case_id, seq])  # noqa: S608
    assert stored.found(removal) == (Fault.REMOVED, seq)
    # SQLite checks the key row by row, so the later events move away and back.
    closed_up = [
        ("UPDATE events SET seq = seq + 1000 WHERE case_id = ? AND seq > ?", [stored.case_id, seq]),
        ("UPDATE events SET seq = seq - 1001 WHERE case_id = ? AND seq > 1000", [stored.case_id]),
    ]
    assert stored.found(removal, *closed_up) == (Fault.REMOVED, seq)


@settings(max_examples=20, deadline=None)
@given(seq=seqs)
def test_a_truncated_case_is_found_and_named(stored, seq):
    cut = ("DELETE FROM events WHERE case_id = ? AND seq >= ?", [stored.case_id, seq])
    assert stored.found(cut) == (Fault.REMOVED, seq)


@settings(max_examples=20, deadline=None)
@given(pair=st.lists(seqs, min_size=2, max_size=2, unique=True).map(sorted))
def test_events_that_changed_places_are_found_and_named(stored, pair):
    first, second = pair
    move = f"UPDATE events SET seq = ? {WHERE}"  # noqa: S608
    statements = [
        (move, [to, stored.case_id, seq]) for seq, to in ((first, -1), (second, first), (-1, second))
    ]
    assert stored.found(*statements) == (Fault.REORDERED, first)


@settings(max_examples=40, deadline=None)
@given(seq=st.integers(0, COUNT), how=st.sampled_from(["well forged", "badly forged", "copied"]))
def test_an_inserted_event_is_found_and_named(stored, seq, how):
    rows = stored.rows()
    if how == "copied":
        seq = max(seq, 1)
        row = dict(rows[seq - 1]) | {"seq": seq}
    else:
        prev_hash = rows[seq - 1]["hash"] if seq else rows[0]["prev_hash"]
        payload = encode(NotJudged("voice", Channel.CALLER, 0, 1, "forged", 1))
        forged = "0" * 64
        if how == "well forged":
            forged = event_hash(stored.case_id, seq, "t", payload, prev_hash)
        row = dict(
            zip(
                rows[0].keys(),
                (stored.case_id, seq, "t", "not_judged", payload, prev_hash, forged),
                strict=True,
            )
        )
    statements = [
        ("UPDATE events SET seq = seq + 1000 WHERE case_id = ? AND seq >= ?", [stored.case_id, seq]),
        ("UPDATE events SET seq = seq - 999 WHERE case_id = ? AND seq >= 1000", [stored.case_id]),
        ("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", list(row.values())),
    ]
    assert stored.found(*statements) == (Fault.INSERTED, seq)


@pytest.mark.parametrize("seq", [-1, COUNT + 5])
def test_an_event_put_beside_the_others_is_found_and_named(stored, seq):
    sql = f"INSERT INTO events SELECT case_id, ?, recorded_at, kind, payload, prev_hash, hash FROM events {WHERE}"  # noqa: E501, S608
    assert stored.found((sql, [seq, stored.case_id, 2])) == (Fault.INSERTED, seq)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event_count", COUNT - 1),
        ("event_count", COUNT + 1),
        ("head_hash", "0" * 64),
        ("duration_s", 1.0),
        ("voice_level", "real"),
        ("conversation_level", "calm"),
        ("disclosure_state", "human"),
        ("watch_count", 1),
        ("alert_count", 1),
        ("status", "not_ended"),
        ("source", "c.wav"),
        ("started_at", "2026-11-20T14:22:33.121+00:00"),
    ],
)
def test_a_summary_that_the_events_do_not_bear_out_is_found(stored, column, value):
    sql = f"UPDATE cases SET {column} = ? WHERE id = ?"  # noqa: S608
    assert stored.found((sql, [value, stored.case_id])) == (Fault.SUMMARY_CHANGED, None)


def test_bytes_that_are_no_text_in_a_summary_are_found(stored):
    sql = "UPDATE cases SET source = CAST(? AS TEXT) WHERE id = ?"
    assert stored.found((sql, [b"a\xff", stored.case_id])) == (Fault.SUMMARY_CHANGED, None)


def test_a_rewritten_tail_does_not_fit_the_head(stored):
    last = stored.rows()[-1]
    payload = encode(CallEnded("finished", COUNT, "nothing to see"))
    link = event_hash(stored.case_id, COUNT - 1, last["recorded_at"], payload, last["prev_hash"])
    sql = f"UPDATE events SET payload = ?, hash = ? {WHERE}"  # noqa: S608
    (check,) = [
        check
        for check in stored.tampered((sql, [payload, link, stored.case_id, COUNT - 1]))
        if check.case_id == stored.case_id
    ]
    assert check.fault is Fault.SUMMARY_CHANGED
    assert "head_hash" in check.detail


def test_events_without_their_case_are_found(stored):
    delete = ("DELETE FROM cases WHERE id = ?", [stored.case_id])
    assert stored.found(delete) == (Fault.CASE_REMOVED, None)
    (check,) = verify(stored.path.with_name("tampered.db"), stored.case_id)
    assert check.fault is Fault.CASE_REMOVED


def test_a_renamed_case_is_found(stored):
    rename = ("UPDATE cases SET id = 'x' WHERE id = ?", [stored.case_id])
    faults = {check.case_id: check.fault for check in stored.tampered(rename)}
    assert faults == {"x": Fault.REMOVED, stored.case_id: Fault.CASE_REMOVED, stored.other_id: None}


def test_one_byte_flipped_in_the_file_is_named(stored, tmp_path):
    content = bytearray(stored.path.read_bytes())
    payload = stored.rows()[4]["payload"].encode()
    assert content.count(payload) == 2  # the same event in both cases
    at = content.index(payload) + payload.index(b"caller")
    content[at] ^= 0x80
    flipped = tmp_path / "flipped.db"
    flipped.write_bytes(content)
    faults = [(check.fault, check.seq) for check in verify(flipped)]
    assert sorted(faults, key=str) == [(Fault.CHANGED, 4), (None, None)]


def test_a_case_that_is_still_written_verifies(log):
    with CaseWriter(log) as writer:
        case_id = writer.open_case("a.wav", STARTED_AT)
        assert [check.ok for check in verify(log)] == [True]
        for at in range(40):
            writer.append(case_id, [NotJudged("voice", Channel.CALLER, 0, at, "x", at)] * 3)
            assert [check.ok for check in verify(log)] == [True]


def test_what_is_not_there_cannot_be_verified(stored, log):
    with pytest.raises(NoCaseLogError):
        list(verify(log))
    with pytest.raises(UnknownCaseError):
        list(verify(stored.path, "1999"))


def test_a_gap_in_the_numbers_is_found_even_where_the_hashes_were_made_to_fit(stored):
    last = stored.rows()[-1]
    seq = COUNT + 3
    link = event_hash(stored.case_id, seq, last["recorded_at"], last["payload"], last["prev_hash"])
    statements = [
        (f"UPDATE events SET seq = ?, hash = ? {WHERE}", [seq, link, stored.case_id, COUNT - 1]),  # noqa: S608
        ("UPDATE cases SET head_hash = ? WHERE id = ?", [link, stored.case_id]),
    ]
    assert stored.found(*statements) == (Fault.REMOVED, COUNT - 1)
