"""ONNX Runtime sessions for packs: samples in, one row of numbers per window out."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from detection.errors import DetectionError
from detection.models.manifest import ManifestT
from detection.models.pack import Pack

if TYPE_CHECKING:
    import onnxruntime

_FATAL_ONLY = 4
_FLOAT32 = "tensor(float)"


class Network(Protocol):
    """A loaded network. Calls come from one thread at a time."""

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows (n, outputs) for windows (n, samples)."""
        ...


def open_session(pack: Pack[ManifestT], threads: int = 1) -> "onnxruntime.InferenceSession":
    """The pack's network on the CPU with `threads` threads.

    Raises `DetectionError` where it does not load.
    """
    return open_network(pack.network, pack.manifest.id, threads)


def open_network(path: Path, pack: str, threads: int = 1) -> "onnxruntime.InferenceSession":
    """The network in a file of the pack named `pack`. Raises `DetectionError` as `open_session`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    version = onnxruntime.__version__
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DetectionError(
            f"The network of model pack {pack} does not load in ONNX Runtime {version}; "
            "install a pack made for this program."
        ) from error


def load_network(pack: Pack[ManifestT], outputs: int, threads: int = 1) -> Network:
    """The pack's network on the CPU with `threads` threads.

    Raises `DetectionError` where it does not load or does not turn float32 (batch, samples) into
    (batch, `outputs`).
    """
    session, name = open_session(pack, threads), pack.manifest.id
    inputs, results = session.get_inputs(), session.get_outputs()
    if not (
        len(inputs) == len(results) == 1
        and inputs[0].type == results[0].type == _FLOAT32
        and len(inputs[0].shape) == len(results[0].shape) == 2  # noqa: PLR2004 - rank, as the docstring says
        and results[0].shape[1] in (outputs, None)
    ):
        raise DetectionError(
            f"The network of model pack {name} does not take samples (batch, samples) and give "
            f"(batch, {outputs}); its manifest describes another network, so install the pack again."
        )
    given = inputs[0].name

    def run(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {given: windows})[0], np.float32)

    return run
