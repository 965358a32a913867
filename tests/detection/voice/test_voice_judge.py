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
    ShortCalibration,
    VoiceThresholds,
)
from detection.types import Segment, VoiceLevel, VoicePoint, VoiceVerdict
from detection.voice.countermeasure import BATCH
from detection.voice.judge import CountermeasureJudge, Opinion

WINDOW_S, HOP_S = 3.5, 1.0


MANIFEST = CountermeasureManifest(
    schema_version=1,
    id="level-model",
    revision="7",
    kind=Kind.COUNTERMEASURE,
    title="test check",
    licence="none",
    description="",
    scope="It is only a test.",
    trained_on=(),
    files={"model.onnx": hashlib.sha256().hexdigest()},
    network="model.onnx",
    input=Input(
        rate_hz=CALL_RATE, window_s=WINDOW_S, hop_s=HOP_S, min_s=1.0,
        normalisation=Normalisation.NONE, fixed_length=False,
    ),
    output=CountermeasureOutput(meaning=Meaning.LOGITS),
    calibration=Calibration(scale=1.0, offset=0.0, settle=1.0),
    thresholds=VoiceThresholds(real_llr=-2.0, watch_llr=1.0, synthetic_llr=2.0, min_speech_s=2.0),
    measured={},
)  # fmt: skip
SHORT = MANIFEST.model_copy(
    update={
        "calibration": MANIFEST.calibration.model_copy(
            update={
                "short": (
                    ShortCalibration(seconds=1.0, scale=0.5, offset=0.0),
                    ShortCalibration(seconds=2.5, scale=0.8, offset=0.0),
                )
            }
        ),
        "thresholds": MANIFEST.thresholds.model_copy(update={"min_speech_s": 1.0}),
    }
)
"""Judges from one second on, where a score is worth half of what a whole window's is."""


class LevelModel:
    """Scores a window by its peak: 10 times the peak, less 5. Remembers what it was given."""

    def __init__(self, manifest: CountermeasureManifest = MANIFEST) -> None:
        self.manifest = manifest
        self.windows: list[NDArray[np.float32]] = []
        self.largest_batch = 0

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.windows += list(windows)
        self.largest_batch = max(self.largest_batch, len(windows))
        return windows.max(axis=1) * 10 - 5


def segment(seconds: float, peak: float, channel: Channel = Channel.CALLER) -> Segment:
    count = round(seconds * CALL_RATE)
    samples = np.resize(np.linspace(-peak, peak, min(count, CALL_RATE), dtype=np.float32), count)
    return Segment(channel, 0, count, samples)


def test_the_louder_a_voice_the_more_synthetic_its_level() -> None:
    levels = {}
    for peak in (0.9, 0.65, 0.5, 0.1):
        judge = CountermeasureJudge(LevelModel())
        judge.hear(segment(3.5, peak))
        levels[peak] = judge.verdict.level
    assert levels == {
        0.9: VoiceLevel.LIKELY_SYNTHETIC,
        0.65: VoiceLevel.SUSPECT,
        0.5: VoiceLevel.UNSURE,
        0.1: VoiceLevel.REAL,
    }


def test_a_model_without_a_watch_level_goes_from_unsure_to_synthetic() -> None:
    thresholds = MANIFEST.thresholds.model_copy(update={"watch_llr": None})
    judge = CountermeasureJudge(LevelModel(MANIFEST.model_copy(update={"thresholds": thresholds})))
    judge.hear(segment(3.5, 0.65))
    assert judge.verdict.level is VoiceLevel.UNSURE
    assert judge.verdict.threshold_watch is None


def test_a_verdict_says_what_it_rests_on() -> None:
    judge = CountermeasureJudge(LevelModel())
    verdict = judge.hear(segment(3.5, 0.9))
    assert verdict is not None
    assert verdict.llr == pytest.approx(4.0, abs=0.01)
    assert verdict.score == pytest.approx(0.982, abs=0.001)
    assert (verdict.model_id, verdict.model_revision) == ("level-model", "7")
    assert (verdict.threshold_real, verdict.threshold_watch) == (-2.0, 1.0)
    assert verdict.threshold_synthetic == 2.0
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
    speech *= np.linspace(0, 1, 4_000, dtype=np.float32)[np.arange(len(speech)) % 4_000]
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
    assert len(judge._windows._samples) < WINDOW_S * CALL_RATE


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


def test_where_the_desks_own_voice_is_judged_it_is_the_caller_who_is_not() -> None:
    judge = CountermeasureJudge(LevelModel(), subject=Channel.AGENT)
    assert judge.hear(segment(30, 0.9, Channel.CALLER)) is None
    verdict = judge.hear(segment(30, 0.9, Channel.AGENT))
    assert verdict is not None
    assert verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    assert "30.0 s of the desk's own speech" in verdict.reasons[0]
    human = CountermeasureJudge(LevelModel(), subject=Channel.AGENT)
    human.hear(segment(30, 0.1, Channel.AGENT))
    assert human.verdict.level is VoiceLevel.REAL
    assert "who is calling" not in " ".join(human.verdict.reasons)


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
    assert len(judge._windows._samples) < WINDOW_S * CALL_RATE
    assert judge.verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH


def test_speech_too_short_for_a_window_is_scored_as_it_grows() -> None:
    model = LevelModel(SHORT)
    judge = CountermeasureJudge(model)
    verdicts = [judge.hear(segment(0.25, 0.9)) for _ in range(14)]
    lengths = [len(window) / CALL_RATE for window in model.windows]
    assert lengths == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert [verdict is not None for verdict in verdicts] == [False] * 3 + [True, False] * 5 + [True]
    levels = [verdict.level for verdict in verdicts if verdict]
    assert levels[0] is VoiceLevel.LIKELY_SYNTHETIC


def test_a_short_score_is_worth_what_its_length_was_measured_to_be_worth() -> None:
    llrs = {}
    for seconds in (1.0, 1.75, 2.5, 3.0, 3.5):
        judge = CountermeasureJudge(LevelModel(SHORT))
        judge.hear(segment(seconds, 0.75))
        llrs[seconds] = judge.verdict.llr
    # The score is 2.5 throughout; between two lengths the calibration is interpolated.
    assert llrs == pytest.approx({1.0: 1.25, 1.75: 1.625, 2.5: 2.0, 3.0: 2.25, 3.5: 2.5}, abs=0.01)


def test_the_first_whole_window_takes_the_place_of_what_was_scored_before() -> None:
    judge = CountermeasureJudge(LevelModel(SHORT))
    judge.hear(segment(2.0, 0.1))
    assert judge.verdict.level is VoiceLevel.REAL
    judge.hear(segment(1.5, 0.9))
    assert judge.verdict.llr == pytest.approx(4.0, abs=0.01)


def test_half_a_second_that_no_pack_vouches_for_is_not_scored() -> None:
    judge = CountermeasureJudge(LevelModel(SHORT))
    assert judge.hear(segment(0.9, 0.9)) is None
    assert judge.finish().level is VoiceLevel.NOT_ENOUGH_SPEECH


def test_the_trace_has_every_scored_window_where_it_was_heard() -> None:
    judge = CountermeasureJudge(LevelModel(SHORT))
    for start_s, seconds, peak in ((10.0, 1.0, 0.5), (20.0, 2.5, 0.9), (40.0, 1.0, 0.9)):
        piece = segment(seconds, peak)
        start = round(start_s * CALL_RATE)
        judge.hear(Segment(Channel.CALLER, start, start + piece.end, piece.samples))
    seconds = [(point.start / CALL_RATE, point.end / CALL_RATE) for point in judge.trace]
    assert seconds == [(10.0, 11.0), (10.0, 22.5), (20.0, 41.0)]
    assert [point.llr for point in judge.trace] == pytest.approx([0.0, 4.0, 4.0], abs=0.01)
    assert {point.model_id for point in judge.trace} == {"level-model"}


def test_speech_in_loud_noise_is_left_out_and_said() -> None:
    model = LevelModel()
    judge = CountermeasureJudge(model)
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * CALL_RATE).astype(np.float32)
    verdict = judge.hear(Segment(Channel.CALLER, 0, len(noise), noise))
    assert verdict is not None
    assert verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert "4.5 s of the caller's speech was too noisy and was left out." in verdict.reasons
    assert model.windows == []
    assert judge.trace == []
    judge.hear(segment(3.5, 0.9))
    assert judge.hear(segment(3.5, 0.9)) is not None
    assert judge.verdict.level is VoiceLevel.LIKELY_SYNTHETIC


def test_a_short_call_in_loud_noise_ends_without_a_verdict() -> None:
    judge = CountermeasureJudge(LevelModel(SHORT))
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * CALL_RATE).astype(np.float32)
    judge.hear(Segment(Channel.CALLER, 0, len(noise), noise))
    verdict = judge.finish()
    assert (verdict.level, verdict.speech_s) == (VoiceLevel.NOT_ENOUGH_SPEECH, 0.0)
    assert "3.0 s of the caller's speech was too noisy and was left out." in verdict.reasons
    assert judge.finish() == verdict


def voice_like(low_hz: float, high_hz: float, seconds: float) -> Segment:
    """Noise of one band, swelling and fading like syllables."""
    count = round(seconds * CALL_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(0, 1, count))
    hertz = np.fft.rfftfreq(count, 1 / CALL_RATE)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0
    sound = np.fft.irfft(spectrum, count) * np.sin(np.arange(count) * 0.0008) ** 4
    return Segment(Channel.CALLER, 0, count, (sound * 0.5 / np.abs(sound).max()).astype(np.float32))


@pytest.mark.parametrize(("high_hz", "said"), [(3400, True), (7000, False)])
def test_a_telephone_band_is_named_where_the_judge_cannot_tell(high_hz: float, said: bool) -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(voice_like(300, high_hz, 4.0))
    assert judge.verdict.level is VoiceLevel.UNSURE
    assert any("telephone band" in reason for reason in judge.verdict.reasons) is said


def test_the_engine_says_what_it_can_and_cannot_do() -> None:
    assert CountermeasureJudge(LevelModel()).engine.scope == "It is only a test."


class SlowModel:
    """A second model that has its opinion when a test says so."""

    fault = ""

    def __init__(self) -> None:
        self.manifest = STRONG
        self.heard: list[tuple[int, VoiceLevel]] = []
        self.opinion: Opinion | None = None
        self.at_the_end: Opinion | None = None
        self.restarts: list[int] = []

    def hear(self, segment: Segment, first: VoiceVerdict) -> None:
        self.heard.append((len(segment.samples), first.level))

    def restart(self, at: int) -> None:
        self.restarts.append(at)
        self.opinion = None

    def finish(self) -> None:
        self.opinion = self.at_the_end or self.opinion


STRONG = MANIFEST.model_copy(
    update={
        "id": "strong",
        "title": "strong check",
        "thresholds": VoiceThresholds(real_llr=-1.0, synthetic_llr=5.0, min_speech_s=1.0),
    }
)


def strong_opinion(*llrs: float) -> Opinion:
    points = [VoicePoint(n, n + 64_600, llr, "strong") for n, llr in enumerate(llrs)]
    return Opinion(STRONG, sum(llrs) / len(llrs), points, 4.04 * len(llrs))


def test_a_second_model_hears_fit_speech_and_what_the_first_makes_of_it() -> None:
    second = SlowModel()
    judge = CountermeasureJudge(LevelModel(), second)
    judge.hear(segment(3.5, 0.65))
    judge.hear(segment(5, 1e-4))
    judge.hear(segment(5, 0.65, Channel.AGENT))
    assert second.heard == [(56_000, VoiceLevel.SUSPECT)]


def test_the_verdict_is_the_second_model_s_once_it_has_one() -> None:
    second = SlowModel()
    judge = CountermeasureJudge(LevelModel(), second)
    judge.hear(segment(3.5, 0.9))
    assert judge.advance() is None
    second.opinion = strong_opinion(4.0)
    verdict = judge.advance()
    assert verdict is not None
    assert (verdict.model_id, verdict.llr, verdict.level) == ("strong", 4.0, VoiceLevel.UNSURE)
    assert verdict.threshold_synthetic == 5.0
    assert "strong check" in verdict.reasons[0]
    assert [point.model_id for point in judge.trace] == ["level-model", "strong"]
    assert judge.advance() is None, "nothing new"
    judge.hear(segment(3.5, 0.9))
    assert second.heard[-1][1] is VoiceLevel.LIKELY_SYNTHETIC, "what the first model itself says"
    second.at_the_end = strong_opinion(4.0, 8.0)
    assert judge.finish().level is VoiceLevel.LIKELY_SYNTHETIC
    assert [point.llr for point in judge.trace if point.model_id == "strong"] == [4.0, 8.0]


def later(seconds: float, peak: float, start_s: float) -> Segment:
    plain, start = segment(seconds, peak), round(start_s * CALL_RATE)
    return Segment(plain.channel, start, start + plain.end, plain.samples)


def test_real_speech_before_another_voice_does_not_cover_for_it() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(later(20, 0.1, 0))
    judge.hear(later(6, 0.9, 20))
    assert judge.verdict.level is VoiceLevel.REAL
    verdict = judge.restart(20 * CALL_RATE)
    assert verdict.level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert "Another voice took over at 0:20; each voice is judged alone." in verdict.reasons
    judge.hear(later(3.5, 0.9, 26))
    assert judge.verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    assert judge.verdict.speech_s < 7


def test_a_voice_that_was_found_synthetic_stays_found_when_another_takes_over() -> None:
    judge = CountermeasureJudge(LevelModel())
    judge.hear(later(5, 0.9, 0))
    found = judge.verdict
    judge.hear(later(1, 0.1, 5))
    judge.restart(5 * CALL_RATE)
    judge.hear(later(20, 0.1, 6))
    assert judge.verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    assert judge.verdict.llr == pytest.approx(found.llr, abs=1.5)
    assert judge.verdict.reasons[-1].startswith("Another voice took over at 0:05")


def test_a_second_model_starts_anew_with_another_voice() -> None:
    second = SlowModel()
    judge = CountermeasureJudge(LevelModel(), second)
    judge.hear(later(3.5, 0.1, 0))
    second.opinion = strong_opinion(-4.0)
    judge.advance()
    judge.restart(2 * CALL_RATE)
    assert second.restarts == [2 * CALL_RATE]
    assert judge.verdict.model_id == "level-model"
    second.opinion = strong_opinion(-4.0, 6.0)
    judge.advance()
    assert [point.llr for point in judge.trace if point.model_id == "strong"] == [-4.0, 6.0]
