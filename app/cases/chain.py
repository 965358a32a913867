"""The canonical form of events (RFC 8785) and the hash chain over them (SHA-256)."""

import hashlib
import json

import rfc8785
from pydantic import JsonValue
from pydantic_core import PydanticSerializationError

from app.errors import CaseLogError
from detection.events import EVENT, Event

_DECIMALS = 6
"""Floats are stored to this many decimals: finer than any score or time means."""


def header_hash(case_id: str, source: str, started_at: str) -> str:
    """What the first event of a case is chained to. Raises `ValueError` for text that is not Unicode."""
    return _sha256({"case_id": case_id, "source": source, "started_at": started_at})


def event_hash(case_id: str, seq: int, recorded_at: str, payload: str, prev_hash: str) -> str:
    """The hash of one event. Raises `ValueError` where `payload` is not canonical JSON."""
    event = _parse(payload)
    if rfc8785.dumps(event) != payload.encode():
        raise ValueError("not in canonical form")
    return _sha256(
        {
            "case_id": case_id,
            "seq": seq,
            "recorded_at": recorded_at,
            "event": event,
            "prev_hash": prev_hash,
        }
    )


def encode(event: Event) -> str:
    """The event as canonical JSON, floats rounded. Raises `CaseLogError` for what JSON cannot hold."""
    try:
        return rfc8785.dumps(_storable(EVENT.dump_python(event, mode="json", warnings="error"))).decode()
    except (PydanticSerializationError, rfc8785.CanonicalizationError) as error:
        reason = " ".join(str(error).split())
        raise CaseLogError(
            f"An event of kind {type(event).__name__} holds a value that cannot be stored ({reason}); "
            "please report this as a fault of Earwitness."
        ) from error


def decode(payload: str) -> Event:
    """The event that `payload` holds. Raises `ValueError` (pydantic's) where it holds none."""
    return EVENT.validate_json(payload)


def storable_text(text: str) -> str:
    """`text` with what is not Unicode, as in odd file names, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _storable(value: JsonValue) -> JsonValue:
    match value:
        case float():
            return round(value, _DECIMALS)
        case str():
            return storable_text(value)
        case dict():
            return {key: _storable(item) for key, item in value.items()}
        case list():
            return [_storable(item) for item in value]
        case _:
            return value


def _parse(payload: str) -> JsonValue:
    # JSON numbers are doubles in RFC 8785: read as one, 1e20 comes back in the form it was written.
    try:
        return json.loads(payload, parse_int=float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _sha256(value: dict[str, JsonValue]) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()
