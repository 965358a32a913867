"""Streaming voice activity with the Silero network that faster-whisper carries."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.types import Samples
from detection.errors import DetectionError
from detection.types import EngineInfo

WINDOW = 512
"""Samples (`CALL_RATE`) per probability: 32 ms, what the network was trained on."""

_CONTEXT = 64
_STATE_SIZE = 128
_MODEL = "silero_vad_v6.onnx"


class SileroVad:
    """The loaded network; shared by all channels, safe to call from one thread at a time."""

    engine = EngineInfo("vad", "silero-vad", "v6", "inside faster-whisper")

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(_model_path()), options, providers=["CPUExecutionProvider"]
        )

    def stream(self) -> "VadStream":
        """A fresh stream for one channel."""
        return VadStream(self._session.run)


class VadStream:
    """Speech probabilities of one channel, window by window, with the network's memory in between."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run
        self.reset()

    def reset(self) -> None:
        """Forget what was heard, as after a gap."""
        self._h = np.zeros((1, 1, _STATE_SIZE), np.float32)
        self._c = np.zeros((1, 1, _STATE_SIZE), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Speech probability (0-1) of each row of `windows`, shape (n, `WINDOW`), in time order."""
        before = np.vstack([self._context, windows[:-1, -_CONTEXT:]])
        speech, self._h, self._c = self._run(
            None, {"input": np.hstack([before, windows]), "h": self._h, "c": self._c}
        )
        self._context = windows[-1, -_CONTEXT:].copy()
        return speech.reshape(-1)


def _model_path() -> Path:
    package = find_spec("faster_whisper")
    if package is None or package.origin is None:
        raise DetectionError(
            "The voice activity model is missing: reinstall Earwitness with its dependencies."
        )
    path = Path(package.origin).parent / "assets" / _MODEL
    if not path.is_file():
        raise DetectionError(
            f"The voice activity model {path} is missing: install the locked version of faster-whisper."
        )
    return path


def frame(samples: Samples) -> tuple[NDArray[np.float32], Samples]:
    """`samples` as full windows, shape (n, `WINDOW`), and the rest that does not fill one."""
    whole = len(samples) // WINDOW * WINDOW
    return samples[:whole].reshape(-1, WINDOW), samples[whole:]
