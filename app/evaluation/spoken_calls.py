"""Calls from their turns to a telephone recording: each side spoken on a channel of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from app.evaluation.synthesizers import SPEECH_RATE, Sound, Synthesizer
from app.evaluation.written_calls import Turn
from audio.types import Channel

SIDES = (Channel.CALLER, Channel.AGENT)
"""Left and right."""
_NOISE_RMS_DBFS = -70.0
_TAIL_S = 0.8
_PAUSE_S = 0.6
"""Between turns: longer than the silence that ends a segment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A turn to be spoken, `gap_s` seconds after the one before has ended."""

    speaker: Channel
    voice: str
    text: str
    gap_s: float


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn as it was placed: times in seconds from the start of the call."""

    speaker: Channel
    voice: str
    text: str
    start_s: float
    end_s: float


def two_voices(turns: Sequence[Turn], synthesizer: Synthesizer, seed: int) -> list[Line]:
    """The turns, the two sides with different voices: the same for a `seed` in every run."""
    voices = synthesizer.voices
    caller = seed % len(voices)
    agent = (caller + 1 + seed // len(voices) % (len(voices) - 1)) % len(voices)
    voice_of = {Channel.CALLER: voices[caller], Channel.AGENT: voices[agent]}
    return [Line(turn.speaker, voice_of[turn.speaker], turn.text, _PAUSE_S) for turn in turns]


def turn_at(turns: Sequence[SpokenTurn], channel: Channel, at_s: float) -> int:
    """The turn of that side that was spoken at `at_s`, else the nearest to it."""

    def distance(number: int) -> float:
        return max(turns[number].start_s - at_s, at_s - turns[number].end_s, 0.0)

    sides = [number for number, turn in enumerate(turns) if turn.speaker is channel]
    return min(sides or range(len(turns)), key=distance)


def speak_call(
    lines: Sequence[Line], synthesizer: Synthesizer, seed: int
) -> tuple[Sound, list[SpokenTurn]]:
    """The sound, shape (2, n) at `SPEECH_RATE` over a telephone's band with low noise, and its turns.

    `seed` makes the noise. Raises `EvaluationError` where the synthesizer fails.
    """
    placed: list[tuple[int, int, Sound]] = []
    turns: list[SpokenTurn] = []
    at = 0
    for line in lines:
        sound = synthesizer.speak(line.voice, line.text)
        at += round(line.gap_s * SPEECH_RATE)
        placed.append((SIDES.index(line.speaker), at, sound))
        start_s, end_s = round(at / SPEECH_RATE, 3), round((at + len(sound)) / SPEECH_RATE, 3)
        turns.append(SpokenTurn(line.speaker, line.voice, line.text, start_s, end_s))
        at += len(sound)
    noise = np.random.default_rng(seed).standard_normal((2, at + round(_TAIL_S * SPEECH_RATE)))
    call = noise * 10 ** (_NOISE_RMS_DBFS / 20)
    for side, start, sound in placed:
        call[side, start : start + len(sound)] += sound
    return np.stack([telephone_band(side) for side in call]), turns


def telephone_band(sound: Sound) -> Sound:
    """The sound with 300-3400 Hz passed and raised-cosine slopes 150 Hz wide outside of it."""
    hz = np.fft.rfftfreq(len(sound), 1 / SPEECH_RATE)
    passed = np.clip(np.minimum((hz - 150) / 150, (3550 - hz) / 150), 0, 1)
    return np.fft.irfft(np.fft.rfft(sound) * (0.5 - 0.5 * np.cos(np.pi * passed)), len(sound))


def write_mulaw(path: Path, call: Sound) -> None:
    """Write (2, n) sound at `SPEECH_RATE` as a G.711 mu-law WAV file."""
    packed = np.ascontiguousarray(np.clip(np.round(call.T * 32768), -32768, 32767).astype(np.int16))
    with av.open(str(path), "w", format="wav", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("pcm_mulaw", rate=SPEECH_RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(packed.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = SPEECH_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
