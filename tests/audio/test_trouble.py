from pathlib import Path

import numpy as np
import pytest

from audio.trouble.watch import TroubleWatch
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples, Trouble, TroubleKind
from tests.call_noises import hold_music, line_noise, silence, tones
from tests.sound import at_call_rate

AGENT, CALLER = Channel.AGENT, Channel.CALLER
BLOCK = 800
SPEECH_DBFS = -45


def at(seconds: float) -> int:
    return round(seconds * CALL_RATE)


def voice(seconds: float, seed: int = 0) -> Samples:
    """Noise that comes in syllables and phrases, as speech does, with peaks of about 0.5."""
    rng = np.random.default_rng(seed)
    syllables = np.repeat(rng.uniform(0.02, 1.0, at(seconds) // 1600 + 1) ** 2, 1600)[: at(seconds)]
    phrases = np.repeat(rng.random(at(seconds) // 8000 + 1) < 0.8, 8000)[: at(seconds)]
    envelope = np.convolve(syllables * phrases, np.ones(400) / 400, "same")
    return (envelope * line_noise(seconds, -18, seed)).astype(np.float32)


def room(seconds: float, seed: int = 0) -> Samples:
    return line_noise(seconds, -65, seed)


def talk(seconds: float, seed: int = 0) -> Samples:
    return voice(seconds, seed) + room(seconds, seed)


def walk(
    agent: np.ndarray,
    caller: np.ndarray,
    watch: TroubleWatch | None = None,
    *,
    lost: tuple[Channel, int, int] | None = None,
) -> list[Trouble]:
    """What is told where both channels come in step; a block is speech where it is loud."""
    watch = watch or TroubleWatch()
    told = []
    for start in range(0, max(len(agent), len(caller)), BLOCK):
        for channel, sound in ((AGENT, agent), (CALLER, caller)):
            samples = sound[start : start + BLOCK].astype(np.float32)
            if not len(samples):
                continue
            if lost and lost[0] is channel and lost[1] <= start < lost[2]:
                told += watch.push(AudioGap(channel, start, start + len(samples), CALL_RATE, "lost"))
                continue
            has_speech = bool(20 * np.log10(samples.std() + 1e-9) > SPEECH_DBFS)
            told += watch.push(AudioChunk(channel, start, CALL_RATE, samples), has_speech=has_speech)
    return told


def begun(told: list[Trouble]) -> list[tuple[TroubleKind, Channel]]:
    return [(trouble.kind, trouble.channel) for trouble in told if trouble.end is None]


def delay_s(trouble: Trouble, since_s: float) -> float:
    return trouble.told / CALL_RATE - since_s


def test_a_call_in_which_both_talk_and_listen_has_no_trouble():
    agent = np.concatenate([room(5), talk(20), room(30), talk(20)])
    assert walk(agent, talk(75, seed=1)) == []


@pytest.mark.parametrize("constant", [0.0, 0.02])
def test_a_microphone_that_is_muted_is_told_once_and_again_when_it_is_open(constant: float):
    muted = np.full(at(60), constant, np.float32)
    told = walk(np.concatenate([room(5), talk(10), muted, talk(10)]), talk(85, seed=1))
    assert begun(told) == [(TroubleKind.MUTED, AGENT)]
    assert told[0].start == pytest.approx(at(15), abs=at(0.1))
    assert 2 <= delay_s(told[0], 15) <= 3
    assert told[1].end == told[1].told
    assert 0 < delay_s(told[1], 75) <= 3
    assert len(told) == 2


def test_sounds_that_are_too_short_do_not_end_a_mute():
    click = np.concatenate([silence(5), room(0.3), silence(5), room(0.3)])
    told = walk(np.concatenate([room(15), click, click, click, silence(5)]), talk(50, seed=1))
    assert begun(told) == [(TroubleKind.MUTED, AGENT)]
    assert len(told) == 1


def test_silence_from_the_start_is_told_and_over_with_the_first_word():
    told = walk(np.concatenate([silence(8), talk(10)]), talk(18, seed=1))
    assert begun(told) == [(TroubleKind.NOT_HEARD, AGENT)]
    assert delay_s(told[0], 0) <= 3
    assert told[0].start == 0
    assert delay_s(told[1], 8) <= 3
    assert len(told) == 2


@pytest.mark.parametrize("hangover_s", [0.1, 0.5])
def test_a_headset_that_gives_zeros_whenever_nobody_speaks_is_not_muted(hangover_s: float):
    sound = np.concatenate([part for n in range(12) for part in (talk(4, n), room(1 + n, n))])
    loud = np.abs(sound) > 0.02
    hold = np.convolve(loud, np.ones(at(hangover_s)))[: len(sound)] > 0
    watch = TroubleWatch()
    assert walk(sound * hold, talk(len(sound) / CALL_RATE, seed=1), watch) == []


def test_a_device_that_comes_back_silent_is_told_anew():
    agent = np.concatenate([room(15), silence(15)])
    told = walk(agent, talk(30, seed=1), lost=(AGENT, at(15), at(18)))
    assert begun(told) == [(TroubleKind.NOT_HEARD, AGENT)]
    assert delay_s(told[0], 18) <= 3


@pytest.mark.parametrize("channel", [AGENT, CALLER])
def test_speech_that_is_overdriven_again_and_again_is_clipping(channel: Channel):
    loud = np.clip(30 * voice(20), -1, 1) + room(20) * 0.01
    sides: dict[Channel, np.ndarray] = {AGENT: talk(60, seed=1), CALLER: talk(60, seed=2)}
    sides[channel] = np.concatenate([talk(10, seed=3), loud, talk(30, seed=3)])
    told = walk(sides[AGENT], sides[CALLER])
    assert begun(told) == [(TroubleKind.CLIPPING, channel)]
    assert delay_s(told[0], 10) <= 3
    assert told[1].end is not None


def test_a_plosive_now_and_then_is_no_clipping():
    plosive = np.arange(at(60)) % at(2) < at(0.15)
    assert walk(np.where(plosive, 1.0, talk(60)), talk(60, seed=1)) == []


@pytest.mark.parametrize(
    ("late_s", "gain"), [(0.0, 1.0), (0.083, 0.5), (0.48, 0.05), (-0.31, 0.2), (-0.05, 3.0)]
)
def test_one_device_for_both_is_told_whatever_delay_and_level(late_s: float, gain: float):
    sound = talk(20)
    late = np.concatenate([silence(abs(late_s)), gain * sound])[: len(sound)]
    told = walk(late, sound) if late_s >= 0 else walk(sound, late)
    assert begun(told) == [(TroubleKind.SAME_SOUND, AGENT)]
    assert delay_s(told[0], 0) <= 3.6


def test_echo_is_not_the_same_sound_even_where_it_is_an_exact_copy():
    caller = np.concatenate([room(5) * 0.01, talk(20), room(5) * 0.01, talk(15)])
    own = np.concatenate([talk(5, seed=1), room(20) * 0.001, talk(5, seed=2), room(15) * 0.001])
    agent = own + 0.69 * np.concatenate([silence(0.04), caller])[: len(caller)]
    assert walk(agent, caller) == []


def test_the_same_sound_is_told_after_a_device_came_back_as_another_one():
    caller, own = talk(40, seed=1), talk(20)
    agent = np.concatenate([own, caller[at(20) :]])
    told = walk(agent, caller, lost=(AGENT, at(20), at(22)))
    assert begun(told) == [(TroubleKind.SAME_SOUND, AGENT)]
    assert delay_s(told[0], 22) <= 3.6


@pytest.mark.parametrize("sound", [tones(30, (440, 480), 2, 4), tones(30, (50, 100), 30, 1)])
def test_tones_and_hum_on_both_sides_are_not_the_same_sound(sound: Samples):
    assert walk(sound * 0.1 + room(30) * 0.01, sound + room(30, 1) * 0.01) == []


def test_an_agent_who_speaks_to_nobody_is_told_and_the_first_sound_ends_it():
    told = walk(talk(60), np.concatenate([silence(50), talk(10, seed=1)]))
    assert begun(told) == [(TroubleKind.NO_FAR_SIDE, CALLER)]
    assert 12 <= delay_s(told[0], 0) <= 25
    assert delay_s(told[1], 50) <= 3


def test_a_greeting_and_a_caller_who_says_nothing_for_long_is_no_trouble():
    greeting = np.concatenate([talk(10), room(80)])
    assert walk(greeting, silence(90)) == []
    reading = np.concatenate([talk(5), talk(35), room(50)])
    assert walk(reading, np.concatenate([talk(5, seed=1), silence(85)])) == []


@pytest.mark.parametrize("size", [160, 1601, 16_000])
def test_the_size_of_what_is_pushed_changes_nothing(size: int):
    agent, caller = np.concatenate([room(15), silence(10), talk(10)]), talk(35, seed=1)
    watch = TroubleWatch()
    told = []
    for start in range(0, len(agent), size):
        for channel, sound in ((AGENT, agent), (CALLER, caller)):
            told += watch.push(AudioChunk(channel, start, CALL_RATE, sound[start : start + size]))
    assert [(t.kind, t.start // at(0.2), t.told) for t in told] == [
        (t.kind, t.start // at(0.2), t.told) for t in walk(agent, caller)
    ]


def test_nothing_and_what_is_no_number_are_survived():
    watch = TroubleWatch()
    assert watch.push(AudioChunk(AGENT, 0, CALL_RATE, np.zeros(0, np.float32))) == []
    broken = np.full(at(5), np.nan, np.float32)
    assert watch.push(AudioChunk(AGENT, 0, CALL_RATE, broken)) == []
    assert watch.push(AudioChunk(CALLER, 0, CALL_RATE, broken)) == []


@pytest.fixture(scope="module")
def real_call(shared: Path) -> tuple[Samples, Samples]:
    """Agent and caller of a telephone call."""
    caller, agent = at_call_rate(shared / "data" / "calls" / "auto_repairs_40.flac")
    return agent, caller


@pytest.mark.parametrize("gain", [1.0, 0.25, 0.003])
def test_a_real_call_has_no_trouble_at_any_level(real_call: tuple[Samples, Samples], gain: float):
    agent, caller = (side * np.float32(gain) for side in real_call)
    assert walk(agent, caller) == []
    assert walk(caller, agent) == []


def test_hold_music_is_no_trouble(real_call: tuple[Samples, Samples]):
    agent = real_call[0][: at(100)]
    assert walk(agent, hold_music(100)) == []
