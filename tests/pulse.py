"""A sound server of a test's own: a private PulseAudio daemon whose null sinks stand in for devices."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SINKS = ("mic", "far")
_STARTS_WITHIN_S = 30.0
_ANSWERS_WITHIN_S = 30.0
_ENDS_WITHIN_S = 10.0


class PrivatePulse:
    """The daemon: programs started with `env` see one ALSA input per sink, named after it.

    PortAudio reads its configuration once per process, so capture with it in one started with `env`.
    Socket, configuration and cookie lie under `folder`, where the daemon may be started again.
    """

    def __init__(self, folder: Path, sinks: Sequence[str] = SINKS) -> None:
        self._folder = folder
        self._sinks = sinks
        self._daemon: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, str] = {}
        self.env = _env(folder)
        (folder / "asound.conf").write_text(
            "".join(
                f'pcm.{sink} {{ type pulse device "{sink}.monitor" '
                f'hint {{ show on description "{sink}" }} }}\n'
                for sink in sinks
            )
        )

    def start(self) -> None:
        """Run the daemon with its sinks, until `stop` or `kill`."""
        modules = [f"module-native-protocol-unix socket={self._folder / 'native'} auth-anonymous=1"]
        command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
        command += ["--disable-shm=yes", *(f"--load={module}" for module in modules)]
        with (self._folder / "pulse.log").open("wb") as log:
            self._daemon = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        self._wait_until_ready()
        for sink in self._sinks:
            self.plug(sink)

    def stop(self) -> None:
        """End the daemon, by force where it does not end by itself."""
        if self._daemon:
            self._daemon.send_signal(signal.SIGCONT)
            self._daemon.terminate()
            try:
                self._daemon.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the daemon as a crash would."""
        if self._daemon:
            self._daemon.kill()
            self._daemon.wait()

    def freeze(self) -> None:
        """Let the daemon answer no more, until `thaw`."""
        if self._daemon:
            self._daemon.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the daemon answer again."""
        if self._daemon:
            self._daemon.send_signal(signal.SIGCONT)

    def plug(self, sink: str, *, rate: int = 48000) -> None:
        """Add a sink of one channel, described by its name.

        It may not be rewound: a null sink that may renders up to 2 s ahead while nobody listens, and one
        who begins to listen hears nothing for so long.
        """
        self._modules[sink] = self.control(
            "load-module",
            "module-null-sink",
            f"sink_name={sink}",
            f"sink_properties=device.description={sink}",
            f"rate={rate}",
            "channels=1",
            "norewinds=1",
        )

    def unplug(self, sink: str) -> None:
        """Take a sink away."""
        self.control("unload-module", self._modules.pop(sink))

    def control(self, *command: str) -> str:
        """What `pactl` prints for a command."""
        done = subprocess.run(
            ["pactl", *command],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=_ANSWERS_WITHIN_S,
        )
        return done.stdout.strip()

    def play(self, path: Path, sink: str, *options: str) -> subprocess.Popen[bytes]:
        """Start playing a WAV file into a sink; the caller waits for the player or ends it."""
        return subprocess.Popen(["paplay", f"--device={sink}", *options, str(path)], env=self.env)

    def _wait_until_ready(self) -> None:
        assert self._daemon
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not self._is_ready():
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                log = (self._folder / "pulse.log").read_text()
                raise RuntimeError(f"pulseaudio did not start:\n{log}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            self.control("info")
        except subprocess.SubprocessError:
            return False
        return True


def missing() -> str:
    """What has to be installed for `private_pulse` to work; empty where nothing is missing."""
    programs = [
        program for program in ("pulseaudio", "paplay", "pactl") if shutil.which(program) is None
    ]
    plugins = list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    return ", ".join(programs + ([] if plugins else ["libasound2-plugins"]))


@contextmanager
def private_pulse(folder: Path, sinks: Sequence[str] = SINKS) -> Iterator[PrivatePulse]:
    """Run a daemon with its files under `folder` until the block ends."""
    daemon = PrivatePulse(folder, sinks)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


def _env(folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "DBUS_"))}
    return env | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PULSE_SERVER": f"unix:{folder / 'native'}",
        "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{folder / 'asound.conf'}",
    }
