"""`earwitness listen` against a real sound server, into whose sinks both sides of a call are played."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen, run

import av
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from app.cases.reader import CaseReader
from app.cases.verify import verify
from audio.types import CALL_RATE
from detection.events import CallStarted, ConsentRecorded
from tests.pulse import PrivatePulse
from tests.sound import read_sound, write_wav

REPO = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())"]
DEVICES = ["--microphone", "mic", "--far-side", "far"]
HEARD_S = 12.5
CONSENT = ["--consent-given", "--consent-by", "Ann"]


@pytest.fixture
def sides(samples: Path, tmp_path: Path) -> dict[str, Path]:
    """What is played into each sink: the sample's first seconds."""
    sound, rate = read_sound(samples / "a_disclosed_assistant.wav")
    files = {sink: tmp_path / f"{sink}.wav" for sink in ("far", "mic")}
    for file, side in zip(files.values(), sound[:, : round(HEARD_S * rate)], strict=True):
        write_wav(file, side[None], rate)
    return files


@contextmanager
def listening(pulse: PrivatePulse, data: Path, *options: str) -> Iterator[Popen[str]]:
    """The command in a process of its own, given as soon as it hears."""
    env = pulse.env | {"EARWITNESS_DATA_DIR": str(data)}
    command = [*PROGRAM, "listen", *DEVICES, *options]
    with Popen(command, env=env, cwd=REPO, stdout=PIPE, stderr=PIPE, text=True) as program:
        told = program.stderr if "--json" in options else program.stdout
        assert told
        try:
            assert told.readline().startswith(("Listening.", "Waiting for a call."))
            yield program
        finally:
            program.kill()


def play(pulse: PrivatePulse, sides: dict[str, Path]) -> None:
    players = [pulse.play(file, sink) for sink, file in sides.items()]
    assert [player.wait(60) for player in players] == [0, 0]


def recorded(file: Path) -> np.ndarray:
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames)


def test_a_live_call_is_judged_kept_and_recorded(
    pulse: PrivatePulse, sides: dict[str, Path], tmp_path: Path
):
    data = tmp_path / "data"
    with listening(pulse, data, "--json", "--recording", *CONSENT) as program:
        play(pulse, sides)
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    case = json.loads(out)
    schema = json.loads((REPO / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))
    assert not [error.message for error in Draft202012Validator(schema).iter_errors(case)]
    assert case["ended"] == "stopped"
    assert {line["channel"] for line in case["transcript"]} == {"caller", "agent"}
    assert case["disclosure"]["state"] == "disclosed"
    assert "artificial intelligence" in case["disclosure"]["quote"]
    assert case["voice"]["speech_s"] > 4
    assert case["gaps"] == []
    assert case["echoes"] == []
    assert case["consent"]["acknowledgement"]["by"] == "Ann"
    assert all(check.ok for check in verify(data / "cases.db"))
    for kept in case["recording"]["files"]:
        sound = recorded(data / "recordings" / kept["file"])
        assert len(sound) / CALL_RATE == pytest.approx(case["duration_s"], abs=0.5)
        assert np.abs(sound).max() > 3000
        assert len(kept["sha256"]) == 64
    with CaseReader(data / "cases.db") as reader:
        first, second, *_ = (entry.event for entry in reader.events(case["case_id"]))
    assert isinstance(first, CallStarted)
    assert isinstance(second, ConsentRecorded)


def test_what_is_said_is_shown_as_it_is_said(
    pulse: PrivatePulse, sides: dict[str, Path], tmp_path: Path
):
    with listening(pulse, tmp_path / "data", "--seconds", "8", *CONSENT) as program:
        play(pulse, sides)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    live, _, report = out.partition("\nfar (caller)")
    assert "Caller: " in live
    assert "AI disclosure: " in live
    assert "Ann confirmed (command line, " in report
    assert "The sound of this call is not kept" in report
    assert not (tmp_path / "data" / "recordings").exists()


def test_a_call_is_found_by_its_sound(
    pulse: PrivatePulse, sides: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(pulse.env, "EARWITNESS_CONSENT", "standing")
    monkeypatch.setitem(pulse.env, "EARWITNESS_CONSENT_BASIS", "Contract, clause 7")
    with listening(pulse, tmp_path / "data", "--auto", "--json") as program:
        time.sleep(3)
        play(pulse, sides)
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    (case,) = map(json.loads, out.splitlines())
    assert case["consent"]["standing_basis"] == "Contract, clause 7"
    assert case["disclosure"]["state"] == "disclosed"
    assert case["transcript"][0]["start_s"] < 2
    assert 10 < case["duration_s"] < 15
    assert case["gaps"] == []


def test_call_after_call_needs_a_standing_basis(pulse: PrivatePulse, tmp_path: Path):
    env = pulse.env | {"EARWITNESS_DATA_DIR": str(tmp_path / "data")}
    command = [*PROGRAM, "listen", "--auto", *DEVICES, *CONSENT]
    done = run(command, env=env, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "set a standing basis" in done.stderr


def test_without_consent_nothing_is_kept(pulse: PrivatePulse, tmp_path: Path):
    env = pulse.env | {"EARWITNESS_DATA_DIR": str(tmp_path / "data")}
    done = run(
        [*PROGRAM, "listen", *DEVICES], env=env, cwd=REPO, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Nothing of this call is kept, because nobody has confirmed" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_device_that_is_not_there_is_named(pulse: PrivatePulse, tmp_path: Path):
    env = pulse.env | {"EARWITNESS_DATA_DIR": str(tmp_path / "data")}
    command = [*PROGRAM, "listen", "--microphone", "Jabra", "--far-side", "far", *CONSENT]
    done = run(command, env=env, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert '"Jabra" fits no device: choose one of ' in done.stderr
