"""The same call heard live and read from a file: the same segments and the same verdicts."""

import json
import signal
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.paths import recordings_dir
from audio.types import CALL_RATE, Channel
from tests.live_program import CONSENT, listening, play, sides
from tests.pulse import PrivatePulse
from tests.sound import read_sound, write_wav
from tests.walk.conftest import Earwitness

HEARD_S = 25
NEAR_S = 0.05


def listened(pulse: PrivatePulse, sample: Path, folder: Path, data: Path) -> dict[str, Any]:
    """What `earwitness listen` says of the sample's beginning, played into the two sinks."""
    with listening(pulse, data, "--recording", *CONSENT, "--json") as program:
        play(pulse, sides(sample, HEARD_S, folder))
        time.sleep(1)  # the silence that ends the last segment
        program.send_signal(signal.SIGTERM)
        judged, errors = program.communicate(timeout=60)
    assert program.returncode == 0, errors
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


def of_file(earwitness: Earwitness, file: Path) -> dict[str, Any]:
    read = earwitness("analyze", file, "--json")
    assert read.status == 0, read.err
    return json.loads(read.out)


def test_a_live_call_is_judged_as_its_recording_and_as_what_was_played(
    pulse: PrivatePulse, samples: Path, tmp_path: Path, earwitness: Earwitness
):
    data, sample = tmp_path / "data", samples / "b_helpdesk_con.wav"
    live = listened(pulse, sample, tmp_path, data)
    recording = both_sides(recordings_dir(data), live["case_id"], tmp_path / "call.wav")
    heard_live, recorded = segments(live), of_file(earwitness, recording)
    assert len(heard_live) >= 4
    assert [channel for channel, *_ in heard_live] == [channel for channel, *_ in segments(recorded)]
    for (_, *times), (_, *same_times) in zip(heard_live, segments(recorded), strict=True):
        assert times == pytest.approx(same_times, abs=NEAR_S)

    sound, rate = read_sound(sample)
    quiet = np.zeros((2, rate), sound.dtype)  # as before and after the players play
    write_wav(tmp_path / "played.wav", np.hstack([quiet, sound[:, : HEARD_S * rate], quiet]), rate)
    played = of_file(earwitness, tmp_path / "played.wav")
    for channel in Channel:
        in_call, in_file = (
            np.array([times for side, *times in spans if side == channel])
            for spans in (heard_live, segments(played))
        )
        assert in_call.shape == in_file.shape
        begun_s = np.median(in_call[:, 0] - in_file[:, 0])
        assert in_call - begun_s == pytest.approx(in_file, abs=NEAR_S)

    assert verdicts(live) == verdicts(recorded) == verdicts(played)
    assert verdicts(live)[0] == "likely_synthetic"
    assert verdicts(live)[1] != "calm"
