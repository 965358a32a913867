"""What faults take from a recorded call: `make bench-faults`, which takes about 20 minutes.

`--times` faults at random moments of one call of `earwitness listen --recording`: the sound server is
killed and started again, the tapped output or the microphone is removed and put back. Then `--kills`
programs are killed while they transcribe. What is recorded is followed through what was
played, every 16 ms, to a fraction of a sample. `--times 5 --kills 6` gives a first impression.

When a sample was spoken into the microphone is known exactly (`tests.bench.sound_card`). The output's
sound is timed by its place on the call's time line, whose begin the microphone tells: it may be late by
what both devices' delays differ, some 20 ms.

What may be missing: with a device goes what is in its block and in the sound server's (10 and 20 ms) and
what is on its way through the program, for all of which `GOAL_MS` is the goal of `make bench-capture`.
With a killed program goes the FLAC frame that was not full yet (72 ms), too. On a machine that is busy
with other work sound comes later, and these limits may be missed.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from audio.recording.flac import FlacEncoder
from audio.types import CALL_RATE
from tests.bench import program_kills, server_faults
from tests.bench.capture import GOAL_MS
from tests.pulse import missing

_FRAME_MS = FlacEncoder().block / CALL_RATE * 1e3


def main() -> int:
    """Measure and print; exit status 1 where a figure is not what it must be, which is then named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="faults of the server and its devices")
    parser.add_argument("--kills", type=int, default=50, help="programs to kill")
    parser.add_argument("--at-once", type=int, default=1, help="how many of them listen at a time")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if needed := missing():
        sys.exit(f"needs Debian's PulseAudio; missing here: {needed}")
    figures: dict[str, dict[str, Any]] = {}
    if arguments.times:
        figures["faults"] = _in_a_folder(lambda folder: server_faults.measure(folder, arguments.times))
    if arguments.kills:
        figures["kills"] = _in_a_folder(
            lambda folder: program_kills.measure(folder, arguments.kills, arguments.at_once)
        )
    if arguments.json:
        print(json.dumps(figures, indent=1))  # noqa: T201
    else:
        for title, told in figures.items():
            Console().print(_table(title, told))
    wrong = [f"{title}: {name}" for title, told in figures.items() for name in _wrong(title, told)]
    for name in wrong:
        sys.stderr.write(f"not as it must be: {name}\n")
    return int(bool(wrong))


def _wrong(title: str, figures: dict[str, Any]) -> list[str]:
    return [name for name, is_right in _MUST[title].items() if not is_right(figures[name])]


def _is(wanted: object) -> Callable[[Any], bool]:
    return lambda figure: figure == wanted


def _is_some(figure: Any) -> bool:
    return figure > 0


def _is_within(most_ms: float) -> Callable[[Any], bool]:
    return lambda spread: spread.get("most", 0.0) <= most_ms


_MUST: dict[str, dict[str, Callable[[Any], bool]]] = {
    "faults": {
        "went on": _is(True),
        "exit status": _is(0),
        "pieces of sound before a fault": _is_some,
        "pieces that were not found": _is(0),
        "jumps in them": _is(0),
        "missing before the fault ms, microphone": _is_within(GOAL_MS),
        "missing before the fault ms, far side": _is_within(GOAL_MS),
        "faults without a gap in the log": _is(0),
        "gaps without sound after them": _is(0),
        "back while the device was away": _is(0),
        "back later than 2 s": _is(0),
        "call ended": _is("stopped"),
        "log intact": _is(True),
    },
    "kills": {
        "seconds recorded": _is_some,
        "files that cannot be read": _is(0),
        "files that flac -t refuses": _is(0),
        "pieces that were not found in what was played": _is([]),
        "jumps in them": _is(0),
        "missing before the kill ms, microphone": _is_within(GOAL_MS + _FRAME_MS),
        "missing before the kill ms, far side": _is_within(GOAL_MS + _FRAME_MS),
        "lines shown": _is_some,
        "lines shown that are not in the log": _is(0),
        "cases not intact": _is(0),
        "child processes seen": _is_some,
        "child processes left": _is(0),
    },
}


def _in_a_folder(measure: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp())
    try:
        return measure(folder)
    finally:
        shutil.rmtree(folder)


def _table(title: str, figures: dict[str, Any]) -> Table:
    table = Table(title, "")
    for name, figure in figures.items():
        table.add_row(name, _cell(figure))
    return table


def _cell(figure: object) -> str:
    match figure:
        case dict():
            return ", ".join(f"{name} {value}" for name, value in figure.items())
        case list():
            return "; ".join(map(str, figure)) or "none"
        case _:
            return str(figure)


if __name__ == "__main__":
    sys.exit(main())
