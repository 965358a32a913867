"""Voice activity on a channel on which nobody spoke for minutes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio.types import Channel
from detection.segmenter import Segmenter
from detection.vad import SileroVad
from tests.call_noises import Sound, line_noise, silence
from tests.fakes import chunks_of
from tests.sound import at_call_rate

QUIET_S = 120.0


@pytest.fixture(scope="module")
def sides(samples: Path) -> list[Sound]:
    return [side for path in sorted(samples.glob("*.wav")) for side in at_call_rate(path)]


def speech_s(sound: Sound, vad: SileroVad) -> float:
    segmenter = Segmenter(Channel.AGENT, vad.stream())
    ended = [segment for chunk in chunks_of(Channel.AGENT, sound) for segment in segmenter.push(chunk)]
    return sum(segment.duration_s for segment in [*ended, *segmenter.flush()])


@pytest.mark.parametrize(
    "quiet",
    [lambda: silence(QUIET_S), lambda: line_noise(QUIET_S, -60)],
    ids=["digital silence", "hum and noise"],
)
def test_speech_after_minutes_of_quiet_is_found_as_well_as_at_once(
    sides: list[Sound], quiet: Callable[[], Sound]
):
    vad = SileroVad()
    before = quiet().astype(np.float32)
    alone = sum(speech_s(side, vad) for side in sides)
    after = sum(speech_s(np.concatenate([before, side]), vad) for side in sides)
    assert after == pytest.approx(alone, rel=0.05)
