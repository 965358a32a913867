"""How far a task on a model is, in words, and how fast."""

import pytest

from app.models.pace import Pace
from app.models.words import progress_text
from detection.models.watch import Progress, Stage


@pytest.mark.parametrize(
    ("progress", "rate", "told"),
    [
        (Progress(Stage.DOWNLOADING), None, "downloading"),
        (Progress(Stage.DOWNLOADING, 45_000_000, 145_000_000), None, "downloading, 45 MB of 145 MB"),
        (
            Progress(Stage.DOWNLOADING, 45_000_000, 145_000_000),
            2_000_000.0,
            "downloading, 45 MB of 145 MB, 2.0 MB/s, 0:50 left",
        ),
        (
            Progress(Stage.DOWNLOADING, 45_000_000, 145_000_000, "x did not answer in time"),
            2_000_000.0,
            "downloading, 45 MB of 145 MB. x did not answer in time",
        ),
        (Progress(Stage.CHECKING, 1, 2), 1.0, "checking, 0.0 MB of 0.0 MB"),
        (Progress(Stage.TRYING), None, "trying out"),
        (Progress(Stage.MEASURING, 1, 3), None, "measuring, 2 of 3"),
    ],
)
def test_progress_in_words(progress: Progress, rate: float | None, told: str) -> None:
    assert progress_text(progress, rate) == told


class TestPace:
    def test_it_tells_nothing_before_it_has_seen_enough(self) -> None:
        pace = Pace()
        assert pace.rate is None
        pace.add(0.0, 0)
        pace.add(0.5, 1_000)
        assert pace.rate is None
        pace.add(1.0, 2_000)
        assert pace.rate == 2_000

    def test_it_looks_back_five_seconds(self) -> None:
        pace = Pace()
        for second in range(20):
            pace.add(float(second), second * 100 if second < 10 else 900 + (second - 9) * 1_000)
        assert pace.rate == 1_000

    def test_nothing_new_is_no_rate_and_fewer_bytes_begin_anew(self) -> None:
        pace = Pace()
        for second in range(8):
            pace.add(float(second), 500)
        assert pace.rate is None
        pace.add(8.0, 0)
        pace.add(10.0, 600)
        assert pace.rate == 300
