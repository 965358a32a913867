"""`earwitness listen` in a process of its own, and the calls that are played to it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from tests.pulse import PrivatePulse
from tests.sound import read_sound, write_wav

REPO = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())", "listen"]
DEVICES = ["--microphone", "mic", "--far-side", "far"]
CONSENT = ["--consent-given", "--consent-by", "Ann"]
_PLAYED_WITHIN_S = 60.0


def sides(sample: Path, seconds: float, folder: Path) -> dict[str, Path]:
    """A file in `folder` for each sink: its side of the sample's first seconds."""
    sound, rate = read_sound(sample)
    files = {sink: folder / f"{sink}.wav" for sink in ("far", "mic")}
    for file, side in zip(files.values(), sound[:, : round(seconds * rate)], strict=True):
        write_wav(file, side[None], rate)
    return files


@contextmanager
def playing(pulse: PrivatePulse, sides: Mapping[str, Path]) -> Iterator[list[Popen[bytes]]]:
    """The players of a call's sides into their sinks, killed when the block ends."""
    players = [pulse.play(file, sink) for sink, file in sides.items()]
    try:
        yield players
    finally:
        for player in players:
            player.kill()
            player.wait()


def play(pulse: PrivatePulse, sides: Mapping[str, Path]) -> None:
    """Play a call to its end."""
    with playing(pulse, sides) as players:
        assert [player.wait(_PLAYED_WITHIN_S) for player in players] == [0] * len(players)


@contextmanager
def listening(pulse: PrivatePulse, data: Path, *options: str) -> Iterator[Popen[str]]:
    """The program with the data folder `data`, given as soon as it hears."""
    command = [*COMMAND, *DEVICES, *options, "--data-dir", str(data)]
    with Popen(command, env=pulse.env, cwd=REPO, stdout=PIPE, stderr=PIPE, text=True) as program:
        told = program.stderr if "--json" in options else program.stdout
        assert told
        try:
            assert told.readline().startswith(("Listening.", "Waiting for a call."))
            yield program
        finally:
            program.kill()
