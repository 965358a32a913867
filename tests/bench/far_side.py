"""The caller's side of a bench: a sink, and what plays a marked sound into it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from audio.live.clock import now_s
from tests.bench.marked_sound import RATE, Pcm
from tests.pulse import PrivatePulse

FAR = "far"


@dataclass
class Player:
    """What plays from `start_s` (`now_s`) on: the sound from its sample `offset`."""

    start_s: float
    offset: int
    process: subprocess.Popen[bytes]


class FarSide:
    """Plays a sound into the sink `far` by the clock: begun anew, it goes on where it is by now."""

    def __init__(self, pulse: PrivatePulse, folder: Path, sound: Pcm) -> None:
        self.players: list[Player] = []
        self._pulse = pulse
        self._file = folder / "far.raw"
        self._file.write_bytes(sound.astype("<i2").tobytes())

    def play(self) -> None:
        """Begin, or begin anew."""
        self.stop()
        start_s = now_s()
        begun_s = self.players[0].start_s if self.players else start_s
        offset = round((start_s - begun_s) * RATE)
        form = ["--raw", "--format=s16le", f"--rate={RATE}", "--channels=1"]
        with self._file.open("rb") as sound:
            sound.seek(2 * offset)
            process = subprocess.Popen(
                ["paplay", f"--device={FAR}", *form],
                stdin=sound,
                env=self._pulse.env,
                stderr=subprocess.DEVNULL,
            )
        self.players.append(Player(start_s, offset, process))

    def stop(self) -> None:
        """Be silent."""
        if self.players:
            self.players[-1].process.kill()
            self.players[-1].process.wait()
