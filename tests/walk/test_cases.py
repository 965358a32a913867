"""`earwitness cases` and what every command does with its output, as a person meets them."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cases.writer import CaseWriter
from app.cli.commands import cli
from audio.types import CALL_RATE, Channel
from detection.events import AlertRaised, CallEnded, CallStarted, VoiceJudged
from detection.types import Alert, AlertLevel, VoiceLevel, VoiceVerdict
from tests.walk.conftest import Earwitness

EARWITNESS = Path(sys.executable).with_name("earwitness")
NASTY = "[red]x[/nope] :fire: \x1b[2J \u202egnp.wav\n"
SPELT = r"[red]x[/nope] :fire: \x1b[2J \u202egnp.wav\n"


def store(folder: Path, source: str, *last: CallEnded) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with CaseWriter(folder / "cases.db") as writer:
        started_at = datetime.now(UTC).isoformat()
        case_id = writer.open_case(source, started_at)
        watch = Alert(AlertLevel.WATCH, "voice", "A watch", "Because.", "Call back.", CALL_RATE)
        voice = VoiceVerdict(VoiceLevel.LIKELY_SYNTHETIC, reasons=("It sounds so.",))
        started = CallStarted(source, started_at, (Channel.CALLER,), ())
        events = [started, VoiceJudged(voice, CALL_RATE), AlertRaised(watch, CALL_RATE)]
        writer.append(case_id, [*events, AlertRaised(watch, CALL_RATE), *last])
    return case_id


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def on_a_terminal(folder: Path, columns: int) -> str:
    """What `cases list` shows on a terminal of that width."""
    pty = pytest.importorskip("pty")
    try:
        master, slave = pty.openpty()
    except OSError as error:
        pytest.skip(f"needs a terminal device: {error}")
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"}
    run = subprocess.Popen(
        [EARWITNESS, "cases", "list", "--data-dir", folder], stdout=slave, env=environment
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:  # Linux: the other side was closed
        pass
    os.close(master)
    assert run.wait(30) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())


def test_a_piped_list_has_every_case_whole_on_a_line_of_its_own(earwitness: Earwitness, data: Path):
    source = f"{'very long name ' * 8}.wav"
    ended = store(data, source, CallEnded("finished", CALL_RATE))
    failed = store(data, "b.wav", CallEnded("failed", CALL_RATE, "The disk is full."))
    going_on = store(data, "c.wav")
    header, *lines = earwitness("cases", "list").out.splitlines()
    assert "Case" in header
    by_id = {line.split()[0]: line for line in lines}
    assert set(by_id) == {ended, failed, going_on}
    assert "complete" in by_id[ended]
    assert source in by_id[ended]
    assert "interrupted" in by_id[failed]
    assert "not ended" in by_id[going_on]
    assert all("Likely synthetic" in line and line.split()[-2:] == ["0", "2"] for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal_shows_whole_ids_and_words(data: Path, columns: int):
    case_id = store(data, "b.wav", CallEnded("failed", CALL_RATE, "The disk is full."))
    shown = on_a_terminal(data, columns)
    assert case_id in shown
    assert "interrupted" in shown
    assert "…" not in shown
    for word in ("Likely", "synthetic", "Conversation", "disclosure", "Watches", "b.wav"):
        assert word in shown
    assert all(len(line) <= columns for line in shown.splitlines())


def test_a_list_for_programs(earwitness: Earwitness, data: Path):
    case_id = store(data, "b.wav", CallEnded("failed", CALL_RATE, "The disk is full."))
    (line,) = earwitness("cases", "list", "--json").out.splitlines()
    case = json.loads(line)
    assert case.pop("started_at").endswith("+00:00")
    assert case == {
        "id": case_id,
        "source": "b.wav",
        "duration_s": 1.0,
        "status": "interrupted",
        "voice": "likely_synthetic",
        "conversation": "not_checked",
        "disclosure": "not_checked",
        "alerts": 0,
        "watches": 2,
    }


def test_reading_creates_nothing_and_no_cases_are_no_fault(earwitness: Earwitness, data: Path):
    listed = earwitness("cases", "list")
    assert listed.status == 0
    assert "There is no case log" in listed.err
    assert earwitness("cases", "list", "--json").out == ""
    assert earwitness("cases", "show", "2026").status == 3
    assert earwitness("cases", "verify").status == 3
    assert not data.exists()


def test_names_can_neither_style_nor_steer_the_terminal(earwitness: Earwitness, data: Path):
    case_id = store(data, NASTY, CallEnded("failed", CALL_RATE, f"{NASTY} broke."))
    for run in (earwitness("cases", "list"), earwitness("cases", "show", case_id)):
        assert run.status == 0, run.err
        assert SPELT in run.out
        assert "\x1b" not in run.out
        assert "\u202e" not in run.out
    for arguments in (["analyze", NASTY], ["cases", "show", NASTY], ["analyze", f"--{NASTY}"]):
        run = earwitness(*arguments)
        assert r"\x1b[2J" in run.err
        assert "\x1b" not in run.err
        assert "Traceback" not in run.err


def test_a_failed_call_says_why(earwitness: Earwitness, data: Path):
    case_id = store(data, "b.wav", CallEnded("failed", CALL_RATE, "The line broke."))
    assert "The call ended early: The line broke." in earwitness("cases", "show", case_id).out
    shown = json.loads(earwitness("cases", "show", "--json", case_id).out)
    assert (shown["ended"], shown["ended_detail"]) == ("failed", "The line broke.")


def test_a_bad_setting_is_named_and_an_empty_one_is_unset(
    earwitness: Earwitness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("EARWITNESS_THREADS", "abc")
    run = earwitness("cases", "list")
    assert run.status == 3
    assert "EARWITNESS_THREADS is 'abc'" in run.err
    assert run.err.count("\n") == 1
    monkeypatch.setenv("EARWITNESS_THREADS", "")
    monkeypatch.setenv("EARWITNESS_DATA_DIR", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "system"))
    run = earwitness("cases", "list")
    assert run.status == 0
    assert f"There is no case log in {Path.cwd()}" not in run.err
    assert "no case log in ." not in run.err


def test_an_output_of_few_characters_is_enough(data: Path):
    case_id = store(data, "“b”.wav", CallEnded("finished", CALL_RATE))
    run = subprocess.run(
        [EARWITNESS, "cases", "show", "--data-dir", data, case_id],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert run.returncode == 0, run.stderr
    assert b"?b?.wav" in run.stdout


@pytest.fixture(params=[["cases", "list"], ["cases", "list", "--json"], ["cases", "verify"], ["--help"]])
def command(request: pytest.FixtureRequest, data: Path) -> list[object]:
    store(data, "b.wav", CallEnded("finished", CALL_RATE))
    return [EARWITNESS, *request.param, *(["--data-dir", data] if request.param[0] == "cases" else [])]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_output_is_one_sentence(command: list):
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 3
    assert run.stderr.count("\n") == 1
    assert "could not be printed (No space left on device)" in run.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe has no error of its own there")
def test_a_reader_that_went_away_is_no_fault(command: list):
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert run.stderr == ""
    assert run.returncode == (141 if "cases" in command else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal that a process can send itself")
def test_ctrl_c_while_the_program_loads_leaves_no_traceback():
    script = (
        "import sys, signal, app.cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'numpy': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "app.cli.main()\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 130
    assert run.stderr == "earwitness: Stopped.\n"


def test_every_command_is_documented():
    page = (Path(__file__).parent.parent.parent / "docs" / "command-line.md").read_text()
    for name in cli.commands:
        assert f"`earwitness {name}" in page
