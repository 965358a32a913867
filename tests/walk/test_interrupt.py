"""Ctrl-C in the middle of `earwitness analyze`: what was heard is stored, nothing is left running."""

import os
import signal
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from app.cases.reader import CaseReader
from app.errors import NoCaseLogError
from detection.events import CallEnded, Event, UtteranceHeard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals a group of processes")

EARWITNESS = Path(sys.executable).with_name("earwitness")


def hear_signals() -> None:
    """In the child: whoever started the tests may have had SIGINT ignored, which children inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def events_of(log: Path) -> list[Event]:
    try:
        with CaseReader(log) as reader:
            return [s.event for case in reader.summaries() for s in reader.events(case.id)]
    except NoCaseLogError:
        return []


@pytest.mark.parametrize(
    ("sent", "times"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)]
)
def test_the_case_is_ended_and_no_traceback_is_shown(
    samples: Path, tmp_path: Path, sent: signal.Signals, times: int
):
    log = tmp_path / "cases.db"
    command = [EARWITNESS, "analyze", "--data-dir", tmp_path, samples / "b_helpdesk_con.wav"]
    with Popen(
        command, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True, preexec_fn=hear_signals
    ) as analysis:
        while analysis.poll() is None and not any(isinstance(e, UtteranceHeard) for e in events_of(log)):
            time.sleep(0.02)
        for _ in range(times):
            (os.killpg if sent is signal.SIGINT else os.kill)(analysis.pid, sent)
            time.sleep(0.1)
        out, err = analysis.communicate(timeout=60)
    assert analysis.returncode == 130, err
    assert "Traceback" not in out + err
    events = events_of(log)
    assert any(isinstance(event, UtteranceHeard) for event in events)
    last = events[-1]
    assert isinstance(last, CallEnded)
    assert last.reason == "stopped"
    if times == 2:
        assert any(event.kind == "not_judged" for event in events)


def test_ctrl_c_while_starting_leaves_no_traceback_of_the_recognizer(samples: Path, tmp_path: Path):
    """At each of these moments the program is somewhere else on its way to the first segment."""
    for moment in (1.2, 1.6, 2.0):
        command = [EARWITNESS, "analyze", "--data-dir", tmp_path, samples / "b_helpdesk_con.wav"]
        with Popen(
            command, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True, preexec_fn=hear_signals
        ) as analysis:
            time.sleep(moment)
            os.killpg(analysis.pid, signal.SIGINT)
            _, err = analysis.communicate(timeout=60)
        assert "Process SpawnProcess" not in err
