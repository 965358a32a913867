"""A sound server of a test's own: a private PulseAudio daemon whose null sinks stand in for devices."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SINKS = ("mic", "far")
_STARTS_WITHIN_S = 15.0


class PrivatePulse:
    """Talk to the daemon: programs started with `env` see one ALSA input per sink, named after it.

    PortAudio reads its configuration once per process, so capture in a process started with `env`.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env

    def play(self, path: Path, sink: str) -> subprocess.Popen[bytes]:
        """Start playing a WAV file into a sink; the caller waits for the player or ends it."""
        return subprocess.Popen(["paplay", f"--device={sink}", str(path)], env=self.env)


def missing() -> str:
    """What has to be installed for `private_pulse` to work; empty where nothing is missing."""
    programs = [
        program for program in ("pulseaudio", "paplay", "pactl") if shutil.which(program) is None
    ]
    plugins = list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    return ", ".join(programs + ([] if plugins else ["libasound2-plugins"]))


@contextmanager
def private_pulse(folder: Path, sinks: Sequence[str] = SINKS) -> Iterator[PrivatePulse]:
    """Run the daemon with its socket, configuration and cookie under `folder` until the block ends."""
    socket = folder / "native"
    alsa = folder / "asound.conf"
    alsa.write_text(
        "".join(
            f'pcm.{sink} {{ type pulse device "{sink}.monitor" '
            f'hint {{ show on description "{sink}" }} }}\n'
            for sink in sinks
        )
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "DBUS_"))}
    env |= {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PULSE_SERVER": f"unix:{socket}",
        "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{alsa}",
    }
    modules = [f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
    modules += [f"module-null-sink sink_name={sink} rate=48000 channels=1" for sink in sinks]
    command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
    command += ["--disable-shm=yes", *(f"--load={module}" for module in modules)]
    with (folder / "pulse.log").open("wb") as log:
        daemon = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            _wait_until_ready(env, daemon, folder)
            yield PrivatePulse(env)
        finally:
            daemon.terminate()
            daemon.wait()


def _wait_until_ready(env: dict[str, str], daemon: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while subprocess.run(["pactl", "info"], env=env, capture_output=True, check=False).returncode:
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"pulseaudio did not start:\n{(folder / 'pulse.log').read_text()}")
        time.sleep(0.05)
