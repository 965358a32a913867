import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import resources
from detection.errors import DetectionError
from detection.models.manifest import (
    CountermeasureManifest,
    CountermeasureOutput,
    Meaning,
    Normalisation,
    load_manifest,
)
from detection.voice.countermeasure import OnnxCountermeasure, load_countermeasure

BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"


class Recorder:
    """A network that remembers its windows and answers with set rows."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = np.array(rows, np.float32)
        self.given = np.zeros((0, 0), np.float32)

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.given = windows
        return self.rows


def manifest(**given: object) -> CountermeasureManifest:
    base = load_manifest(BUILT_IN, CountermeasureManifest)
    return base.model_copy(update={"input": base.input.model_copy(update=given)})


@pytest.mark.parametrize(("index", "score"), [(0, 3.0), (1, -3.0)])
def test_logits_become_log_odds_of_synthetic(index: Literal[0, 1], score: float) -> None:
    base = manifest()
    output = CountermeasureOutput(meaning=Meaning.LOGITS, synthetic_index=index)
    model = OnnxCountermeasure(base.model_copy(update={"output": output}), Recorder([[2.0, -1.0]]))
    assert model.scores(np.zeros((1, 16_000), np.float32)).tolist() == [score]


def test_a_single_score_is_taken_as_it_is() -> None:
    base = manifest()
    output = base.output.model_copy(update={"meaning": Meaning.SYNTHETIC_SCORE})
    model = OnnxCountermeasure(base.model_copy(update={"output": output}), Recorder([[0.25], [4.0]]))
    assert model.scores(np.zeros((2, 16_000), np.float32)).tolist() == [0.25, 4.0]


def test_a_network_that_gives_no_number_is_named() -> None:
    model = OnnxCountermeasure(manifest(), Recorder([[np.nan, 0.0]]))
    with pytest.raises(DetectionError, match="earwitness-cm-small gave a score that is no number"):
        model.scores(np.zeros((1, 16_000), np.float32))


def test_a_network_of_fixed_length_gets_short_speech_repeated() -> None:
    network = Recorder([[0.0, 0.0]])
    speech = np.arange(20_000, dtype=np.float32)[None]
    OnnxCountermeasure(manifest(fixed_length=True), network).scores(speech)
    assert network.given.shape == (1, 56_000)
    np.testing.assert_array_equal(network.given[0, 20_000:40_000], speech[0])
    np.testing.assert_array_equal(network.given[0, 40_000:], speech[0, :16_000])


def test_zero_mean_unit_variance_is_per_window() -> None:
    network = Recorder([[0.0, 0.0]] * 2)
    windows = (
        np.random.default_rng(0).normal([[3.0], [-1.0]], [[0.1], [2.0]], (2, 16_000)).astype(np.float32)
    )
    OnnxCountermeasure(manifest(normalisation=Normalisation.ZERO_MEAN_UNIT_VARIANCE), network).scores(
        windows
    )
    np.testing.assert_allclose(network.given.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(network.given.std(axis=1), 1, atol=1e-3)


def test_pre_emphasis_takes_97_percent_of_the_sample_before() -> None:
    network = Recorder([[0.0, 0.0]])
    windows = np.array([[1.0, 1.0, 3.0]], np.float32)
    OnnxCountermeasure(manifest(normalisation=Normalisation.PRE_EMPHASIS), network).scores(windows)
    np.testing.assert_allclose(network.given, [[1.0, 0.03, 2.03]], atol=1e-6)


def test_a_pack_for_another_rate_is_refused(tmp_path: Path) -> None:
    pack = shutil.copytree(BUILT_IN, tmp_path / "pack")
    (pack / "manifest.json").write_text(manifest(rate_hz=8_000).model_dump_json())
    with pytest.raises(DetectionError, match="8000 Hz"):
        load_countermeasure(pack)
