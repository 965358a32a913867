"""What every `Tap` and its `Devices` promise, asked of each system's.

Those of this system capture from a private sound server, the others from fakes of their libraries.
PortAudio reads ALSA's configuration once, so the microphones are asked in a process of their own.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from audio.types import DeviceInfo, DeviceKind, Samples
from tests.audio.fake_catap import FakeCatap
from tests.audio.fake_wasapi import FakeWasapi
from tests.pulse import PrivatePulse, missing, private_pulse

ALSA_FOLDER = "EARWITNESS_TEST_ALSA_FOLDER"
ALL = ("pulse outputs", "pulse inputs", "windows", "macos")
SYSTEMS = ("microphones",) if ALSA_FOLDER in os.environ else ALL
WITHIN_S = 20.0


class Bench(Protocol):
    """A system with one device that delivers sound."""

    devices: Devices

    def wanted(self) -> DeviceInfo: ...
    def lose_device(self) -> None: ...


@dataclass
class Ear:
    """Collects what a tap tells."""

    blocks: list[tuple[Samples, float, bool]] = field(default_factory=list)
    losses: list[AudioError] = field(default_factory=list)

    def hear(self, samples: Samples, at_s: float, lost: bool) -> None:
        self.blocks.append((samples, at_s, lost))

    def lose(self, error: AudioError) -> None:
        self.losses.append(error)

    def await_blocks(self, count: int) -> None:
        deadline = time.monotonic() + WITHIN_S
        while len(self.blocks) < count:
            assert time.monotonic() < deadline, f"{len(self.blocks)} blocks"
            time.sleep(0.01)

    def await_loss(self) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not self.losses:
            assert time.monotonic() < deadline
            time.sleep(0.01)


class PulseBench:
    def __init__(self, folder: Path, *, inputs: bool) -> None:
        self.devices: Devices = PulseInputs() if inputs else PulseOutputs()
        self._running = private_pulse(folder)
        self.pulse = self._running.__enter__()

    def wanted(self) -> DeviceInfo:
        return next(device for device in self.devices.list() if "far" in device.id)

    def lose_device(self) -> None:
        self.pulse.unplug("far")

    def close(self) -> None:
        self._running.__exit__(None, None, None)


class AlsaBench(PulseBench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, inputs=True)
        self.devices = Microphones()

    def lose_device(self) -> None:
        self.pulse.kill()


@contextmanager
def bench_of(kind: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Bench]:
    if kind == "windows":
        with FakeWasapi(patch) as fake:
            yield FakeBench(WindowsOutputs(), fake.unplug)
    elif kind == "macos":
        with FakeCatap(patch) as fake:
            yield FakeBench(MacOutputs(), fake.fail)
    else:
        if needed := missing():
            pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
        alsa = os.environ.get(ALSA_FOLDER)
        bench = AlsaBench(Path(alsa)) if alsa else PulseBench(folder, inputs=kind == "pulse inputs")
        patch.setenv("PULSE_SERVER", bench.pulse.env["PULSE_SERVER"])
        try:
            yield bench
        finally:
            bench.close()


class FakeBench:
    def __init__(self, devices: Devices, lose_device) -> None:
        self.devices = devices
        self.lose_device = lose_device

    def wanted(self) -> DeviceInfo:
        return next(device for device in self.devices.list() if device.kind is DeviceKind.OUTPUT)


@pytest.fixture(params=SYSTEMS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch) -> Iterator[Bench]:
    with bench_of(request.param, tmp_path, monkeypatch) as made:
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
    tap, ear = bench.devices.tap(bench.wanted()), Ear()
    began_s = now_s()
    tap.start(ear.hear, ear.lose)
    ear.await_blocks(20)
    tap.close()
    assert tap.rate >= 8000
    assert isinstance(tap.pauses, bool)
    times = [at_s for _, at_s, _ in ear.blocks]
    assert times == sorted(times)
    assert began_s < times[0]
    assert times[-1] <= now_s()
    for samples, _, lost in ear.blocks:
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        assert 0 < len(samples) <= tap.rate
        assert isinstance(lost, bool)
    assert np.median([len(samples) for samples, _, _ in ear.blocks]) <= 0.05 * tap.rate
    assert not ear.losses


def test_a_block_stays_as_it_was_given(bench: Bench):
    tap, ear = bench.devices.tap(bench.wanted()), Ear()
    tap.start(ear.hear, ear.lose)
    ear.await_blocks(1)
    first = ear.blocks[0][0]
    kept = first.copy()
    ear.await_blocks(10)
    tap.close()
    assert np.array_equal(first, kept)


def test_close_may_be_repeated_by_any_thread_and_nothing_is_heard_after_it(bench: Bench):
    tap, ear = bench.devices.tap(bench.wanted()), Ear()
    tap.start(ear.hear, ear.lose)
    ear.await_blocks(3)
    closers = [threading.Thread(target=tap.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    tap.close()
    heard = len(ear.blocks)
    for closer in closers:
        closer.join()
    time.sleep(0.2)
    assert len(ear.blocks) == heard
    assert not ear.losses


def test_close_without_start_does_nothing(bench: Bench):
    tap = bench.devices.tap(bench.wanted())
    tap.close()
    tap.close()


def test_one_device_can_be_tapped_again_after_close(bench: Bench):
    device = bench.wanted()
    for _ in range(2):
        tap, ear = bench.devices.tap(device), Ear()
        tap.start(ear.hear, ear.lose)
        ear.await_blocks(2)
        tap.close()


def test_a_device_that_goes_is_told_once_and_nothing_after(bench: Bench):
    device = bench.wanted()
    tap, ear = bench.devices.tap(device), Ear()
    tap.start(ear.hear, ear.lose)
    ear.await_blocks(1)
    bench.lose_device()
    ear.await_loss()
    heard = len(ear.blocks)
    time.sleep(0.3)
    tap.close()
    assert len(ear.losses) == 1
    assert isinstance(ear.losses[0], AudioError)
    assert device.name in str(ear.losses[0])
    assert len(ear.blocks) == heard


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
