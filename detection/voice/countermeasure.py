"""Networks that tell synthetic from real speech, behind one protocol."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.input import prepared
from detection.models.manifest import CountermeasureManifest, Meaning
from detection.models.pack import open_pack
from detection.models.runtime import Network, load_network
from detection.voice.evidence import line_at
from detection.voice.windows import SpeechWindow

Windows = NDArray[np.float32]

BATCH = 8
"""Windows scored at once, which bounds the memory one long segment takes."""


class CountermeasureModel(Protocol):
    """Scores windows of speech. Shared by all calls; used from one thread at a time."""

    @property
    def manifest(self) -> CountermeasureManifest:
        """How the scores are made, calibrated and read."""
        ...

    def scores(self, windows: Windows) -> NDArray[np.float32]:
        """Raw scores (n,), higher is more synthetic, of windows (n, samples) at `CALL_RATE`."""
        ...


def window_llrs(model: CountermeasureModel, windows: Sequence[SpeechWindow]) -> list[float]:
    """What each window says by itself: its natural-log likelihood ratio synthetic : real.

    All windows have one length; it may be any that the model's manifest allows.
    """
    llrs: list[float] = []
    for first in range(0, len(windows), BATCH):
        samples = np.stack([window.samples for window in windows[first : first + BATCH]])
        line = line_at(model.manifest, samples.shape[1] / CALL_RATE)
        llrs += [line.llr(float(score)) for score in model.scores(samples)]
    return llrs


class OnnxCountermeasure:
    """A countermeasure pack in ONNX Runtime."""

    def __init__(self, manifest: CountermeasureManifest, network: Network) -> None:
        self._manifest = manifest
        self._network = network

    @property
    def manifest(self) -> CountermeasureManifest:
        return self._manifest

    def scores(self, windows: Windows) -> NDArray[np.float32]:
        """Raw scores (n,) of windows (n, samples); the log odds of the network's own two classes.

        Raises `DetectionError` where the network gives something that is no number.
        """
        rows = self._network(prepared(windows, self._manifest.input))
        if not np.isfinite(rows).all():
            raise DetectionError(
                f"Model pack {self._manifest.id} gave a score that is no number; use another pack."
            )
        if self._manifest.output.meaning is Meaning.SYNTHETIC_SCORE:
            return rows[:, 0]
        synthetic = self._manifest.output.synthetic_index
        return rows[:, synthetic] - rows[:, 1 - synthetic]


def load_countermeasure(folder: Path, threads: int = 1) -> OnnxCountermeasure:
    """The countermeasure pack in `folder`, checked. Raises `DetectionError` where it is broken."""
    pack = open_pack(folder, CountermeasureManifest)
    manifest = pack.manifest
    if manifest.input.rate_hz != CALL_RATE:
        raise DetectionError(
            f"Model pack {manifest.id} works at {manifest.input.rate_hz} Hz and Earwitness hears "
            f"{CALL_RATE} Hz; install a pack made for that rate."
        )
    outputs = 1 if manifest.output.meaning is Meaning.SYNTHETIC_SCORE else 2
    return OnnxCountermeasure(manifest, load_network(pack, outputs, threads))
