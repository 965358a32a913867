"""From the windows of a call to one calibrated likelihood ratio."""

import math
from dataclasses import dataclass

import numpy as np

from detection.models.manifest import CountermeasureManifest


@dataclass(frozen=True, slots=True)
class Line:
    """Raw score to natural-log likelihood ratio: scale * score + offset (Platt 1999)."""

    scale: float
    offset: float

    def llr(self, score: float) -> float:
        """The likelihood ratio that `score` means by itself."""
        return self.scale * score + self.offset


def line_at(manifest: CountermeasureManifest, seconds: float) -> Line:
    """The calibration of a window of `seconds`: between those measured, linear in the length.

    A pack that states none for short windows has the one line of a whole window.
    """
    calibration = manifest.calibration
    lengths = [*(short.seconds for short in calibration.short), manifest.input.window_s]
    lines = (*calibration.short, calibration)
    return Line(
        float(np.interp(seconds, lengths, [line.scale for line in lines])),
        float(np.interp(seconds, lengths, [line.offset for line in lines])),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The windows heard so far: the sum of their LLRs and how much speech they stand for.

    `weight` is their length in whole windows without overlap: n windows of W seconds every H are
    worth 1 + (n - 1) H / W.
    """

    total: float = 0.0
    windows: int = 0
    weight: float = 0.0

    def plus(self, llr: float, weight: float) -> "Evidence":
        """With one more window, whose speech not counted before is worth `weight`."""
        return Evidence(self.total + llr, self.windows + 1, self.weight + weight)

    def llr(self, settle: float) -> float:
        """Natural-log likelihood ratio synthetic : real; 0 before anything was scored.

        One window says what it says. The windows of one call share what the voice and the line do to
        them (variance b between calls) and scatter (variance w within a call); for equal Gaussians
        the ratio of their mean then grows by (b + w) / (b + w / n) = (1 + k) n / (n + k) with
        k = w / b: `settle`, measured on held-out calls. However long the call, it stays below (1 + k)
        times one window's.
        """
        if not self.windows:
            return 0.0
        growth = (1 + settle) * self.weight / (self.weight + settle)
        return growth * self.total / self.windows


def probability(llr: float) -> float:
    """The probability of synthetic that `llr` means at even prior odds: 1 / (1 + exp(-llr))."""
    return 0.5 * (1 + math.tanh(llr / 2))
