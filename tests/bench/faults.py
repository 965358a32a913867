"""What faults take from a recorded call: `make bench-faults`, which takes about 15 minutes.

`--times` faults at random moments of one call of `earwitness listen --recording`: the sound server is
killed and started again, the tapped output or the microphone is removed and put back. Then `--kills`
programs are killed while they transcribe, a few at a time. What is recorded is followed through what was
played, every 16 ms, to a fraction of a sample. `--times 5 --kills 6` gives a first impression.

When a sample was spoken into the microphone is known exactly (`tests.bench.sound_card`). The output's
sound is timed by its place on the call's time line, whose begin the microphone tells: it may be late by
what both devices' delays differ, some 20 ms.
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

from tests.bench import program_kills, server_faults
from tests.pulse import missing


def main() -> int:
    """Measure and print; exit status 1 where sound before a fault is gone or the log lacks something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="faults of the server and its devices")
    parser.add_argument("--kills", type=int, default=50, help="programs to kill")
    parser.add_argument("--at-once", type=int, default=2, help="how many of them listen at a time")
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
    wrong = [told[name] for told in figures.values() for name in told if name in _NONE_ALLOWED]
    return int(any(wrong))


_NONE_ALLOWED = {
    "pieces that were not found",
    "jumps in them",
    "faults without a gap in the log",
    "back later than 2 s",
    "files that cannot be played",
    "recordings that were not found in what was played",
    "lines shown that are not in the log",
    "cases not intact",
    "child processes left",
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
