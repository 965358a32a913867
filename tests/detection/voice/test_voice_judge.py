import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.types import CALL_RATE, Channel
from detection.models.manifest import (
    Calibration,
    CountermeasureManifest,
    CountermeasureOutput,
    Input,
    Kind,
    Meaning,
    Normalisation,
    VoiceThresholds,
)
from detection.types import Segment, VoiceLevel
from detection.voice.judge import BATCH, CountermeasureJudge

WINDOW_S, HOP_S = 3.5, 1.0


class LevelModel:
    """Scores a window by its peak: 10 times the peak, less 5. Remembers what it was given."""

    manifest = CountermeasureManifest(
        schema_version=1,
        id="level-model",
        revision="7",
        kind=Kind.COUNTERMEASURE,
        title="test check",
        licence="none",
        description="",
        trained_on=(),
        files={"model.onnx": hashlib.sha256().hexdigest()},
        network="model.onnx",
        input=Input(
            rate_hz=CALL_RATE, window_s=WINDOW_S, hop_s=HOP_S, min_s=1.0,
            normalisation=Normalisation.NONE, fixed_length=False,
        ),
        output=CountermeasureOutput(meaning=Meaning.LOGITS),
        calibration=Calibration(scale=1.0, offset=0.0, settle=1.0),
        thresholds=VoiceThresholds(real_llr=-2.0, synthetic_llr=2.0, min_speech_s=2.0),
        measured={},
    )  # fmt: skip

    def __init__(self) -> None:
        self.windows: list[NDArray[np.float32]] = []
        self.largest_batch = 0

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.windows += list(windows)
        self.largest_batch = max(self.largest_batch, len(windows))
        return windows.max(axis=1) * 10 - 5


def segment(seconds: float, peak: float, channel: Channel = Channel.CALLER) -> Segment:
    count = round(seconds * CALL_RATE)
    samples = np.linspace(-peak, peak, count, dtype=np.float32)
    return Segment(channel, 0, count, samples)


def test_a_loud_voice_is_synthetic_a_soft_one_real_and_one_between_unsure() -> None:
    levels = {}
    for peak in (0.9, 0.1, 0.5):
        judge = CountermeasureJudge(LevelModel())
        judge.hear(segment(3.5, peak))
        levels[peak] = judge.verdict.level
    assert levels == {0.9: VoiceLevel.LIKELY_SYNTHETIC, 0.1: VoiceLevel.REAL, 0.5: VoiceLevel.UNSURE}


def test_a_verdict_says_what_it_rests_on() -> None:
    judge = CountermeasureJudge(LevelModel())
    verdict = judge.hear(segment(3.5, 0.9))
    assert verdict is not None
    assert verdict.llr == pytest.approx(4.0, abs=0.01)
    assert verdict.score == pytest.approx(0.982, abs=0.001)
    assert (verdict.model_id, verdict.model_revision) == ("level-model", "7")
    assert (verdict.threshold_real, verdict.threshold_synthetic) == (-2.0, 2.0)
    assert verdict.speech_s == 3.5
    assert "3.5 s" in verdict.reasons[0]
    assert "test check" in verdict.reasons[0]


def test_a_low_score_is_no_proof_of_identity() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(segment(3.5, 0.1))
    assert "does not prove who is calling" in judge.verdict.reasons[0]


def test_segments_are_joined_and_each_window_is_scored_once() -> None:
    pieces = [segment(0.7, 0.5) for _ in range(20)]
    joined = np.concatenate([piece.samples for piece in pieces])
    model = LevelModel()
    judge = CountermeasureJudge(model)
    for piece in pieces:
        judge.hear(piece)
    starts = np.arange(0, len(joined) - WINDOW_S * CALL_RATE + 1, HOP_S * CALL_RATE).astype(int)
    assert len(model.windows) == len(starts) == 11
    for window, start in zip(model.windows, starts, strict=True):
        np.testing.assert_array_equal(window, joined[start : start + len(window)])


def test_how_the_speech_was_cut_does_not_change_the_verdict() -> None:
    rng = np.random.default_rng(0)
    speech = rng.uniform(-0.6, 0.6, 20 * CALL_RATE).astype(np.float32)
    llrs = []
    for size in (4_000, 50_000, len(speech)):
        judge = CountermeasureJudge(LevelModel())
        for start in range(0, len(speech), size):
            part = speech[start : start + size]
            judge.hear(Segment(Channel.CALLER, start, start + len(part), part))
        llrs.append(judge.finish().llr)
    assert llrs[0] == pytest.approx(llrs[1]) == pytest.approx(llrs[2])


def test_one_long_segment_is_scored_in_small_batches_and_not_kept() -> None:
    model = LevelModel()
    judge = CountermeasureJudge(model)
    judge.hear(segment(60, 0.9))
    assert len(model.windows) == 57
    assert model.largest_batch == BATCH
    assert len(judge._held) < WINDOW_S * CALL_RATE


def test_before_a_window_is_full_there_is_no_verdict_and_that_is_said() -> None:
    judge = CountermeasureJudge(LevelModel())
    assert judge.verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert judge.hear(segment(3.0, 0.9)) is None
    assert judge.verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert judge.verdict.llr is None


def test_a_short_call_is_judged_at_its_end() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(segment(2.5, 0.9))
    verdict = judge.finish()
    assert verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    assert verdict.llr is not None
    assert verdict.llr < 4.0


def test_below_the_floor_of_speech_the_judge_abstains() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(segment(1.9, 0.9))
    verdict = judge.finish()
    assert verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert verdict.llr is verdict.score is None
    assert verdict.speech_s == 1.9
    assert "1.9 s" in verdict.reasons[0]


def test_finishing_twice_changes_nothing() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(segment(2.5, 0.9))
    assert judge.finish() == judge.finish()


def test_the_agent_is_never_judged() -> None:
    judge = CountermeasureJudge(LevelModel())
    assert judge.hear(segment(30, 0.9, Channel.AGENT)) is None
    assert judge.finish().level is VoiceLevel.NOT_ENOUGH_SPEECH


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        (np.full(5 * CALL_RATE, 1e-4, np.float32), "too quiet"),
        (np.full(5 * CALL_RATE, 1.0, np.float32), "too distorted"),
        (np.full(5 * CALL_RATE, np.nan, np.float32), "too distorted"),
    ],
)
def test_unfit_speech_is_left_out_and_said(samples: NDArray[np.float32], word: str) -> None:
    model = LevelModel()
    judge = CountermeasureJudge(model)
    verdict = judge.hear(Segment(Channel.CALLER, 0, len(samples), samples))
    assert verdict is not None
    assert verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert f"5.0 s of the caller's speech was {word} and was left out." in verdict.reasons
    assert model.windows == []


def test_one_odd_stretch_does_not_turn_a_settled_verdict() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(segment(60, 0.1))
    judge.hear(segment(4, 0.9))
    assert judge.verdict.level is VoiceLevel.REAL


def test_speech_a_failing_model_could_not_judge_is_not_piled_up() -> None:
    class FailingModel(LevelModel):
        def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
            raise RuntimeError(f"no scores for {len(windows)} windows")

    judge = CountermeasureJudge(FailingModel())
    for _ in range(5):
        with pytest.raises(RuntimeError):
            judge.hear(segment(10, 0.5))
    assert len(judge._held) < WINDOW_S * CALL_RATE
    assert judge.verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
