"""A speaker encoder small enough to write by hand: it hears nothing but the long-term spectrum.

Written straight in ONNX's protobuf wire format, so that no test needs the library that makes such files.
"""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

BANDS = 24
RATE = 16_000
_FRAME, _STEP = 512, 256
_FLOAT, _INT64 = 1, 7


def write_pack(folder: Path, *, cohort: int = 0, **changes: Any) -> Path:
    """A pack in `folder`, with `cohort` other people's embeddings and `changes` to its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"encoder.onnx": network()}
    if cohort:
        rows = np.random.default_rng(1).standard_normal((cohort, BANDS)).astype(np.float32)
        rows -= rows.mean(axis=1, keepdims=True)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(folder / "cohort.npy", rows)
        files["cohort.npy"] = (folder / "cohort.npy").read_bytes()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = {
        "schema_version": 1,
        "id": "tiny-speaker",
        "revision": "1",
        "title": "tiny comparison",
        "licence": "none",
        "description": "Long-term spectrum.",
        "trained_on": [],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "network": "encoder.onnx",
        "kind": "speaker_encoder",
        "input": {
            "rate_hz": RATE,
            "window_s": 2.0,
            "hop_s": 1.0,
            "min_s": 1.0,
            "normalisation": "none",
            "fixed_length": False,
        },
        "output": {"dimensions": BANDS},
        "cohort": "cohort.npy" if cohort else None,
        "calibration": {"scale": 100.0, "offset": -93.0},
        "thresholds": {
            "match_llr": 2.0,
            "reject_llr": -2.0,
            "min_speech_s": 2.0,
            "enrol_speech_s": 20.0,
        },
        "measured": {},
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def network(bands: int = BANDS) -> bytes:
    """ONNX: samples (batch, n) -> log energies of `bands` bands less their mean (batch, bands)."""
    time = np.arange(_FRAME) / RATE
    window = np.hanning(_FRAME)
    hertz = np.linspace(150, 3600, bands)[:, None]
    filters = np.concatenate(
        [np.cos(2 * np.pi * hertz * time) * window, np.sin(2 * np.pi * hertz * time) * window]
    )
    pairs = np.concatenate([np.eye(bands), np.eye(bands)])
    constants = [
        _tensor("filters", filters[:, None, :].astype(np.float32)),
        _tensor("pairs", pairs.astype(np.float32)),
        _tensor("least", np.array([1e-6], np.float32)),
        _tensor("one", np.array([1], np.int64)),
    ]
    nodes = [
        _node("Unsqueeze", ["samples", "one"], "wave"),
        _node("Conv", ["wave", "filters"], "bands", strides=[_STEP]),
        _node("Mul", ["bands", "bands"], "power"),
        _node("ReduceMean", ["power"], "mean", axes=[2], keepdims=0),
        _node("MatMul", ["mean", "pairs"], "energy"),
        _node("Add", ["energy", "least"], "floored"),
        _node("Log", ["floored"], "level"),
        _node("ReduceMean", ["level"], "loudness", axes=[1], keepdims=1),
        _node("Sub", ["level", "loudness"], "embedding"),
    ]
    graph = b"".join(
        [
            *(_field(1, node) for node in nodes),
            _field(2, b"tiny"),
            *(_field(5, constant) for constant in constants),
            _field(11, _value("samples", ["batch", "n"])),
            _field(12, _value("embedding", ["batch", bands])),
        ]
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 13))


def _node(operator: str, inputs: list[str], output: str, **attributes: int | list[int]) -> bytes:
    parts = [_field(1, name.encode()) for name in inputs]
    parts += [_field(2, output.encode()), _field(4, operator.encode())]
    parts += [_field(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join(parts)


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name.encode()) + _field(3, value) + _field(20, 2)
    return _field(1, name.encode()) + b"".join(_field(8, item) for item in value) + _field(20, 7)


def _tensor(name: str, values: np.ndarray) -> bytes:
    kind = _FLOAT if values.dtype == np.float32 else _INT64
    dimensions = b"".join(_field(1, size) for size in values.shape)
    return dimensions + _field(2, kind) + _field(8, name.encode()) + _field(9, values.tobytes())


def _value(name: str, shape: list[str | int]) -> bytes:
    sizes = [
        _field(1, _field(2, size.encode()) if isinstance(size, str) else _field(1, size))
        for size in shape
    ]
    tensor = _field(1, _FLOAT) + _field(2, b"".join(sizes))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += struct.pack("B", value & 127 | 128)
        value >>= 7
    return out + struct.pack("B", value)
