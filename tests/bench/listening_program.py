"""`earwitness listen` in a process of its own, which is killed at will, and what it has left behind."""

import io
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from rich.console import Console

from app.case_state import CaseState
from app.cases.reader import CaseReader
from app.cases.verify import verify
from app.cli.live_lines import LiveLines
from app.paths import case_log, recordings_dir
from audio.types import Channel, Samples
from detection.events import Event
from tests.bench.far_side import FAR
from tests.bench.sound_card import NAME
from tests.live_program import COMMAND, CONSENT, REPO
from tests.pulse import PrivatePulse
from tests.sound import read_sound

_WITHIN_S = 120.0
"""In which it begins, records sound, or ends: ample."""
_CASE = re.compile(r"Case (\S+)\. ")
_Found = TypeVar("_Found")
_OPTIONS = ("--microphone", NAME, "--far-side", FAR, "--recording", *CONSENT)


class ListeningProgram:
    """One call of the program, recorded into the data folder `data`; its output is beside it.

    As a context it is killed at the latest when the block ends.
    """

    def __init__(self, pulse: PrivatePulse, data: Path, name: str) -> None:
        self._data = data
        self._output = data.with_name(f"{data.name}-{name}.out")
        self.errors = data.with_name(f"{data.name}-{name}.err")
        with self._output.open("wb") as output, self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, *_OPTIONS, "--data-dir", data],
                env=pulse.env,
                cwd=REPO,
                stdout=output,
                stderr=errors,
            )
        self.case_id = self._awaited(lambda: _CASE.search(self.output), "did not begin")[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return self._output.read_text()

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._process.poll() is None

    def await_sound(self) -> None:
        """Wait until both channels' files hold sound."""
        self._awaited(self._holds_sound, "did not record both channels")

    def kill(self) -> list[int]:
        """End it as the system does when memory is short; its child processes then."""
        children = self._children()
        self._process.kill()
        return children

    def interrupt(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit status."""
        return self._process.wait(_WITHIN_S)

    @property
    def recordings(self) -> list[Path]:
        """The file of each channel, in the order of `Channel`."""
        folder = recordings_dir(self._data)
        return [folder / f"{self.case_id}-{channel}.flac" for channel in Channel]

    def events(self) -> list[Event]:
        """What is in the case log."""
        with CaseReader(case_log(self._data)) as reader:
            return [stored.event for stored in reader.events(self.case_id)]

    def is_intact(self) -> bool:
        """Whether `earwitness cases verify` accepts the case."""
        return all(check.ok for check in verify(case_log(self._data), self.case_id))

    def _holds_sound(self) -> bool:
        return all(path.is_file() and path.stat().st_size > 4096 for path in self.recordings)

    def _awaited(self, look: Callable[[], _Found | None], failure: str) -> _Found:
        deadline = time.monotonic() + _WITHIN_S
        while not (found := look()):
            if not self.is_running or time.monotonic() > deadline:
                self._end()
                raise RuntimeError(f"the program {failure}:\n{self.errors.read_text()}")
            time.sleep(0.05)
        return found

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _children(self) -> list[int]:
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]


@dataclass
class Shown:
    """What a person saw of a call, beside what is stored of it."""

    lines: int
    missing: int
    """Lines that the case log does not give again."""


def shown(output: str, case_id: str, events: list[Event]) -> Shown:
    """Have the case log tell the call again, and look there for every line that was printed."""
    told = io.StringIO()
    lines = LiveLines(Console(file=told, markup=False, emoji=False, highlight=False, width=80))
    lines.begin(case_id)
    state = CaseState(case_id)
    for event in events:
        state.apply(event)
        lines.show(event, state)
    printed, stored = output.splitlines(), told.getvalue().splitlines()
    same = sum(one == other for one, other in zip(printed, stored, strict=False))
    return Shown(len(printed), len(printed) - same)


def recorded(path: Path) -> Samples:
    """All of a recording that can be played."""
    return read_sound(path)[0][0].astype(np.float32)


def is_alive(process: int) -> bool:
    """Whether a process that is no child of ours goes on."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
