"""The detection error trade-off plot (Martin et al. 1997), through the optional matplotlib."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import NormalDist

import numpy as np

from app.errors import EvaluationError
from detection.metrics import ErrorRates

_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
_LOWEST, _HIGHEST = 0.0005, 0.95


class DetPlot:
    """A PNG file to be, made empty at once: an evaluation takes long, and should not fail at its end.

    Raises `EvaluationError` where matplotlib is missing or the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise EvaluationError(
                f"{path} cannot be drawn without matplotlib: install earwitness[evaluate]."
            ) from error
        self._path = path
        with self._writing():
            path.touch()
        self._figure = Figure(figsize=(6, 6), layout="constrained")

    def save(
        self,
        curves: Mapping[str, ErrorRates],
        false_alarm: str = "real clips taken for synthetic",
        miss: str = "synthetic clips missed",
    ) -> None:
        """Draw one curve per name; `false_alarm` and `miss` name the two errors.

        Raises `EvaluationError` where the file cannot be written.
        """
        axes = self._figure.add_subplot()
        for name, rates in curves.items():
            axes.plot(_deviates(rates.false_alarms), _deviates(rates.misses), label=name)
        ticks, labels = _deviates(np.array(_TICKS)), [f"{100 * tick:g}" for tick in _TICKS]
        limits = _deviates(np.array([_LOWEST, _HIGHEST]))
        axes.plot(limits, limits, color="0.7", linestyle=":", label="equal error")
        axes.set(
            title="Detection error trade-off",
            xlabel=f"{false_alarm} (%)",
            ylabel=f"{miss} (%)",
            xlim=limits,
            ylim=limits,
            aspect="equal",
        )
        axes.set_xticks(ticks, labels)
        axes.set_yticks(ticks, labels)
        axes.grid(color="0.9")
        axes.legend()
        with self._writing():
            self._figure.savefig(self._path, format="png", dpi=150)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EvaluationError(
                f"{self._path} cannot be written ({error.strerror}): name another file."
            ) from error


def _deviates(rates: np.ndarray) -> np.ndarray:
    """Normal deviates of `rates`, those off the plot at its edge."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(rate) for rate in np.clip(rates, _LOWEST, _HIGHEST)])
