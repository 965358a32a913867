import sys
from pathlib import Path

import numpy as np
import pytest

from app.errors import EvaluationError
from app.evaluation.det import DetPlot
from detection.metrics import error_rates


def test_a_plot_is_drawn_with_a_curve_per_condition(tmp_path: Path):
    pytest.importorskip("matplotlib", reason="needs the extra `evaluate`")
    rng = np.random.default_rng(0)
    curves = {
        name: error_rates(rng.normal(apart, 1, 200), rng.normal(0, 1, 200))
        for name, apart in (("clean", 3), ("g711", 2))
    }
    plot = DetPlot(tmp_path / "det.png")
    plot.save(curves)
    image = (tmp_path / "det.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    (axes,) = plot._figure.axes
    drawn = {line.get_label(): np.array(line.get_data()) for line in axes.lines}
    assert {"clean", "g711"} <= set(drawn)
    false_alarms, misses = drawn["g711"]
    middle = np.abs(false_alarms - misses).argmin()
    assert false_alarms[middle] == pytest.approx(-1, abs=0.15), "two deviations apart: EER 15.9%"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path):
    pytest.importorskip("matplotlib", reason="needs the extra `evaluate`")
    with pytest.raises(EvaluationError, match="nowhere"):
        DetPlot(tmp_path / "nowhere" / "det.png")
    plot = DetPlot(tmp_path / "det.png")
    (tmp_path / "det.png").unlink()
    (tmp_path / "det.png").mkdir()
    with pytest.raises(EvaluationError, match=r"det\.png"):
        plot.save({})


def test_without_matplotlib_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(EvaluationError, match=r"earwitness\[evaluate\]"):
        DetPlot(tmp_path / "det.png")
