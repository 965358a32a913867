import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import resources
from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.models.manifest import (
    Calibration,
    CountermeasureManifest,
    Input,
    MeasuredVoice,
    Normalisation,
    VoiceThresholds,
    load_manifest,
)
from detection.types import Segment, VoiceLevel, VoiceVerdict
from detection.voice.cascade import BUDGET, EVERY_S, StrongModel, StrongOpinion, load_strong
from detection.voice.countermeasure import CountermeasureModel
from detection.voice.judge import CountermeasureJudge

BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"
WINDOW_S = 4.0375
SMALL = load_manifest(BUILT_IN, CountermeasureManifest).model_copy(
    update={
        "calibration": Calibration(scale=1.0, offset=0.0, settle=0.0),
        "thresholds": VoiceThresholds(real_llr=-2.0, synthetic_llr=2.0, min_speech_s=2.0),
    }
)
STRONG = SMALL.model_copy(
    update={
        "id": "strong-model",
        "revision": "abc",
        "title": "strong voice check",
        "input": Input(
            rate_hz=CALL_RATE, window_s=WINDOW_S, hop_s=WINDOW_S, min_s=1.0,
            normalisation=Normalisation.PRE_EMPHASIS, fixed_length=True,
        ),
        "thresholds": VoiceThresholds(real_llr=-3.0, synthetic_llr=3.0, min_speech_s=2.0),
        "measured": {"clean": MeasuredVoice(eer=0.01, auc=0.99, n_real=100, n_synthetic=100)},
    }
)  # fmt: skip


class Fixed:
    """A model that gives each window the next of its scores, and the last for ever after."""

    def __init__(self, manifest: CountermeasureManifest, *scores: float) -> None:
        self.manifest = manifest
        self.windows: list[NDArray[np.float32]] = []
        self._scores = scores

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        given = []
        for window in windows:
            given.append(self._scores[min(len(self.windows), len(self._scores) - 1)])
            self.windows.append(window)
        return np.array(given, np.float32)


class Gated(Fixed):
    """A model that takes as long over each window as the test says."""

    def __init__(self, manifest: CountermeasureManifest, *scores: float) -> None:
        super().__init__(manifest, *scores)
        self.may_go_on = threading.Semaphore(0)
        self.began = threading.Semaphore(0)

    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.began.release()
        assert self.may_go_on.acquire(timeout=10)
        return super().scores(windows)


class Failing(Fixed):
    def scores(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(self.windows) >= len(self._scores):
            raise RuntimeError("out of memory")
        return super().scores(windows)


Strong = Callable[..., StrongModel]


@pytest.fixture
def strong() -> Iterator[Strong]:
    """Puts a model in a thread of its own, which ends with the test."""
    opened: list[StrongModel] = []

    def start(model: CountermeasureModel, clock: Callable[[], float] | None = None) -> StrongModel:
        given = (clock,) if clock else ()
        opened.append(StrongModel(model.manifest, lambda: model, *given))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def speech(seconds: float, start_s: float = 0.0, channel: Channel = Channel.CALLER) -> Segment:
    """Syllables of noise: loud and soft in turn, so that it is fit to be judged."""
    count = round(seconds * CALL_RATE)
    rng = np.random.default_rng(round(start_s * 10))
    loudness = 0.01 + 0.2 * (np.sin(2 * np.pi * 4 * np.arange(count) / CALL_RATE) > 0)
    start = round(start_s * CALL_RATE)
    samples = (rng.standard_normal(count) * loudness).astype(np.float32)
    return Segment(channel, start, start + count, samples)


def hear(judge: CountermeasureJudge, seconds: float, piece_s: float = 2.0) -> VoiceVerdict:
    """Segments of `piece_s`, `seconds` in all."""
    for number in range(round(seconds / piece_s)):
        judge.hear(speech(piece_s, number * piece_s))
    return judge.verdict


def patient(small: float, model: StrongModel) -> CountermeasureJudge:
    return CountermeasureJudge(Fixed(SMALL, small), StrongOpinion(model, patient=True))


def test_the_first_window_of_the_caller_goes_to_the_strong_model(strong: Strong) -> None:
    model = Fixed(STRONG, 5.0)
    judge = patient(5.0, strong(model))
    judge.hear(speech(30, channel=Channel.AGENT))
    assert hear(judge, 4.0).model_id == SMALL.id
    assert model.windows == []
    judge.hear(speech(2.0, 4.0))
    heard = np.concatenate([speech(2.0, start).samples for start in (0.0, 2.0, 4.0)])[:64_600]
    assert len(model.windows) == 1
    np.testing.assert_array_equal(model.windows[0], heard)


def test_the_strong_model_decides_and_both_are_named(strong: Strong) -> None:
    verdict = hear(patient(5.0, strong(Fixed(STRONG, -4.0))), 6.0)
    assert verdict.level is VoiceLevel.REAL
    assert (verdict.model_id, verdict.model_revision, verdict.llr) == ("strong-model", "abc", -4.0)
    assert verdict.threshold_synthetic == 3.0
    assert "(strong voice check)" in verdict.reasons[0]
    assert verdict.reasons[1] == (
        "The strong voice check looked at 4.0 s and decides; "
        "the basic voice check alone finds the voice synthetic."
    )


def test_the_engine_names_both(strong: Strong) -> None:
    engine = patient(0.0, strong(Fixed(STRONG, 0.0))).engine
    assert engine.id == f"{SMALL.id}+strong-model"
    assert engine.revision == f"{SMALL.revision}+abc"
    assert engine.note == "basic voice check, strong voice check"


@pytest.mark.parametrize(("small", "large"), [(5.0, 6.0), (-5.0, -6.0)])
def test_two_models_that_agree_and_are_sure_need_one_look(
    strong: Strong, small: float, large: float
) -> None:
    model = Fixed(STRONG, large)
    hear(patient(small, strong(model)), 120)
    assert len(model.windows) == 1


@pytest.mark.parametrize(("small", "large"), [(0.0, -6.0), (5.0, -6.0), (-5.0, 6.0), (-5.0, 0.0)])
def test_doubt_brings_more_looks_at_a_bounded_rate(strong: Strong, small: float, large: float) -> None:
    model = Fixed(STRONG, large)
    hear(patient(small, strong(model)), 120)
    assert len(model.windows) == 1 + int((120 - WINDOW_S) // EVERY_S)


def test_how_the_speech_was_cut_does_not_change_the_looks(strong: Strong) -> None:
    looked_at = []
    for piece_s in (2.0, 10.0, 60.0):
        whole = speech(60)
        model = Fixed(STRONG, 0.0)
        judge = patient(0.0, strong(model))
        size = round(piece_s * CALL_RATE)
        for start in range(0, len(whole.samples), size):
            part = whole.samples[start : start + size]
            judge.hear(Segment(Channel.CALLER, start, start + len(part), part))
        looked_at.append(np.stack(model.windows))
    np.testing.assert_array_equal(looked_at[0], looked_at[1])
    np.testing.assert_array_equal(looked_at[0], looked_at[2])


def test_later_looks_turn_the_verdict(strong: Strong) -> None:
    """Real speech spliced in front of a clone."""
    judge = patient(0.0, strong(Fixed(STRONG, -4.0, 9.0)))
    assert hear(judge, 6.0).level is VoiceLevel.REAL
    for number in range(3, 30):
        judge.hear(speech(2.0, number * 2.0))
    assert judge.verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    points = [point for point in judge.trace if point.model_id == "strong-model"]
    assert [point.llr for point in points][:2] == [-4.0, 9.0]
    assert points[1].start >= points[0].end


def test_a_live_call_never_waits_for_the_strong_model(strong: Strong) -> None:
    model = Gated(STRONG, -4.0)
    judge = CountermeasureJudge(Fixed(SMALL, 5.0), StrongOpinion(strong(model), patient=False))
    verdict = hear(judge, 60)
    assert model.began.acquire(timeout=10)
    assert (verdict.level, verdict.model_id) == (VoiceLevel.LIKELY_SYNTHETIC, SMALL.id)
    model.may_go_on.release()
    assert judge.finish().level is VoiceLevel.REAL
    assert len(model.windows) == 1, "nothing queued up while it was at work"


def test_an_opinion_that_came_in_a_pause_is_taken_up_as_time_passes(strong: Strong) -> None:
    model = Gated(STRONG, -4.0)
    thread = strong(model)
    judge = CountermeasureJudge(Fixed(SMALL, 5.0), StrongOpinion(thread, patient=False))
    hear(judge, 6.0)
    assert judge.advance() is None
    assert model.began.acquire(timeout=10)
    model.may_go_on.release()
    thread.close()
    verdict = judge.advance()
    assert verdict is not None
    assert verdict.model_id == "strong-model"
    assert judge.advance() is None


def test_a_dear_model_is_asked_less_often(strong: Strong) -> None:
    cost_s = 3 * EVERY_S * BUDGET
    ticks = iter(n * cost_s for n in range(1000))
    model = Fixed(STRONG, 0.0)
    opinion = StrongOpinion(strong(model, clock=lambda: next(ticks)), patient=False)
    unsure = VoiceVerdict(VoiceLevel.UNSURE)
    asked_after = []
    for number in range(60):
        opinion.hear(speech(2.0, number * 2.0), unsure)
        opinion.finish()
        if len(model.windows) > len(asked_after):
            asked_after.append((number + 1) * 2.0)
    gaps = np.diff(asked_after)
    assert gaps.min() >= 3 * EVERY_S - 2.0
    assert len(asked_after) == 1 + int((120 - WINDOW_S) // (3 * EVERY_S))


def test_a_caller_who_says_little_is_looked_at_when_the_call_ends(strong: Strong) -> None:
    model = Fixed(STRONG, -4.0)
    judge = patient(0.0, strong(model))
    hear(judge, 3.0, piece_s=1.0)
    assert judge.finish().model_id == "strong-model"
    assert len(model.windows[0]) == 3 * CALL_RATE
    assert "looked at 3.0 s" in judge.verdict.reasons[1]


def test_less_than_the_floor_of_speech_is_not_looked_at(strong: Strong) -> None:
    model = Fixed(STRONG, -4.0)
    judge = patient(0.0, strong(model))
    hear(judge, 1.5, piece_s=0.5)
    assert judge.finish().level is VoiceLevel.NOT_ENOUGH_SPEECH
    assert model.windows == []


def test_a_model_that_fails_is_left_out_and_said_and_the_call_goes_on(strong: Strong) -> None:
    judge = patient(5.0, strong(Failing(STRONG, -4.0)))
    assert hear(judge, 6.0).level is VoiceLevel.REAL
    for number in range(3, 20):
        judge.hear(speech(2.0, number * 2.0))
    verdict = judge.finish()
    assert (verdict.level, verdict.model_id) == (VoiceLevel.LIKELY_SYNTHETIC, SMALL.id)
    assert verdict.reasons[1] == "The strong voice check was left out: it failed (RuntimeError)."


def test_a_model_that_does_not_load_is_left_out_with_its_sentence() -> None:
    def load() -> CountermeasureModel:
        raise DetectionError("File countermeasure.onnx is damaged.")

    with closing(StrongModel(STRONG, load)) as model:
        verdict = hear(patient(5.0, model), 6.0)
    assert verdict.level is VoiceLevel.LIKELY_SYNTHETIC
    assert (
        verdict.reasons[1] == "The strong voice check was left out: File countermeasure.onnx is damaged."
    )


def test_noise_is_not_looked_at(strong: Strong) -> None:
    model = Fixed(STRONG, -4.0)
    noise = np.random.default_rng(0).standard_normal(20 * CALL_RATE).astype(np.float32) * 0.1
    patient(0.0, strong(model)).hear(Segment(Channel.CALLER, 0, len(noise), noise))
    assert model.windows == []


def test_a_pack_that_was_never_measured_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(STRONG.model_copy(update={"measured": {}}).model_dump_json())
    with pytest.raises(DetectionError, match=r"strong-model was never measured.*strong-pack\.md"):
        load_strong(tmp_path)


def test_a_folder_without_a_pack_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(DetectionError, match="There is no model pack"):
        load_strong(tmp_path / "nothing")


def test_a_real_pack_works_in_the_cascade() -> None:
    with closing(load_strong(BUILT_IN)) as model:
        judge = CountermeasureJudge(Fixed(SMALL, 5.0), StrongOpinion(model, patient=True))
        verdict = hear(judge, 8.0)
    assert verdict.model_revision == load_manifest(BUILT_IN, CountermeasureManifest).revision
    assert len(judge.trace) > len([point for point in judge.trace if point.llr == 5.0])


def test_another_voice_is_looked_at_from_its_first_window_on(strong: Strong) -> None:
    model = Fixed(STRONG, -4.0)
    judge = patient(-5.0, strong(model))
    assert hear(judge, 6.0).model_id == STRONG.id
    judge.restart(6 * CALL_RATE)
    assert judge.verdict.model_id == SMALL.id
    assert len(model.windows) == 1
    for number in range(3):
        judge.hear(speech(2.0, 6.0 + 2 * number))
    assert judge.verdict.model_id == STRONG.id
    heard = np.concatenate([speech(2.0, start).samples for start in (6.0, 8.0, 10.0)])[:64_600]
    np.testing.assert_array_equal(model.windows[1], heard)
