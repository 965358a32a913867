"""The same call heard live and read from a file: the same segments and the same verdicts."""

import json
import signal
import sys
import time
import wave
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import numpy as np
import pytest

from app.paths import recordings_dir
from audio.types import CALL_RATE, Channel
from tests.pulse import PrivatePulse
from tests.sound import read_sound, write_wav
from tests.walk.conftest import Earwitness

HEARD_S = 25
NEAR_S = 0.05
RUN = "import sys; from app.cli import main; sys.exit(main())"
DEVICES = ("--microphone", "mic", "--far-side", "far")
CONSENT = ("--recording", "--consent-given", "--consent-by", "Ann")


def listened(pulse: PrivatePulse, sample: Path, folder: Path, data: Path) -> dict[str, Any]:
    """What `earwitness listen` says of the sample's beginning, played into the two sinks."""
    sound, rate = read_sound(sample)
    sides = dict(zip(("far", "mic"), sound[:, : HEARD_S * rate], strict=True))
    for sink, side in sides.items():
        write_wav(folder / f"{sink}.wav", side[None], rate)
    command = [sys.executable, "-c", RUN, "listen", *DEVICES, *CONSENT, "--json", "--data-dir", data]
    with Popen(command, env=pulse.env, stdout=PIPE, stderr=PIPE, text=True) as listening:
        try:
            assert listening.stderr
            assert listening.stderr.readline().startswith("Listening.")
            players = [pulse.play(folder / f"{sink}.wav", sink) for sink in sides]
            assert [player.wait(HEARD_S + 30) for player in players] == [0, 0]
            time.sleep(1)  # the silence that ends the last segment
            listening.send_signal(signal.SIGTERM)
            judged, errors = listening.communicate(timeout=60)
        finally:
            listening.kill()
    assert listening.returncode == 0, errors
    return json.loads(judged)


def both_sides(folder: Path, case_id: str, file: Path) -> Path:
    """The recorded channels as one file, bit by bit the same."""
    sides = [read_sound(folder / f"{case_id}-{channel}.flac") for channel in Channel]
    assert {rate for _, rate in sides} == {CALL_RATE}
    count = max(sound.shape[1] for sound, _ in sides)
    both = np.zeros((len(sides), count), "<i2")
    for row, (sound, _) in zip(both, sides, strict=True):
        row[: sound.shape[1]] = np.rint(sound[0] * 32768)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(len(both))
        wav.setsampwidth(2)
        wav.setframerate(CALL_RATE)
        wav.writeframes(both.T.tobytes())
    return file


def segments(judged: dict[str, Any]) -> list[tuple[str, float, float]]:
    spans = [*judged["transcript"], *judged["not_judged"]]
    return sorted((span["channel"], span["start_s"], span["end_s"]) for span in spans)


def verdicts(judged: dict[str, Any]) -> tuple[str, str, str]:
    return (judged["voice"]["level"], judged["conversation"]["level"], judged["disclosure"]["state"])


def test_a_live_call_is_judged_as_its_recording_is(
    pulse: PrivatePulse, samples: Path, tmp_path: Path, earwitness: Earwitness
):
    data = tmp_path / "data"
    live = listened(pulse, samples / "b_helpdesk_con.wav", tmp_path, data)
    recording = both_sides(recordings_dir(data), live["case_id"], tmp_path / "call.wav")
    read = earwitness("analyze", recording, "--json")
    assert read.status == 0, read.err
    file = json.loads(read.out)
    heard_live, heard_in_file = segments(live), segments(file)
    assert [channel for channel, *_ in heard_live] == [channel for channel, *_ in heard_in_file]
    for (_, *times), (_, *same_times) in zip(heard_live, heard_in_file, strict=True):
        assert times == pytest.approx(same_times, abs=NEAR_S)
    assert len(heard_live) >= 4
    assert verdicts(live) == verdicts(file)
    assert verdicts(live)[0] == "likely_synthetic"
    assert verdicts(live)[1] != "calm"
