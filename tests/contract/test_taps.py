"""What every `Tap` and its `Devices` promise, asked of each system's.

Those of this system capture from a private sound server, the others from fakes of their libraries.
PortAudio reads ALSA's configuration once, so the microphones are asked in a process of their own.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from audio.devices.loopback.macos import MacOutputs
from audio.devices.loopback.pulse import PulseInputs, PulseOutputs
from audio.devices.loopback.windows import WindowsOutputs
from audio.devices.microphones import Microphones
from audio.devices.tap import Devices
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo, DeviceKind
from tests.audio.fake_catap import FakeCatap
from tests.audio.fake_wasapi import FakeWasapi
from tests.audio.hearing import Ear, heard, until
from tests.pulse import PrivatePulse, missing, private_pulse
from tests.sound import write_wav

ALSA_FOLDER = "EARWITNESS_TEST_ALSA_FOLDER"
ALL = ("pulse outputs", "pulse inputs", "windows", "macos")
SYSTEMS = ("microphones",) if ALSA_FOLDER in os.environ else ALL
RATE = 16000


class Bench(Protocol):
    """A system with one device that delivers sound."""

    devices: Devices

    def wanted(self) -> DeviceInfo: ...
    def lose_device(self) -> None: ...


class FakeBench:
    def __init__(self, devices: Devices, lose_device: Callable[[], None]) -> None:
        self.devices = devices
        self.lose_device = lose_device

    def wanted(self) -> DeviceInfo:
        return next(device for device in self.devices.list() if device.kind is DeviceKind.OUTPUT)


class PulseBench:
    """A sound server with noise in its sink `far`; what a test takes from it `close` gives back."""

    def __init__(self, devices: Devices, server: PrivatePulse, noise: Path) -> None:
        self.devices = devices
        self.server = server
        self._player = server.play(noise, "far")
        self._give_back: Callable[[], None] = lambda: None
        until(self._is_played_to)  # from then on it is among the programs

    def wanted(self) -> DeviceInfo:
        return next(device for device in self.devices.list() if "far" in device.id)

    def lose_device(self) -> None:
        self.server.unplug("far")
        self._give_back = partial(self.server.plug, "far")

    def close(self) -> None:
        self._player.kill()
        self._player.wait()
        self._give_back()
        until(lambda: not self._is_played_to())

    def _is_played_to(self) -> bool:
        return bool(self.server.control("list", "short", "sink-inputs"))


class AlsaBench(PulseBench):
    def lose_device(self) -> None:
        self.server.kill()
        self._give_back = self.server.start


ON_A_SERVER = {
    "pulse outputs": (PulseBench, PulseOutputs),
    "pulse inputs": (PulseBench, PulseInputs),
    "microphones": (AlsaBench, Microphones),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePulse]:
    if needed := missing():
        pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
    folder = os.environ.get(ALSA_FOLDER) or tmp_path_factory.mktemp("taps")
    with private_pulse(Path(folder)) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of it, longer than any of these tests."""
    file = tmp_path_factory.mktemp("noise") / "noise.wav"
    write_wav(file, np.random.default_rng(0).uniform(-0.5, 0.5, (1, 60 * RATE)), RATE)
    return file


@pytest.fixture(params=SYSTEMS)
def bench(
    request: pytest.FixtureRequest, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    match request.param:
        case "windows":
            with FakeWasapi(monkeypatch) as fake:
                yield FakeBench(WindowsOutputs(), fake.unplug)
        case "macos":
            with FakeCatap(monkeypatch) as fake:
                yield FakeBench(MacOutputs(), fake.fail)
        case system:
            server: PrivatePulse = request.getfixturevalue("server")
            monkeypatch.setenv("PULSE_SERVER", server.env["PULSE_SERVER"])
            make, devices = ON_A_SERVER[system]
            with closing(make(devices(), server, noise)) as made:
                yield made


def test_what_is_listed_has_an_id_a_name_a_rate_and_at_most_one_default(bench: Bench):
    listed = bench.devices.list()
    assert listed
    assert len({(device.kind, device.id) for device in listed}) == len(listed)
    assert all(device.id and device.name and device.rate >= 8000 for device in listed)
    defaults = [device for device in listed if device.is_default]
    assert defaults in ([], [listed[0]])


def test_ids_are_the_same_when_asked_again(bench: Bench):
    assert [device.id for device in bench.devices.list()] == [d.id for d in bench.devices.list()]


def test_sound_comes_as_mono_float_blocks_in_the_order_of_time(bench: Bench):
    tap = bench.devices.tap(bench.wanted())
    began_s = now_s()
    with heard(tap) as ear:
        until(lambda: len(ear.blocks) >= 20)
    assert tap.rate >= 8000
    assert isinstance(tap.pauses, bool)
    times = [block.at_s for block in ear.blocks]
    assert times == sorted(times)
    assert began_s < times[0]
    assert times[-1] <= now_s()
    for samples, _, lost in ear.blocks:
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        assert 0 < len(samples) <= tap.rate
        assert isinstance(lost, bool)
    assert np.median([len(block.samples) for block in ear.blocks]) <= 0.05 * tap.rate
    assert not ear.losses


def test_a_block_stays_as_it_was_given(bench: Bench):
    with heard(bench.devices.tap(bench.wanted())) as ear:
        until(lambda: any(block.samples.any() for block in ear.blocks))
        first = next(block.samples for block in ear.blocks if block.samples.any())
        kept, blocks = first.copy(), len(ear.blocks)
        until(lambda: len(ear.blocks) >= blocks + 10)
    assert kept.any()
    assert np.array_equal(first, kept)


def test_close_may_be_repeated_by_any_thread_and_nothing_is_heard_after_it(bench: Bench):
    tap = bench.devices.tap(bench.wanted())
    with heard(tap) as ear:
        until(lambda: len(ear.blocks) >= 3)
        closers = [threading.Thread(target=tap.close) for _ in range(2)]
        for closer in closers:
            closer.start()
    blocks = len(ear.blocks)
    for closer in closers:
        closer.join()
    time.sleep(0.2)
    assert len(ear.blocks) == blocks
    assert not ear.losses


def test_close_without_start_does_nothing(bench: Bench):
    tap = bench.devices.tap(bench.wanted())
    tap.close()
    tap.close()


def test_one_device_can_be_tapped_again_after_close(bench: Bench):
    device = bench.wanted()
    for _ in range(2):
        with heard(bench.devices.tap(device)) as ear:
            until(lambda: len(ear.blocks) >= 2)


def test_a_device_that_goes_is_told_once_and_nothing_after(bench: Bench):
    device = bench.wanted()
    with heard(bench.devices.tap(device)) as ear:
        until(lambda: ear.blocks)
        bench.lose_device()
        until(lambda: ear.losses)
        blocks = len(ear.blocks)
        time.sleep(0.3)
    assert len(ear.losses) == 1
    assert isinstance(ear.losses[0], AudioError)
    assert device.name in str(ear.losses[0])
    assert len(ear.blocks) == blocks


def test_a_device_that_is_not_there_is_named_and_leaves_nothing_open(bench: Bench):
    gone = replace(bench.wanted(), id="gone", name="Old headset")
    if isinstance(bench.devices, MacOutputs):
        gone = replace(gone, kind=DeviceKind.APPLICATION)
    tap, ear = bench.devices.tap(gone), Ear()
    with pytest.raises(AudioError, match="Old headset"):
        tap.start(ear.hear, ear.lose)
    tap.close()
    time.sleep(0.1)
    assert not ear.blocks
    assert not ear.losses


def test_microphones_keep_their_promises(tmp_path: Path):
    if needed := missing():
        pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
    env = PrivatePulse(tmp_path).env | {ALSA_FOLDER: str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "not promises", "-p", "no:cacheprovider", __file__],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
