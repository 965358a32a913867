"""Networks that turn speech into a point in space where one person's voice stays together."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.input import prepared
from detection.models.manifest import Input, SpeakerEncoderManifest
from detection.models.pack import Pack, open_pack
from detection.models.runtime import Network, load_network
from detection.types import EngineInfo
from detection.voice.scoring import MIN_COHORT, Embeddings, Scores, direction, llrs, scores

Windows = NDArray[np.float32]

_BATCH = 8
"""Windows embedded at once, which bounds the memory that long speech takes."""
_LENGTH_TOLERANCE = 1e-3


class SpeakerEncoder(Protocol):
    """Turns windows of speech into embeddings. Shared by all calls; used from one thread at a time."""

    @property
    def manifest(self) -> SpeakerEncoderManifest:
        """How windows are cut, embeddings compared and likelihood ratios read."""
        ...

    @property
    def cohort(self) -> Embeddings | None:
        """Other people's voices, shape (n, d), that scores are normalised by."""
        ...

    def embeddings(self, windows: Windows) -> Embeddings:
        """Embeddings (n, d), each of length 1, of windows (n, samples) at `CALL_RATE`."""
        ...


class OnnxSpeakerEncoder:
    """A speaker encoder's pack in ONNX Runtime."""

    def __init__(
        self, manifest: SpeakerEncoderManifest, network: Network, cohort: Embeddings | None
    ) -> None:
        self._manifest = manifest
        self._network = network
        self._cohort = cohort

    @property
    def manifest(self) -> SpeakerEncoderManifest:
        return self._manifest

    @property
    def cohort(self) -> Embeddings | None:
        return self._cohort

    def embeddings(self, windows: Windows) -> Embeddings:
        """Embeddings (n, d), each of length 1, of windows (n, samples).

        Raises `DetectionError` where the network gives something that points nowhere.
        """
        rows = np.concatenate(
            [
                self._network(prepared(windows[start : start + _BATCH], self._manifest.input))
                for start in range(0, len(windows), _BATCH)
            ]
        )
        if not np.isfinite(rows).all() or not np.abs(rows).max(axis=1).all():
            raise DetectionError(
                f"Model pack {self._manifest.id} gave an embedding that is no voice; use another pack."
            )
        return direction(rows.astype(np.float64))


def engine_of(encoder: SpeakerEncoder) -> EngineInfo:
    """What a call's record says of the encoder."""
    manifest = encoder.manifest
    return EngineInfo("speaker", manifest.id, manifest.revision, manifest.title, manifest.scope)


def likeness(encoder: SpeakerEncoder, some: Embeddings, others: Embeddings) -> Scores:
    """Natural-log likelihood ratios same : different speaker, shape (n, m), as the pack reads them.

    `some` has shape (n, d) and `others` (m, d); both are embeddings of this pack's revision.
    """
    return llrs(scores(some, others, encoder.cohort), encoder.manifest.calibration)


def windows_of(samples: NDArray[np.float32], given: Input) -> Windows:
    """`samples`, shape (n,), as windows (k, window) every hop; what is shorter is one window.

    No windows where there is less than the shortest that the network judges.
    """
    window, hop = round(given.window_s * CALL_RATE), round(given.hop_s * CALL_RATE)
    if len(samples) < round(given.min_s * CALL_RATE):
        return np.zeros((0, window), np.float32)
    if len(samples) < window:
        return samples[None]
    return np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]


def load_encoder(folder: Path, threads: int = 1) -> OnnxSpeakerEncoder:
    """The speaker encoder's pack in `folder`, checked. Raises `DetectionError` where it is broken."""
    pack = open_pack(folder, SpeakerEncoderManifest)
    manifest = pack.manifest
    if manifest.input.rate_hz != CALL_RATE:
        raise DetectionError(
            f"Model pack {manifest.id} works at {manifest.input.rate_hz} Hz and Earwitness hears "
            f"{CALL_RATE} Hz; install a pack made for that rate."
        )
    network = load_network(pack, manifest.output.dimensions, threads)
    encoder = OnnxSpeakerEncoder(manifest, network, read_cohort(pack))
    # A network may leave its width open until it runs, so that only a first window proves it.
    shape = (1, round(manifest.input.window_s * CALL_RATE))
    probe = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    given = encoder.embeddings(probe * np.float32(0.1)).shape
    if given != (1, manifest.output.dimensions):
        raise DetectionError(
            f"The network of model pack {manifest.id} gives embeddings of shape {given} and its "
            f"manifest says {manifest.output.dimensions} dimensions; install the pack again."
        )
    return encoder


def read_cohort(pack: Pack[SpeakerEncoderManifest]) -> Embeddings | None:
    """The cohort that the pack's manifest names, shape (n, d). Raises `DetectionError` for another."""
    manifest = pack.manifest
    if manifest.cohort is None:
        return None
    try:
        with (pack.folder / manifest.cohort).open("rb") as file:
            rows = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise DetectionError(
            f"The cohort {manifest.cohort} of model pack {manifest.id} is no .npy file of numbers; "
            "install the pack again."
        ) from None
    wanted = manifest.output.dimensions
    if (
        rows.dtype != np.float32
        or rows.ndim != 2  # noqa: PLR2004 - rank, as the sentence says
        or rows.shape[1] != wanted
        or len(rows) < MIN_COHORT
        or not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=_LENGTH_TOLERANCE)
    ):
        raise DetectionError(
            f"The cohort {manifest.cohort} of model pack {manifest.id} is not at least {MIN_COHORT} "
            f"rows of {wanted} float32 numbers, each of length 1; install the pack again."
        )
    return rows
