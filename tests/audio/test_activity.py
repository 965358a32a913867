from pathlib import Path

import numpy as np
import pytest

from audio.activity import ActivitySettings, CallActivity, CallBegan, CallOver
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from detection.segmenter import Segmenter
from detection.vad import SileroVad
from tests.call_noises import hold_music, keypad, line_noise, silence, tones
from tests.sound import at_call_rate

CHUNK = 1600
Part = tuple[np.ndarray, np.ndarray]
"""Far side and agent for the same time."""


def at(seconds: float) -> int:
    return round(seconds * CALL_RATE)


def room(seconds: float) -> np.ndarray:
    return 3e-4 * np.random.default_rng(0).standard_normal(at(seconds))


def quiet(seconds: float) -> Part:
    return silence(seconds), room(seconds)


def played(sound: np.ndarray) -> Part:
    return sound, room(len(sound) / CALL_RATE)


def ping() -> np.ndarray:
    return tones(1.2, (880, 1320), 1.2, 0.1)


def found(*parts: Part, activity: CallActivity | None = None) -> list[tuple[float, float]]:
    """Begin and end of each call in seconds, where the program's voice activity says what is speech."""
    activity, vad = activity or CallActivity(), SileroVad()
    segmenters = {channel: Segmenter(channel, vad.stream()) for channel in Channel}
    sides = [np.concatenate(side).astype(np.float32) for side in zip(*parts, strict=True)]
    calls: list[tuple[float, float]] = []
    for start in range(0, len(sides[0]), CHUNK):
        for channel, side in zip((Channel.CALLER, Channel.AGENT), sides, strict=True):
            chunk = AudioChunk(channel, start, CALL_RATE, side[start : start + CHUNK])
            segmenters[channel].push(chunk)
            for told in activity.push(chunk, has_speech=segmenters[channel].in_speech):
                assert activity.is_open == isinstance(told, CallBegan)
                if isinstance(told, CallBegan):
                    calls.append((told.start / CALL_RATE, float("inf")))
                else:
                    calls[-1] = (calls[-1][0], told.end / CALL_RATE)
    return calls


@pytest.fixture(scope="module")
def sample(samples: Path) -> Part:
    """A sample call of 61 s, as its far side and its agent."""
    caller, agent = at_call_rate(samples / "b_helpdesk_con.wav")
    return caller, agent


@pytest.fixture(scope="module")
def real(shared: Path) -> Part:
    """A real call of 245 s."""
    caller, agent = at_call_rate(shared / "data" / "calls" / "auto_repairs_40.flac")
    return caller, agent


def cut(call: Part, begin_s: float, end_s: float) -> Part:
    return call[0][at(begin_s) : at(end_s)], call[1][at(begin_s) : at(end_s)]


def seconds(call: Part) -> float:
    return len(call[0]) / CALL_RATE


@pytest.mark.parametrize(
    "sound",
    [ping(), np.tile(ping(), 4), keypad(5), tones(30, (440, 480), 2, 4), hold_music(60)],
    ids=["ping", "pings", "keypad", "ring", "music"],
)
def test_what_is_no_speech_opens_no_call(sound: np.ndarray):
    assert found(quiet(10), played(sound), quiet(25)) == []


def test_an_agent_who_talks_to_nobody_opens_no_call(sample: Part):
    agent = sample[1]
    assert found((silence(seconds(sample)), agent), quiet(25)) == []


def test_calls_in_a_row_are_cases_of_their_own_from_first_to_last_sound(sample: Part):
    one, other = seconds(sample), 20.0
    calls = found(quiet(15), sample, quiet(30), cut(sample, 0, other), quiet(30))
    begins = [15, 15 + one + 30]
    assert [begin for begin, _ in calls] == pytest.approx(begins, abs=1.0)
    assert [end for _, end in calls] == pytest.approx([15 + one, begins[1] + other], abs=6.0)


def test_a_call_begins_with_the_ringing_before_it(sample: Part):
    ((begin, _),) = found(quiet(10), played(tones(18, (440, 480), 2, 4)), sample, quiet(25))
    assert begin == pytest.approx(10, abs=0.2)


def test_a_call_begins_no_earlier_than_the_preroll_reaches(sample: Part):
    ((begin, _),) = found(quiet(10), played(tones(60, (440, 480), 2, 4)), sample, quiet(25))
    assert 40 <= begin <= 55


@pytest.mark.parametrize("silent_s", [15])
def test_silence_within_a_call_does_not_end_it(sample: Part, silent_s: float):
    half = seconds(sample) / 2
    whole = seconds(sample)
    calls = found(quiet(5), cut(sample, 0, half), quiet(silent_s), cut(sample, half, whole), quiet(25))
    assert len(calls) == 1


def test_hold_music_does_not_end_a_call(sample: Part):
    half, whole = seconds(sample) / 2, seconds(sample)
    calls = found(
        quiet(5), cut(sample, 0, half), played(hold_music(50)), cut(sample, half, whole), quiet(25)
    )
    assert len(calls) == 1
    assert calls[0][1] == pytest.approx(5 + whole + 50, abs=6)


def test_music_that_no_speech_breaks_ends_a_call(sample: Part):
    activity = CallActivity(ActivitySettings(speechless_s=30))
    ((_, end),) = found(quiet(5), sample, played(hold_music(60)), activity=activity)
    assert 5 + seconds(sample) + 25 <= end <= 5 + seconds(sample) + 35


def test_the_agents_speech_keeps_a_call_open_but_not_for_ever(sample: Part):
    alone = [(silence(seconds(sample)), sample[1])] * 3
    ((_, end),) = found(quiet(5), sample, *alone)
    assert end == pytest.approx(5 + seconds(sample) + 60, abs=6)


def test_a_device_that_hisses_between_calls_is_no_call_and_keeps_none_open(sample: Part):
    hiss = line_noise(300, -60)
    far = np.concatenate([silence(40), sample[0], silence(40)])
    agent = np.concatenate([room(40), sample[1], room(40)])
    ((begin, end),) = found((far + hiss[: len(far)], agent))
    assert begin == pytest.approx(40, abs=2)
    assert end == pytest.approx(40 + seconds(sample), abs=6)


def test_a_real_call_is_found_whole(real: Part):
    ((begin, end),) = found(quiet(10), real, quiet(25))
    assert begin == pytest.approx(10, abs=1)
    assert end == pytest.approx(10 + seconds(real), abs=1)


def test_a_real_call_is_found_where_the_agent_only_listens(real: Part):
    far = real[0][: at(60)]
    ((begin, _),) = found(quiet(10), played(far))
    assert begin == pytest.approx(10, abs=1)


def push(activity: CallActivity, channel: Channel, sound: np.ndarray, start: int, *, speech: bool):
    return activity.push(
        AudioChunk(channel, start, CALL_RATE, sound.astype(np.float32)), has_speech=speech
    )


def test_a_lost_device_keeps_a_call_open_for_a_minute():
    activity = CallActivity()
    push(activity, Channel.CALLER, room(6), 0, speech=True)
    assert activity.is_open
    told = []
    for start in range(6, 120):
        told += activity.push(AudioGap(Channel.CALLER, at(start), at(start + 1), CALL_RATE, "unplugged"))
    (over,) = told
    assert isinstance(over, CallOver)
    assert over.told == pytest.approx(at(6 + 60 + 20), abs=at(1))


def test_a_call_never_begins_before_the_last_one_ended():
    activity = CallActivity(ActivitySettings(quiet_s=3))
    push(activity, Channel.CALLER, room(6), 0, speech=True)
    (over,) = push(activity, Channel.CALLER, silence(4), at(6), speech=False)
    assert over == CallOver(at(6), at(9))
    (began,) = push(activity, Channel.CALLER, room(6), at(10), speech=True)
    assert isinstance(began, CallBegan)
    assert began.start == at(10)
