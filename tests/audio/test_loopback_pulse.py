import ctypes
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio.devices.choose import find, pick
from audio.devices.loopback import libpulse, loopback_devices, pulse_connection, pulse_tap
from audio.devices.loopback.pulse import PulseInputs, PulseOutputs
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind, Samples
from tests.audio.hearing import Ear, heard, until
from tests.pulse import PrivatePulse, missing, private_pulse

PLAYED_WITHIN_S = 30.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivatePulse]:
    """A daemon of the test's own, which this process's libpulse talks to."""
    if needed := missing():
        pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
    with private_pulse(tmp_path) as daemon:
        monkeypatch.setenv("PULSE_SERVER", daemon.env["PULSE_SERVER"])
        yield daemon


@pytest.fixture
def tone(make_recording):
    def make(hz: float, seconds: float = 2.0) -> Path:
        times = np.arange(round(48000 * seconds)) / 48000
        sound = 0.5 * np.sin(2 * np.pi * hz * times)
        return make_recording(f"{hz:g}.wav", sound, codec="pcm_s16le", rate=48000)

    return make


def named(name: str, devices: list[DeviceInfo]) -> DeviceInfo:
    return next(device for device in devices if device.id == name)


def level_at(hz: float, sound: Samples, rate: int) -> float:
    """Amplitude of the sine of `hz` in `sound`."""
    turns = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / rate)
    return float(2 * abs(np.mean(sound * turns)))


def test_this_system_has_devices():
    assert isinstance(loopback_devices(), PulseOutputs)


def test_outputs_have_the_servers_names_rates_and_default(server: PrivatePulse):
    server.plug("headset", rate=16000)
    server.control("set-default-sink", "headset")
    listed = PulseOutputs().list()
    assert listed == [
        DeviceInfo("headset", "headset", DeviceKind.OUTPUT, 16000, is_default=True),
        DeviceInfo("mic", "mic", DeviceKind.OUTPUT, 48000, is_default=False),
        DeviceInfo("far", "far", DeviceKind.OUTPUT, 48000, is_default=False),
    ]


def test_a_sink_is_listed_when_it_comes_and_no_more_when_it_goes(server: PrivatePulse):
    outputs = PulseOutputs()
    server.plug("headset")
    assert "headset" in [device.id for device in outputs.list()]
    server.unplug("headset")
    assert "headset" not in [device.id for device in outputs.list()]


def test_monitors_are_microphones_only_where_there_is_no_other(server: PrivatePulse):
    inputs = PulseInputs()
    monitors = inputs.list()
    assert {device.id for device in monitors} == {"mic.monitor", "far.monitor"}
    assert find(monitors, "mic").id == "mic.monitor"
    with pytest.raises(AudioError, match="No microphone was found"):
        pick(monitors, DeviceKind.INPUT)
    server.control("load-module", "module-virtual-source", "source_name=webcam", "master=mic.monitor")
    server.control("set-default-source", "far.monitor")
    listed = inputs.list()
    assert [device.id for device in listed] == ["webcam"]
    assert listed[0].kind is DeviceKind.INPUT


def test_a_program_that_plays_is_listed_once_by_its_binary_and_not_tapped(server: PrivatePulse, tone):
    players = [server.play(tone(440, 20), "far", "--client-name=Softphone") for _ in range(2)]
    try:
        until(lambda: len(server.control("list", "short", "sink-inputs").splitlines()) == 2)
        listed = PulseOutputs().list()
        programs = [device for device in listed if device.kind is DeviceKind.APPLICATION]
        assert [(device.id, device.name) for device in programs] == [("pacat", "Softphone")]
        assert listed[-1] == programs[0]
        with pytest.raises(
            AudioError, match="Softphone cannot be listened to by itself here: choose the"
        ):
            PulseOutputs().tap(programs[0])
    finally:
        for player in players:
            player.kill()
            player.wait()
    until(lambda: DeviceKind.APPLICATION not in {device.kind for device in PulseOutputs().list()})


def test_an_output_is_heard_whole_and_no_other_with_it(server: PrivatePulse, tone):
    tap = PulseOutputs().tap(named("far", PulseOutputs().list()))
    with heard(tap) as ear:
        until(lambda: ear.blocks)
        players = [server.play(tone(1000), "far"), server.play(tone(400), "mic")]
        assert [player.wait(PLAYED_WITHIN_S) for player in players] == [0, 0]
        time.sleep(1.0)
    loud = np.flatnonzero(np.abs(ear.sound) > 0.25)
    played = ear.sound[loud[0] : loud[-1]]
    assert len(played) / tap.rate == pytest.approx(2.0, abs=0.05)
    assert level_at(1000, played, tap.rate) == pytest.approx(0.5, rel=0.01)
    assert level_at(400, played, tap.rate) < 0.001


def test_silence_comes_while_nothing_plays_even_where_idle_sinks_are_suspended(server: PrivatePulse):
    server.control("load-module", "module-suspend-on-idle", "timeout=1")
    until(lambda: "SUSPENDED" in server.control("list", "short", "sinks"))
    tap = PulseOutputs().tap(named("far", PulseOutputs().list()))
    assert not tap.pauses
    with heard(tap) as ear:
        until(lambda: len(ear.sound) >= 2.5 * tap.rate, within_s=10.0)
    assert not ear.sound.any()


@pytest.mark.parametrize("devices", [PulseOutputs(), PulseInputs()])
def test_a_tap_whose_sink_goes_is_lost_and_not_moved_to_another(server: PrivatePulse, devices, tone):
    device = next(device for device in devices.list() if device.id.startswith("far"))
    with heard(devices.tap(device)) as ear:
        until(lambda: ear.blocks)
        server.unplug("far")
        until(lambda: ear.losses)
        blocks = len(ear.blocks)
        assert server.play(tone(400, 1.0), "mic").wait(PLAYED_WITHIN_S) == 0
        assert len(ear.blocks) == blocks
    assert [str(error) for error in ear.losses] == [
        f"{device.name} stopped delivering sound (Entity killed): check that it is connected."
    ]


def test_a_server_that_crashes_is_told_and_after_its_restart_the_device_is_heard_again(
    server: PrivatePulse,
):
    outputs = PulseOutputs()
    device = named("far", outputs.list())
    with heard(outputs.tap(device)) as ear:
        until(lambda: ear.blocks)
        server.kill()
        until(lambda: ear.losses)
    with pytest.raises(
        AudioError, match=r"sound server does not answer \(Connection refused\): restart"
    ):
        outputs.list()
    with pytest.raises(AudioError, match="Connection refused"):
        outputs.tap(device).start(ear.hear, ear.lose)
    server.start()
    with heard(outputs.tap(named(device.id, outputs.list()))) as again:
        until(lambda: again.blocks)
        assert not again.losses
    assert len(ear.losses) == 1


def test_a_server_that_stopped_answering_holds_up_neither_close_nor_list(
    server: PrivatePulse, monkeypatch
):
    monkeypatch.setattr(pulse_connection, "_ANSWER_S", 0.3)
    outputs = PulseOutputs()
    device = named("far", outputs.list())
    with heard(outputs.tap(device)) as ear:
        until(lambda: ear.blocks)
        server.freeze()
    with pytest.raises(AudioError, match=r"does not answer \(nothing came in 0\.3 s\): restart"):
        outputs.list()
    server.thaw()
    assert named("far", outputs.list()) == device
    assert not ear.losses


def test_a_stream_that_the_server_never_opens_is_an_error(server: PrivatePulse, monkeypatch):
    monkeypatch.setattr(pulse_tap, "_ANSWER_S", 0.3)
    device = named("far", PulseOutputs().list())
    original = pulse_connection.PulseConnection.open

    def open_and_freeze(self) -> None:
        original(self)
        server.freeze()

    monkeypatch.setattr(pulse_connection.PulseConnection, "open", open_and_freeze)
    tap, ear = PulseOutputs().tap(device), Ear()
    with pytest.raises(
        AudioError, match=r"far could not be opened \(the sound server does not answer\)"
    ):
        tap.start(ear.hear, ear.lose)
    server.thaw()


def test_a_suspended_output_delivers_nothing_and_is_closed_at_once(server: PrivatePulse):
    with heard(PulseOutputs().tap(named("far", PulseOutputs().list()))) as ear:
        until(lambda: ear.blocks)
        server.control("suspend-sink", "far", "1")
        time.sleep(0.5)
        blocks = len(ear.blocks)
        time.sleep(0.5)
        assert len(ear.blocks) == blocks
    assert not ear.losses


def test_a_hole_in_the_sound_is_told_with_the_block_after_it(monkeypatch):
    tap = pulse_tap.PulseTap("far.monitor", "far", 48000)
    heard: list[tuple[int, bool]] = []
    tap._hear = lambda samples, _at_s, lost: heard.append((len(samples), lost))
    sound = (ctypes.c_float * 4)(*[0.1] * 4)
    waiting = [(True, 16), (False, 32), (True, 16), (True, 16)]

    class Lib:
        @staticmethod
        def pa_stream_readable_size(_stream: int) -> int:
            return sum(size for _, size in waiting)

        @staticmethod
        def pa_stream_peek(_stream: int, data: ctypes.c_void_p, size: ctypes.c_size_t) -> int:
            has_data, size.value = waiting[0]
            data.value = ctypes.addressof(sound) if has_data else None
            return 0

        @staticmethod
        def pa_stream_drop(_stream: int) -> int:
            waiting.pop(0)
            return 0

    monkeypatch.setattr(libpulse, "libpulse", Lib)
    tap._on_sound(1, 0, None)
    assert heard == [(4, False), (4, True), (4, False)]


def test_a_machine_without_libpulse_says_what_to_install(monkeypatch):
    def missing_library(_name: str) -> None:
        raise OSError("libpulse.so.0: cannot open shared object file")

    libpulse.libpulse.cache_clear()
    monkeypatch.setattr(libpulse.ctypes, "CDLL", missing_library)
    with pytest.raises(AudioError, match=r"was not found: install libpulse \(on Debian: libpulse0\)"):
        PulseOutputs().list()
