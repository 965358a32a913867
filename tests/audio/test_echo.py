"""The sample calls' two sides, the caller's over a loudspeaker made by arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from audio.echo.watch import HISTORY_S, EchoJudgement, EchoWatch, Heard
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel
from detection.segmenter import Segmenter
from detection.types import Segment
from detection.vad import SileroVad
from tests.call_noises import hold_music, line_noise, tones
from tests.echo_room import Room, Sound, at_level, band, noise
from tests.sound import at_call_rate

VOICE_DBFS = -26.0
CHUNK = 1600


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


@pytest.fixture(scope="module")
def sides(samples: Path) -> tuple[Sound, Sound]:
    """The caller's and the agent's side of a sample call of 36 s, as loud as each other."""
    caller, agent = at_call_rate(samples / "a_disclosed_assistant.wav")
    return at_level(caller, VOICE_DBFS), at_level(agent, VOICE_DBFS)


def push(watch: EchoWatch, far: Sound, mic: Sound, start: int = 0, chunk: int = CHUNK) -> None:
    for at in range(0, len(mic), chunk):
        for channel, sound in ((Channel.CALLER, far), (Channel.AGENT, mic)):
            watch.push(AudioChunk(channel, start + at, CALL_RATE, sound[at : at + chunk]))


def judged(far: Sound, mic: Sound, vad: SileroVad) -> list[tuple[Segment, EchoJudgement]]:
    """A call taken in as the pump thread does, and what is said of each segment of the microphone."""
    watch, segmenter, told = EchoWatch(), Segmenter(Channel.AGENT, vad.stream()), []
    for start in range(0, len(mic), CHUNK):
        end = start + CHUNK
        push(watch, far[start:end], mic[start:end], start)
        ended = segmenter.push(AudioChunk(Channel.AGENT, start, CALL_RATE, mic[start:end]))
        if end >= len(mic):
            ended += segmenter.flush()
        told += [(segment, watch.judge(segment.start, segment.end)) for segment in ended]
    return told


def speaks_s(sound: Sound, segment: Segment) -> float:
    """Seconds of a segment in which a part of it is less than 35 dB below a voice."""
    frames = sound[segment.start : segment.end][: (segment.end - segment.start) // 320 * 320].reshape(
        -1, 320
    )
    return 0.02 * float((10 * np.log10(np.mean(frames**2, axis=1) + 1e-12) > VOICE_DBFS - 35).sum())


@pytest.mark.parametrize(
    ("level_db", "room"),
    [
        (-3.2, Room(delay_ms=120)),
        (-3, Room(delay_ms=390, rt60_s=0.6, direct_db=-3, seed=1)),
        (-10, Room(delay_ms=6, wander_ms=2, seed=2)),
        (-15, Room(delay_ms=60, drive=2, high_hz=3800, seed=3)),
        (-20, Room(delay_ms=250, rt60_s=0.3, wander_ms=0.5, seed=4)),
    ],
)
def test_the_callers_voice_in_the_microphone_is_found_and_the_agents_is_kept(sides, vad, level_db, room):
    caller, agent = sides
    echo = room.echo(at_level(caller, VOICE_DBFS + level_db))
    told = judged(caller, agent + echo + noise(len(agent), -70, seed=5), vad)
    echoes = [judgement for segment, judgement in told if not speaks_s(agent, segment)]
    others = [judgement.heard for segment, judgement in told if speaks_s(agent, segment) >= 0.1]
    assert len(echoes) >= 2
    assert {judgement.heard for judgement in echoes} == {Heard.ECHO}
    assert len(others) >= 3
    assert Heard.ECHO not in others
    told_of = np.array([(each.delay_ms, each.level_db) for each in echoes], float)
    assert np.median(told_of, axis=0) == pytest.approx([room.delay_ms, level_db], abs=3)


def test_an_agent_who_talks_over_the_echo_is_heard_without_it(sides):
    caller, agent = sides
    agent = np.roll(agent, 3 * CALL_RATE)
    echo = Room(rt60_s=0.3).echo(at_level(caller, VOICE_DBFS - 3))
    own = agent + noise(len(agent), -70, seed=1)
    watch = EchoWatch()
    push(watch, caller, own + echo)
    heard, nearer_db = [], []
    for start in range(8 * CALL_RATE, len(own) - 4 * CALL_RATE, 4 * CALL_RATE):
        piece = slice(start, start + 4 * CALL_RATE)
        if min(np.mean(agent[piece] ** 2), np.mean(echo[piece] ** 2)) < 1e-5:
            continue
        judgement = watch.judge(piece.start, piece.stop)
        heard.append(judgement.heard)
        assert judgement.samples is not None
        assert judgement.samples.shape == own[piece].shape
        left = judgement.samples - own[piece]
        nearer_db.append(10 * np.log10(np.mean(echo[piece] ** 2) / np.mean(left**2)))
    assert len(heard) >= 2
    assert set(heard) == {Heard.BOTH}
    assert min(nearer_db) > 5


def test_with_a_headset_there_is_no_echo_and_all_is_the_agents(sides, vad):
    caller, agent = sides
    told = judged(caller, agent + noise(len(agent), -65, seed=1), vad)
    assert {judgement.heard for _, judgement in told} == {Heard.AGENT}


def test_both_channels_from_one_device_are_told_from_an_echo(sides, vad):
    caller, agent = sides
    both = caller + agent + noise(len(agent), -65, seed=1)
    told = judged(both, np.roll(both, 40) * np.float32(0.8), vad)
    assert {judgement.heard for _, judgement in told} == {Heard.AGENT}


@pytest.mark.parametrize("delay_s", [0.6, -0.05, -0.2])
def test_words_repeated_later_or_sent_back_by_the_callers_telephone_stay_the_agents(sides, delay_s):
    """To the sample: the agent reads back what was said, or the far side repeats the agent."""
    far = band(sides[0], 300, 3400) + noise(len(sides[0]), -60, seed=1)
    mic = np.roll(far, round(delay_s * CALL_RATE)) + noise(len(far), -65, seed=2)
    watch = EchoWatch()
    push(watch, far, mic)
    for start in range(8 * CALL_RATE, len(far) - 3 * CALL_RATE, 3 * CALL_RATE):
        assert watch.judge(start, start + 3 * CALL_RATE).heard is Heard.AGENT


@pytest.mark.parametrize(
    "played",
    [
        tones(30, (440, 480), 2, 4),
        tones(30, (350, 440), 30, 0),
        hold_music(30),
        line_noise(30, -50),
        np.zeros(30 * CALL_RATE, np.float32),
    ],
    ids=["ring-back", "dial tone", "hold music", "hum", "silence"],
)
def test_whatever_else_the_far_side_plays_the_agents_words_are_kept(sides, played):
    agent = sides[1][: len(played)]
    echo = Room(delay_ms=80).echo(at_level(played, VOICE_DBFS - 6)) if played.any() else played
    watch = EchoWatch()
    push(watch, played, agent + echo + noise(len(agent), -60, seed=1))
    kept = 0
    for start in range(0, len(agent), 2 * CALL_RATE):
        if np.mean(agent[start : start + 2 * CALL_RATE] ** 2) > 1e-4:
            kept += 1
            assert watch.judge(start, start + 2 * CALL_RATE).heard is not Heard.ECHO
    assert kept >= 3


def test_where_the_far_side_was_lost_nothing_is_taken_for_its_echo(sides):
    caller, agent = sides
    mic = Room().echo(at_level(caller, VOICE_DBFS - 3)) + noise(len(agent), -70, seed=1)
    first = int(np.flatnonzero(np.abs(caller) > 0.02)[0])
    piece = first, first + 2 * CALL_RATE
    for lost, heard in ((False, Heard.ECHO), (True, Heard.AGENT)):
        watch = EchoWatch()
        if lost:
            watch.push(AudioGap(Channel.CALLER, 0, piece[1], CALL_RATE, "lost"))
        else:
            watch.push(AudioChunk(Channel.CALLER, 0, CALL_RATE, caller[: piece[1]]))
        watch.push(AudioChunk(Channel.AGENT, 0, CALL_RATE, mic[: piece[1]]))
        assert watch.judge(*piece).heard is heard


def test_it_does_not_matter_how_the_sound_was_cut(sides):
    caller, agent = (side[: 16 * CALL_RATE] for side in sides)
    mic = agent + Room().echo(at_level(caller, VOICE_DBFS - 6)) + noise(len(agent), -70, seed=1)
    outcomes = []
    for chunk in (777, 48_000):
        watch = EchoWatch()
        push(watch, caller, mic, chunk=chunk)
        told = [watch.judge(start, start + 2 * CALL_RATE) for start in range(0, len(mic), 4 * CALL_RATE)]
        outcomes.append([(each.heard, each.delay_ms, each.level_db) for each in told])
    assert outcomes[0] == outcomes[1]


def test_how_often_open_speech_was_looked_at_changes_nothing(sides):
    caller, agent = (side[: 16 * CALL_RATE] for side in sides)
    mic = agent + Room().echo(at_level(caller, VOICE_DBFS - 6)) + noise(len(agent), -70, seed=1)
    outcomes = []
    for looks in (0, 3):
        watch = EchoWatch()
        push(watch, caller, mic)
        judged = []
        for start in range(0, len(mic), 2 * CALL_RATE):
            for _ in range(looks):
                watch.judge(start, start + CALL_RATE, learns=False)
            judged.append(watch.judge(start, start + 2 * CALL_RATE))
        outcomes.append(judged)
    for without, after_looks in zip(*outcomes, strict=True):
        assert without.heard is after_looks.heard
        assert without.samples is None or np.array_equal(without.samples, after_looks.samples)
    assert {judgement.heard for judgement in outcomes[0]} >= {Heard.BOTH}


def test_what_is_no_longer_kept_or_too_short_is_the_agents(sides):
    caller, _ = sides
    echo = at_level(caller, VOICE_DBFS - 3)
    watch = EchoWatch()
    push(watch, caller, echo)
    gone = round((len(caller) / CALL_RATE - HISTORY_S) * CALL_RATE) - 1
    assert watch.judge(gone, gone + 4 * CALL_RATE).heard is Heard.AGENT
    assert watch.judge(len(echo) - 100, len(echo)).heard is Heard.AGENT
    assert watch.judge(len(echo), len(echo)).heard is Heard.AGENT


def test_one_channel_alone_says_nothing(sides):
    watch = EchoWatch()
    watch.push(AudioChunk(Channel.AGENT, 0, CALL_RATE, sides[1]))
    assert watch.heard_until == 0
    assert watch.judge(10 * CALL_RATE, 12 * CALL_RATE).heard is Heard.AGENT


def test_after_hours_without_sound_it_goes_on_at_once(sides):
    """As after the machine was suspended. Pieces so short are known by the delay found before them."""
    caller, agent = sides
    mic = agent + Room().echo(at_level(caller, VOICE_DBFS - 6))
    told = []
    for begin in (0, 8 * 3600 * CALL_RATE):
        watch = EchoWatch()
        for channel in Channel:
            watch.push(AudioGap(channel, 0, begin, CALL_RATE, "suspended"))
        push(watch, caller, mic, begin)
        pieces = range(begin + 8 * CALL_RATE, begin + len(mic) - CALL_RATE, CALL_RATE // 4)
        told.append([watch.judge(start, start + CALL_RATE // 4).heard for start in pieces])
    assert set(told[0]) == set(Heard)
    assert told[0] == told[1]
