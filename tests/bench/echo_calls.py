"""Calls in which the agent's microphone hears the loudspeaker, made of real voices, with their parts."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from audio.types import CALL_RATE
from tests.call_noises import hold_music, keypad, tones
from tests.echo_room import Room, Sound, at_level, band, noise
from tests.sound import read_sound

VOICE_DBFS = -26.0
LEVELS_DB = (-3.0, -6.0, -10.0, -15.0, -20.0, -30.0, -40.0)
CALL_S = 45
CLIPS = 4
"""Of one speaker, at most."""
_WORD = (np.hanning(4800) ** 0.25).astype(np.float32)

Voices = Sequence[Sequence[Sound]]
"""Clips by speaker."""


@dataclass
class EchoCall:
    """A call and what its microphone's sound is the sum of, all at `CALL_RATE`.

    `delay_ms` is None where the echo has no one delay, `level_db` where there is no loudspeaker.
    """

    far: Sound
    agent: Sound
    echo: Sound
    noise: Sound
    delay_ms: float | None = None
    level_db: float | None = None
    mic: Sound = field(init=False)

    def __post_init__(self) -> None:
        self.mic = self.agent + self.echo + self.noise


def voices(data: Path, *, held_out: bool) -> Voices:
    """Real speakers of the voice data's training part, or of its evaluation part and the read speech."""
    part = "eval" if held_out else "train"
    by_speaker: dict[str, list[Sound]] = {}
    for row in _rows(data / "voice" / "manifest.csv"):
        if row["split"] == part and row["label"] == "real" and float(row["seconds"]) >= 2.5:
            clips = by_speaker.setdefault(row["speaker"], [])
            if len(clips) < CLIPS:
                clips.append(_sound(data / "voice" / row["path"])[0])
    clips_of = list(by_speaker.values())
    if held_out:
        clips_of += [
            [_sound(data / "speech" / row["path"])[0]] for row in _rows(data / "speech" / "manifest.csv")
        ]
    return clips_of


def real_call(data: Path) -> tuple[Sound, Sound]:
    """The caller's and the agent's side of a real call, the agent's at the usual level."""
    caller, agent = _sound(data / "calls" / "auto_repairs_40.flac")
    return at_level(caller, VOICE_DBFS), at_level(agent, VOICE_DBFS)


def conversation(rng: np.random.Generator, voices: Voices, level_db: float | None) -> EchoCall:
    """Two voices in turn in a room drawn at random; one turn in four begins before the other's end."""
    first, second = rng.choice(len(voices), 2, replace=False)
    agent, far = _turns(rng, voices[first], voices[second], CALL_S * CALL_RATE)
    if rng.random() < 0.5:
        far = band(far, 300, 3400)
    if rng.random() < 0.5:
        far = far + noise(len(far), float(rng.uniform(-75, -60)), _seed(rng))
    return through_room(rng, far, agent, level_db)


def through_room(rng: np.random.Generator, far: Sound, agent: Sound, level_db: float | None) -> EchoCall:
    """`far` and `agent` in a room drawn at random; no loudspeaker with `level_db` None."""
    room = Room(
        delay_ms=float(rng.uniform(5, 400)),
        rt60_s=float(rng.uniform(0.2, 0.6)),
        direct_db=float(rng.uniform(-3, 9)),
        wander_ms=float(rng.choice([0.0, 0.5, 2.0])),
        low_hz=float(rng.uniform(100, 350)),
        high_hz=float(rng.choice([3800, 6000, 7500])),
        drive=float(rng.choice([0.0, 0.0, 1.0, 2.0])),
        seed=_seed(rng),
    )
    own_way = Room(0, float(rng.uniform(0.2, 0.5)), 8, low_hz=80, high_hz=7800, seed=_seed(rng))
    echo = np.zeros_like(far) if level_db is None else room.echo(at_level(far, VOICE_DBFS + level_db))
    floor = noise(len(far), float(rng.uniform(-75, -50)), _seed(rng))
    return EchoCall(far, own_way.echo(agent), echo, floor, room.delay_ms, level_db)


def hard_cases() -> dict[str, Callable[[np.random.Generator, Voices], EchoCall]]:
    """What may be taken for an echo and is none, or the other way round: by name, each to be drawn."""
    return {
        "a word of 0.3 s into the echo (-3 dB)": lambda rng, voices: _words_into(rng, voices, -3, 0),
        "the same at -10 dB": lambda rng, voices: _words_into(rng, voices, -10, 0),
        "the same, the agent 10 dB below the echo": lambda rng, voices: _words_into(rng, voices, 0, -10),
        "agent all along, 6 dB below the echo": _talked_over,
        "agent repeats at once, in the caller's own voice": _read_back,
        "agent speaks along, the caller's recording 4 % faster": _along,
        "both sides one speaker": _one_speaker,
        "hold music over the loudspeaker (-6 dB)": lambda rng, voices: _played(
            rng, voices, hold_music(CALL_S), -6
        ),
        "hold music in a headset": lambda rng, voices: _played(rng, voices, hold_music(CALL_S), None),
        "ring-back tone over the loudspeaker": lambda rng, voices: _played(
            rng, voices, tones(CALL_S, (440, 480), 2, 4), -6
        ),
        "keys over the loudspeaker": lambda rng, voices: _played(rng, voices, keypad(CALL_S), -6),
        "the caller silent": lambda rng, voices: _played(
            rng, voices, np.zeros(CALL_S * CALL_RATE, np.float32), -6
        ),
        "the agent's voice comes back from the caller's telephone": _line_echo,
        "microphone with automatic gain (+-6 dB)": lambda rng, voices: _processed(rng, voices, _gained),
        "microphone with a noise gate": lambda rng, voices: _processed(rng, voices, _gated),
        "loudspeaker driven into its limits": _overdriven,
        "the delay jumps by 140 ms": _jump,
    }


def _turns(
    rng: np.random.Generator, first: Sequence[Sound], second: Sequence[Sound], length: int
) -> tuple[Sound, Sound]:
    sides = np.zeros((2, length), np.float32)
    said = [0, 0]
    at, turn = CALL_RATE // 2, int(rng.integers(2))
    while at < length - CALL_RATE:
        for _ in range(int(rng.integers(1, 3))):
            clips = (first, second)[turn]
            clip = at_level(clips[said[turn] % len(clips)], VOICE_DBFS)[: length - at]
            said[turn] += 1
            sides[turn, at : at + len(clip)] += clip
            at = min(length, at + len(clip) + int(rng.uniform(0.05, 0.6) * CALL_RATE))
        turn = 1 - turn
        at += int(rng.uniform(*((-2.5, -0.5) if rng.random() < 0.25 else (0.1, 1.0))) * CALL_RATE)
        at = max(0, at)
    return sides[0], sides[1]


def _said(rng: np.random.Generator, voices: Voices, seconds: int = CALL_S) -> Sound:
    """One voice with the pauses of its clips and half a second between them."""
    clips = voices[int(rng.integers(len(voices)))]
    pause = np.zeros(CALL_RATE // 2, np.float32)
    said = np.concatenate([part for clip in clips for part in (pause, at_level(clip, VOICE_DBFS))])
    return np.resize(said, seconds * CALL_RATE)


def _words_into(rng: np.random.Generator, voices: Voices, level_db: float, agent_db: float) -> EchoCall:
    far, agent = _said(rng, voices), np.zeros(CALL_S * CALL_RATE, np.float32)
    voice = _said(rng, voices)
    voiced = np.convolve(voice**2, np.ones(1600), "same")
    for at in range(2 * CALL_RATE, len(agent) - 4 * CALL_RATE, 5 * CALL_RATE):
        loudest = at + 2400 + int(voiced[at + 2400 : at + 3 * CALL_RATE].argmax())
        word = voice[loudest - 2400 : loudest + 2400] * _WORD
        agent[loudest - 2400 : loudest + 2400] = at_level(word, VOICE_DBFS + agent_db)
    return through_room(rng, far, agent, level_db)


def _talked_over(rng: np.random.Generator, voices: Voices) -> EchoCall:
    return through_room(rng, _said(rng, voices), at_level(_said(rng, voices), VOICE_DBFS - 6), 0)


def _read_back(rng: np.random.Generator, voices: Voices) -> EchoCall:
    """What the agent says is what the caller said 0.6 to 1.2 s before, to the sample."""
    far = _said(rng, voices)
    return through_room(rng, far, np.roll(far, int(rng.uniform(0.6, 1.2) * CALL_RATE)), None)


def _along(rng: np.random.Generator, voices: Voices) -> EchoCall:
    far = _said(rng, voices)
    faster = soxr.resample(far, 1.04 * CALL_RATE, CALL_RATE).astype(np.float32)
    return through_room(rng, far, np.resize(np.roll(faster, 4800), len(far)), None)


def _one_speaker(rng: np.random.Generator, voices: Voices) -> EchoCall:
    several = [clips for clips in voices if len(clips) > 1]
    clips = several[int(rng.integers(len(several)))]
    half = len(clips) // 2
    agent, far = _turns(rng, clips[:half], clips[half:], CALL_S * CALL_RATE)
    return through_room(rng, far, agent, -6)


def _played(rng: np.random.Generator, voices: Voices, far: Sound, level_db: float | None) -> EchoCall:
    far = np.resize(far, CALL_S * CALL_RATE)
    agent = _said(rng, voices) * (np.arange(CALL_S * CALL_RATE) % (10 * CALL_RATE) > 4 * CALL_RATE)
    return through_room(rng, far, agent.astype(np.float32), level_db)


def _line_echo(rng: np.random.Generator, voices: Voices) -> EchoCall:
    first, second = rng.choice(len(voices), 2, replace=False)
    agent, far = _turns(rng, voices[first], voices[second], CALL_S * CALL_RATE)
    back = Room(float(rng.uniform(30, 300)), 0.3, 5, low_hz=300, high_hz=3400, seed=_seed(rng)).echo(
        agent
    )
    return through_room(rng, (far + 0.2 * back).astype(np.float32), agent, None)


def _processed(rng: np.random.Generator, voices: Voices, process: Callable[[Sound], Sound]) -> EchoCall:
    call = conversation(rng, voices, -6)
    gain = process(call.mic)
    return EchoCall(call.far, call.agent * gain, call.echo * gain, call.noise * gain, call.delay_ms, -6)


def _gained(mic: Sound) -> Sound:
    at = np.arange(len(mic)) / CALL_RATE
    return (10 ** (6 * np.sin(2 * np.pi * at / 3) / 20)).astype(np.float32)


def _gated(mic: Sound) -> Sound:
    """Closed below -45 dBFS, 20 ms to open and 150 ms to close."""
    power = np.convolve(mic**2, np.ones(320) / 320, "same")
    is_open = np.convolve(power > 10**-4.5, np.ones(2400), "same") > 0
    return np.convolve(is_open, np.ones(320) / 320, "same").astype(np.float32)


def _overdriven(rng: np.random.Generator, voices: Voices) -> EchoCall:
    call = conversation(rng, voices, None)
    echo = Room(80, 0.4, 3, drive=5, seed=_seed(rng)).echo(at_level(call.far, VOICE_DBFS - 3))
    return EchoCall(call.far, call.agent, echo, call.noise, 80, -3)


def _jump(rng: np.random.Generator, voices: Voices) -> EchoCall:
    call = conversation(rng, voices, -6)
    half = len(call.echo) // 2
    later = np.roll(call.echo, round(0.14 * CALL_RATE))
    echo = np.concatenate([call.echo[:half], later[half:]])
    return EchoCall(call.far, call.agent, echo, call.noise, level_db=-6)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 30))


def _rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _sound(path: Path) -> Sound:
    sound, rate = read_sound(path)
    if rate == CALL_RATE:
        return sound
    return np.stack([soxr.resample(side, rate, CALL_RATE) for side in sound]).astype(np.float32)
