"""Makes the sample calls from `calls.yaml`: python resources/samples/make_samples.py [FOLDER].

Each turn is spoken by flite (Debian package `flite`), put on its speaker's channel (caller left,
agent right), given a low noise floor, limited to the telephone band (300-3400 Hz) and written as
8 kHz G.711 mu-law WAV, with the true times of the turns as JSON beside it. The same flite gives the
same bytes each time.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import wave
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
import soxr
import yaml
from numpy.typing import NDArray

HERE = Path(__file__).parent
RATE = 8000
SPEAKERS = ("caller", "agent")
SPEECH_RMS_DBFS = -23.0
NOISE_RMS_DBFS = -70.0
TRIM_DBFS = -45.0
TAIL_S = 0.8

Sound = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it was placed: times in seconds from the start of the call."""

    speaker: str
    voice: str
    text: str
    start_s: float
    end_s: float


def speak(voice: str, text: str) -> Sound:
    """Synthesized speech at `RATE`, shape (n,), at the level of `SPEECH_RMS_DBFS`, outer silence cut."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turn.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)  # noqa: S603, S607
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    sound = soxr.resample(samples / 32768.0, rate, RATE)
    loud = np.flatnonzero(np.abs(sound) > 10 ** (TRIM_DBFS / 20))
    sound = sound[loud[0] : loud[-1] + 1]
    return sound * (10 ** (SPEECH_RMS_DBFS / 20) / np.sqrt(np.mean(sound**2)))


def telephone_band(sound: Sound) -> Sound:
    """The sound with 300-3400 Hz passed and raised-cosine slopes 150 Hz wide outside of it."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    passed = np.clip(np.minimum((hz - 150) / 150, (3550 - hz) / 150), 0, 1)
    return np.fft.irfft(np.fft.rfft(sound) * (0.5 - 0.5 * np.cos(np.pi * passed)), len(sound))


def make_call(script: dict) -> tuple[Sound, list[Turn]]:
    """The call's sound, shape (2, n), and its turns."""
    placed: list[tuple[int, int, Sound]] = []
    turns: list[Turn] = []
    at = 0
    for turn in script["turns"]:
        sound = speak(turn["voice"], turn["text"])
        at += round(turn["gap_s"] * RATE)
        placed.append((SPEAKERS.index(turn["speaker"]), at, sound))
        start_s, end_s = round(at / RATE, 3), round((at + len(sound)) / RATE, 3)
        turns.append(Turn(turn["speaker"], turn["voice"], turn["text"], start_s, end_s))
        at += len(sound)
    noise = np.random.default_rng(script["seed"]).standard_normal((2, at + round(TAIL_S * RATE)))
    call = noise * 10 ** (NOISE_RMS_DBFS / 20)
    for side, start, sound in placed:
        call[side, start : start + len(sound)] += sound
    return np.stack([telephone_band(side) for side in call]), turns


def write_mulaw(path: Path, call: Sound) -> None:
    """Write (2, n) sound at `RATE` as a G.711 mu-law WAV file."""
    packed = np.ascontiguousarray(np.clip(np.round(call.T * 32768), -32768, 32767).astype(np.int16))
    with av.open(str(path), "w", format="wav", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("pcm_mulaw", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(packed.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    """Write every call of `calls.yaml` and its truth into the folder given, or beside this script."""
    if shutil.which("flite") is None:
        sys.exit("flite was not found: install it (Debian: apt-get install flite) and run this again.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    scripts = yaml.safe_load((HERE / "calls.yaml").read_text(encoding="utf-8"))
    for name, script in scripts.items():
        call, turns = make_call(script)
        write_mulaw(folder / f"{name}.wav", call)
        truth = {"duration_s": call.shape[1] / RATE, "turns": [asdict(turn) for turn in turns]}
        (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
