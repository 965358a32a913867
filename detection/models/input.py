"""Windows of samples as a pack's network takes them."""

import numpy as np
from numpy.typing import NDArray

from detection.models.manifest import Input, Normalisation

PRE_EMPHASIS = np.float32(0.97)


def prepared(windows: NDArray[np.float32], given: Input) -> NDArray[np.float32]:
    """`windows` (n, samples) as the manifest's `input` says that the network takes them."""
    length = round(given.window_s * given.rate_hz)
    if given.fixed_length and windows.shape[1] < length:
        windows = np.tile(windows, (1, -(-length // windows.shape[1])))[:, :length]
    if given.normalisation is Normalisation.ZERO_MEAN_UNIT_VARIANCE:
        centred = windows - windows.mean(axis=1, keepdims=True)
        deviation = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + 1e-7)
        return (centred / deviation).astype(np.float32)
    if given.normalisation is Normalisation.PRE_EMPHASIS:
        emphasised = windows.copy()
        emphasised[:, 1:] -= PRE_EMPHASIS * windows[:, :-1]
        return emphasised
    return np.ascontiguousarray(windows)
