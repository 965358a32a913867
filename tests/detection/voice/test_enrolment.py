"""From recordings to a known voice: how much speech, how clear, and whose."""

import numpy as np
import pytest

from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.types import Segment
from detection.voice.enrolment import voiceprint
from tests.detection.voice.speaker_fakes import AngleEncoder, circle, speech


def refusal(*parts: Segment) -> str:
    with pytest.raises(DetectionError) as caught:
        voiceprint(AngleEncoder(), "Ann", parts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_voice_is_the_mean_of_its_windows_and_knows_its_model():
    voice = voiceprint(AngleEncoder(), "Ann", [speech(12, 0.1), speech(12, 0.12)])
    assert (voice.speech_s, voice.model_id, voice.model_revision) == (24.0, "angle", "3")
    assert np.linalg.norm(voice.embedding) == pytest.approx(1)
    assert voice.embedding @ circle(0.11) == pytest.approx(1, abs=1e-3)


def test_too_little_speech_says_how_many_seconds_are_missing():
    said = refusal(speech(12.5, 0.1))
    assert "Ann needs 20 s of clear speech and these recordings hold 12.5 s" in said
    assert "at least 7.5 s more" in said


def test_no_speech_at_all_is_too_little():
    assert "hold 0.0 s: add recordings with at least 20.0 s more" in refusal()


def test_unfit_speech_does_not_count_and_is_said():
    quiet = np.full(10 * CALL_RATE, 1e-5, np.float32)
    said = refusal(speech(15, 0.1), Segment(Channel.CALLER, 0, len(quiet), quiet))
    assert "hold 15.0 s (10.0 s were too quiet)" in said


@pytest.mark.parametrize("turn_s", [2.0, 5.0, 15.0])
def test_two_people_are_refused_however_they_take_turns(turn_s: float):
    parts = [speech(turn_s, (0.1, 0.4)[n % 2]) for n in range(round(30 / turn_s))]
    assert "more than one voice" in refusal(*parts)


def test_one_cough_is_no_second_voice():
    parts = [speech(30, 0.1), speech(1, 0.45), speech(30, 0.1)]
    assert voiceprint(AngleEncoder(), "Ann", parts).speech_s == 61


def test_one_voice_that_varies_is_one_voice():
    parts = [speech(2, 0.1 + 0.06 * (n % 3 - 1)) for n in range(20)]
    assert voiceprint(AngleEncoder(), "Ann", parts).speech_s == 40
