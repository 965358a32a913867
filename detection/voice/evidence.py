"""From the raw scores of a call's windows to one calibrated likelihood ratio."""

import math
from dataclasses import dataclass

from detection.models.manifest import Calibration


@dataclass(frozen=True, slots=True)
class Evidence:
    """The windows heard so far: the sum of their raw scores and how much speech they stand for.

    `weight` is their length in whole windows without overlap: n windows of W seconds every H are
    worth 1 + (n - 1) H / W.
    """

    total: float = 0.0
    windows: int = 0
    weight: float = 0.0

    def llr(self, calibration: Calibration) -> float:
        """Natural-log likelihood ratio synthetic : real; 0 before anything was scored.

        One window: scale * score + offset (Platt 1999). The window scores of one call share what
        the voice and the line do to them (variance b between calls) and scatter (variance w within
        a call); for equal Gaussians the ratio of their mean then grows by
        (b + w) / (b + w / n) = (1 + k) n / (n + k) with k = w / b: the `settle` of the calibration,
        measured on held-out calls. However long the call, it stays below (1 + k) times one window's.
        """
        if not self.windows:
            return 0.0
        mean = self.total / self.windows
        growth = (1 + calibration.settle) * self.weight / (self.weight + calibration.settle)
        return growth * (calibration.scale * mean + calibration.offset)


def probability(llr: float) -> float:
    """The probability of synthetic that `llr` means at even prior odds: 1 / (1 + exp(-llr))."""
    return 0.5 * (1 + math.tanh(llr / 2))
