"""The comparison with an enrolled voice and the watch list, over a call."""

import math

import numpy as np
import pytest

from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.models.manifest import NaturalSpread
from detection.types import Segment, SpeakerLevel
from detection.voice.enrolment import Enrolment, Voiceprint, WatchedVoice
from detection.voice.speaker import WATCH_LLR, EmbeddingJudge
from tests.detection.voice.speaker_fakes import AngleEncoder, speech, voice_at

WHEN = "2026-11-20T14:00:00+00:00"


def enrolled(turns: float = 0.1) -> Enrolment:
    return Enrolment("Ann", voice_at(turns), WHEN, "signed")


def watched(name: str, turns: float, **more: str) -> WatchedVoice:
    return WatchedVoice(name, voice_at(turns), WHEN, **more)


def test_the_same_voice_matches_another_does_not_and_one_between_is_unsure():
    levels = {}
    for turns in (0.1, 0.235, 0.35):
        judge = EmbeddingJudge(AngleEncoder(), enrolled())
        judge.hear(speech(4, turns))
        levels[turns] = judge.verdict.level
    assert levels == {
        0.1: SpeakerLevel.MATCHES,
        0.235: SpeakerLevel.UNSURE,
        0.35: SpeakerLevel.DOES_NOT_MATCH,
    }


def test_a_verdict_says_what_it_rests_on():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    verdict = judge.hear(speech(4, 0.1))
    assert verdict is not None
    assert verdict.llr == pytest.approx(20 - 12)
    assert (verdict.model_id, verdict.model_revision) == ("angle", "3")
    assert (verdict.threshold_match, verdict.threshold_reject) == (2.0, -2.0)
    assert (verdict.claimed, verdict.speech_s) == ("Ann", 4.0)
    assert "after 4.0 s of the caller's speech (test comparison)" in verdict.reasons[0]
    assert "does not prove that Ann is calling" in verdict.reasons[0]


def test_before_there_is_enough_speech_nothing_is_said_of_the_voice():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    assert judge.verdict.level is SpeakerLevel.NOT_ENOUGH_SPEECH
    verdict = judge.hear(speech(2.5, 0.1))
    assert verdict is not None
    assert (verdict.level, verdict.llr) == (SpeakerLevel.NOT_ENOUGH_SPEECH, None)
    assert "2.5 s of the caller's speech so far; the test comparison needs 3 s" in verdict.reasons[0]


def test_a_caller_who_never_filled_a_window_is_compared_only_where_that_is_enough():
    class LongWindows(AngleEncoder):
        def __init__(self) -> None:
            super().__init__()
            given = self.manifest.input.model_copy(update={"window_s": 6.0})
            self.manifest = self.manifest.model_copy(update={"input": given})

    for seconds, level in ((2.9, SpeakerLevel.NOT_ENOUGH_SPEECH), (4.0, SpeakerLevel.MATCHES)):
        judge = EmbeddingJudge(LongWindows(), enrolled())
        assert judge.hear(speech(seconds, 0.1)) is None
        assert judge.finish().level is level
        assert judge.finish() == judge.verdict


def test_nobody_claimed_is_not_checked_and_never_a_pass():
    judge = EmbeddingJudge(AngleEncoder())
    verdict = judge.hear(speech(10, 0.1))
    assert verdict is not None
    assert (verdict.level, verdict.llr) == (SpeakerLevel.NOT_CHECKED, None)


def test_an_enrolment_of_another_model_is_refused_with_the_cure():
    for other in (("angle", "2"), ("other", "3")):
        voice = Voiceprint(voice_at(0.1).embedding, 30, *other)
        with pytest.raises(DetectionError, match="enrol Ann again"):
            EmbeddingJudge(AngleEncoder(), Enrolment("Ann", voice, WHEN, "signed"))


def test_the_agent_is_never_compared():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    assert judge.hear(speech(10, 0.1, channel=Channel.AGENT)) is None
    assert judge.finish().level is SpeakerLevel.NOT_ENOUGH_SPEECH
    own = EmbeddingJudge(AngleEncoder(), subject=Channel.AGENT)
    assert own.hear(speech(10, 0.1, channel=Channel.CALLER)) is None
    assert own.hear(speech(10, 0.1, channel=Channel.AGENT)) is not None


def test_unfit_speech_is_left_out_and_said():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    loud = np.ones(5 * CALL_RATE, np.float32)
    verdict = judge.hear(Segment(Channel.CALLER, 0, len(loud), loud))
    assert verdict is not None
    assert verdict.level is SpeakerLevel.NOT_ENOUGH_SPEECH
    assert verdict.reasons[1] == "5.0 s of the caller's speech was too distorted and was left out."


def test_the_verdict_is_over_all_speech_of_the_voice():
    judge = EmbeddingJudge(AngleEncoder(), enrolled(0.15))
    for index in range(20):
        judge.hear(speech(2, 0.1 if index % 2 else 0.2, start_s=2 * index))
    assert judge.verdict.level is SpeakerLevel.MATCHES
    assert judge.verdict.speech_s == 40
    assert list(judge.changes) == []


@pytest.mark.parametrize("piece_s", [0.7, 3.0, 30.0])
def test_a_hand_over_is_found_where_it_was_however_the_speech_was_cut(piece_s: float):
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    for turns, begin in ((0.1, 100.0), (0.35, 160.0)):
        for start in np.arange(0, 30, piece_s):
            judge.hear(speech(min(piece_s, 30 - start), turns, start_s=begin + start))
    (change,) = judge.changes
    assert change.start / CALL_RATE == pytest.approx(160, abs=2)
    assert change.llr < change.threshold == pytest.approx(-math.log(20))
    verdict = judge.verdict
    assert verdict.level is SpeakerLevel.DOES_NOT_MATCH
    assert verdict.since == change.start
    assert verdict.speech_s == pytest.approx(30, abs=2)
    assert f"took over at 2:{change.start // CALL_RATE - 120:02d}" in verdict.reasons[1]


def test_a_voice_that_only_wanders_is_no_hand_over():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    for index in range(60):
        judge.hear(speech(2, 0.1 + 0.04 * math.sin(index), start_s=2 * index))
    assert list(judge.changes) == []
    assert judge.verdict.level is SpeakerLevel.MATCHES


def test_a_short_interruption_is_no_hand_over():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    for turns, seconds, start in ((0.1, 30, 0), (0.45, 2, 30), (0.1, 30, 32)):
        judge.hear(speech(seconds, turns, start_s=start))
    assert list(judge.changes) == []


def test_spread_and_drift_are_measured_and_decide_nothing():
    steady, varied = EmbeddingJudge(AngleEncoder()), EmbeddingJudge(AngleEncoder())
    for index in range(20):
        steady.hear(speech(2, 0.1, start_s=2 * index))
        varied.hear(speech(2, 0.05 + 0.005 * index, start_s=2 * index))
    assert steady.verdict.spread == pytest.approx(0, abs=1e-6)
    assert steady.verdict.drift == pytest.approx(0, abs=1e-6)
    assert varied.verdict.spread is not None
    assert varied.verdict.spread > 0.01
    # The first 6 s are at about 0.0575 turns and the last at 0.1425.
    assert varied.verdict.drift == pytest.approx(1 - math.cos(2 * math.pi * 0.085), abs=0.02)
    assert steady.verdict.level is varied.verdict.level is SpeakerLevel.NOT_CHECKED


def test_an_unnaturally_even_voice_is_said_only_where_the_pack_knows_real_ones():
    told = {}
    for spread in (None, NaturalSpread(low=0.05, high=0.3)):
        judge = EmbeddingJudge(AngleEncoder(spread), enrolled())
        judge.hear(speech(9, 0.1))
        assert not any("varies less" in reason for reason in judge.verdict.reasons)
        judge.hear(speech(3, 0.1, start_s=9))
        told[spread] = any("varies less" in reason for reason in judge.verdict.reasons)
        assert judge.verdict.level is SpeakerLevel.MATCHES
    assert list(told.values()) == [False, True]


def test_a_voice_on_the_watch_list_is_named_with_its_case():
    voices = [watched("con man", 0.1, case_id="20261101-1", note="MFA"), watched("other", 0.4)]
    judge = EmbeddingJudge(AngleEncoder(), watched=voices)
    judge.hear(speech(9, 0.1, start_s=5))
    assert judge.verdict.watch_hits == ()
    judge.hear(speech(1, 0.1, start_s=20))
    (hit,) = judge.verdict.watch_hits
    assert (hit.name, hit.case_id, hit.note, hit.at) == ("con man", "20261101-1", "MFA", 21 * CALL_RATE)
    assert hit.llr == pytest.approx(8)
    assert hit.threshold == pytest.approx(WATCH_LLR + math.log(2))


def test_a_longer_list_needs_a_better_match():
    """LLR 8: over the threshold for 2 voices (5.3), under it for 100 (9.2)."""
    hits = []
    for others in (1, 99):
        voices = [watched("x", 0.1), *(watched(f"other {n}", 0.5) for n in range(others))]
        judge = EmbeddingJudge(AngleEncoder(), watched=voices)
        judge.hear(speech(12, 0.1))
        hits.append(len(judge.verdict.watch_hits))
    assert hits == [1, 0]


def test_a_hit_stays_when_another_voice_takes_over():
    judge = EmbeddingJudge(AngleEncoder(), watched=[watched("x", 0.1)])
    judge.hear(speech(20, 0.1))
    judge.hear(speech(20, 0.4, start_s=20))
    assert len(judge.changes) == 1
    assert [hit.name for hit in judge.verdict.watch_hits] == ["x"]


def test_watched_voices_of_another_model_are_said_to_be_left_out():
    old = WatchedVoice("old", Voiceprint(voice_at(0.1).embedding, 30, "angle", "2"), WHEN)
    judge = EmbeddingJudge(AngleEncoder(), watched=[old])
    verdict = judge.hear(speech(12, 0.1))
    assert verdict is not None
    assert verdict.watch_hits == ()
    assert "not compared: 1 of the watch list" in verdict.reasons[-1]


def test_what_is_kept_does_not_grow_with_the_call():
    judge = EmbeddingJudge(AngleEncoder(), enrolled())
    for index in range(200):
        judge.hear(speech(6, 0.1, start_s=6 * index))
    assert judge._voice is not None
    assert len(judge._voice.recent) <= 6
    assert judge.verdict.speech_s == 1200


def test_speech_that_a_failing_encoder_lost_is_not_piled_up_and_the_call_goes_on():
    class Failing(AngleEncoder):
        fails = True

        def embeddings(self, windows):
            if self.fails:
                raise RuntimeError("out of memory")
            return super().embeddings(windows)

    encoder = Failing()
    judge = EmbeddingJudge(encoder, enrolled())
    for index in range(5):
        with pytest.raises(RuntimeError):
            judge.hear(speech(10, 0.1, start_s=10 * index))
    assert judge.verdict.level is SpeakerLevel.NOT_ENOUGH_SPEECH
    encoder.fails = False
    judge.hear(speech(10, 0.1, start_s=50))
    assert len(encoder.windows) <= 10
    assert judge.verdict.level is SpeakerLevel.MATCHES
    assert judge.verdict.speech_s <= 12
