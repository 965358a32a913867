"""The way from the loudspeaker into the microphone, learned by a partitioned Kalman filter."""

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples

HOP = 256
"""Samples (`CALL_RATE`) that are taken at once."""
PARTS = 14
"""Partitions of `HOP` samples: the path is 224 ms long; what a room still sends after that is faint."""

_RT60_S = 0.4
_STAYS = 0.995
_SILENT = 1e-9
_PASSES = 3


def predict_echo(near: Samples, far: Samples, coupling: float) -> Samples:
    """What of `near`, shape (n,), a linear path makes of `far`, shape (n + `HOP` * `PARTS`,).

    `far` begins `HOP` * `PARTS` before `near`, with the delay already taken out of it. `coupling` is the
    power of the echo over that of `far`, as far as it is known: the path is expected to be that strong
    and to die away as in a furnished room. The state-space filter of Enzner and Vary (2006), partitioned
    as by Kuech, Mabande and Enzner (2014), learns slowly where somebody speaks near the microphone.
    It runs through the piece several times: what the last run knows at the start the first did not.
    """
    path = _Path(coupling)
    blocks = -(-len(near) // HOP)
    heard = np.pad(near, (0, blocks * HOP - len(near))).reshape(blocks, HOP)
    played = np.pad(far, (0, (blocks + PARTS) * HOP - len(far)))
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(played, 2 * HOP)[::HOP], axis=1)
    spectra = spectra.astype(np.complex64)
    powers = np.abs(spectra) ** 2
    echo = np.zeros((blocks, HOP), np.float32)
    plays = np.convolve(powers.mean(axis=1), np.ones(PARTS))[PARTS - 1 :] > _SILENT * (2 * HOP) ** 2
    for _ in range(_PASSES):
        for block in np.flatnonzero(plays[:blocks]):
            latest = slice(block, block + PARTS)
            echo[block] = path.take(heard[block], spectra[latest][::-1], powers[latest][::-1])
    return echo.reshape(-1)[: len(near)]


class _Path:
    """The filter's weights and how uncertain each still is, both by partition and frequency."""

    def __init__(self, coupling: float) -> None:
        shape = (PARTS, HOP + 1)
        fading = 10 ** (-6 * HOP / CALL_RATE / _RT60_S * np.arange(PARTS))
        self._weights = np.zeros(shape, np.complex64)
        self._doubt = np.broadcast_to(coupling * fading[:, None], shape).astype(np.float32)
        self._other: NDArray[np.floating] | None = None

    def take(
        self, heard: Samples, played: NDArray[np.complex64], power: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The echo expected in `heard`, shape (`HOP`,); then learn from what came instead.

        `played` and `power` are the far side's spectra, newest first, shape (`PARTS`, `HOP` + 1).
        """
        echo = np.fft.irfft((played * self._weights).sum(axis=0))[HOP:]
        rest = np.fft.rfft(np.concatenate([np.zeros(HOP), heard - echo])).astype(np.complex64)
        rest_power = (np.abs(rest) ** 2).astype(np.float32)
        self._other = rest_power if self._other is None else (self._other + rest_power) / 2
        step = self._doubt / ((self._doubt * power).sum(axis=0) / 2 + self._other + np.float32(1e-10))
        change = np.fft.irfft(step * played.conj() * rest, axis=1)
        change[:, HOP:] = 0
        self._weights += np.fft.rfft(change, axis=1)
        settled = self._doubt * (1 - step * power / 2)
        self._doubt = _STAYS**2 * settled + (1 - _STAYS**2) * np.abs(self._weights) ** 2
        return echo.astype(np.float32)
