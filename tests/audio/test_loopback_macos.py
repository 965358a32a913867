import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from audio.devices import loopback
from audio.devices.loopback.macos import MacOutputs
from audio.devices.loopback.virtual import VirtualDevices
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind
from tests.audio.fake_catap import AudioProcess, FakeCatap, Mac
from tests.audio.fake_sounddevice import Sounddevice
from tests.audio.hearing import Ear, heard, until


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    with FakeCatap(monkeypatch) as fake:
        yield fake.mac


def softphone() -> DeviceInfo:
    return next(device for device in MacOutputs().list() if device.name == "Softphone")


def test_the_whole_machine_comes_first_then_the_programs_that_play(mac: Mac):
    assert MacOutputs().list() == [
        DeviceInfo("system", "All that this Mac plays", DeviceKind.OUTPUT, 44100, is_default=True),
        DeviceInfo(
            "com.example.softphone", "Softphone", DeviceKind.APPLICATION, 44100, is_default=False
        ),
    ]


def test_a_mac_without_an_output_still_lists_what_would_play(mac: Mac):
    mac.devices = []
    assert MacOutputs().list()[0].rate == 48000


def test_the_whole_machine_is_heard_without_earwitness_itself(mac: Mac):
    with heard(MacOutputs().tap(MacOutputs().list()[0])) as ear:
        until(lambda: ear.blocks)
        how, which = mac.sessions[0].target
        assert (how, [process.name for process in which]) == ("all but", ["python"])
    assert not mac.open_sessions


def test_a_program_is_tapped_with_all_its_processes_and_no_other(mac: Mac):
    with heard(MacOutputs().tap(softphone())):
        how, which = mac.sessions[0].target
        assert (how, [process.audio_object_id for process in which]) == ("only", [101, 102])


def test_a_program_that_starts_its_audio_helper_anew_is_tapped_on(mac: Mac):
    helper = AudioProcess(205, 605, "com.example.softphone", "Softphone Helper", True)
    with heard(MacOutputs().tap(softphone())) as ear:
        mac.processes = [mac.processes[0], helper]
        until(lambda: [one.audio_object_id for one in mac.sessions[0].target[1]] == [101, 205])
        assert not ear.losses


def test_a_program_that_ends_is_lost(mac: Mac):
    device = softphone()
    with heard(MacOutputs().tap(device)) as ear:
        mac.processes = mac.processes[2:]
        until(lambda: ear.losses)
    assert str(ear.losses[0]) == "Softphone stopped delivering sound: start its call again."
    with pytest.raises(AudioError, match="Softphone plays no sound: start a call in it and try again"):
        MacOutputs().tap(device).start(ear.hear, ear.lose)


def test_a_program_that_may_not_be_followed_is_lost(mac: Mac):
    with heard(MacOutputs().tap(softphone())) as ear:
        mac.refusal = PermissionError("set_tap_description failed")
        mac.processes = mac.processes[:1]
        until(lambda: ear.losses)
    assert not mac.open_sessions


def test_a_capture_that_fails_is_lost_and_closes_without_its_error(mac: Mac):
    with heard(MacOutputs().tap(MacOutputs().list()[0])) as ear:
        mac.sessions[0].capture_failed = True
        until(lambda: ear.losses)
    assert len(ear.losses) == 1
    assert not mac.open_sessions


def test_the_rate_is_the_taps_and_several_channels_are_mixed(mac: Mac):
    mac.format = replace(mac.format, sample_rate=48000.0, num_channels=2)
    tap = MacOutputs().tap(MacOutputs().list()[0])
    with heard(tap) as ear:
        until(lambda: ear.blocks)
    assert tap.rate == 48000
    assert len(ear.blocks[0].samples) == 512


def test_a_tap_in_whole_numbers_is_refused(mac: Mac):
    mac.format = replace(mac.format, sample_type="signed_integer", bits_per_sample=16)
    with pytest.raises(AudioError, match="delivers whole numbers: choose another output"):
        MacOutputs().tap(MacOutputs().list()[0]).start(Ear().hear, Ear().lose)
    assert not mac.open_sessions


def test_a_tap_that_is_refused_names_the_permission(mac: Mac):
    device = MacOutputs().list()[0]
    mac.refusal = OSError("AudioHardwareCreateProcessTap failed with status 560947818")
    with pytest.raises(
        AudioError, match=r"could not be tapped .*allow Earwitness to record system audio"
    ):
        MacOutputs().tap(device).start(Ear().hear, Ear().lose)
    with pytest.raises(AudioError, match=r"Core Audio does not say what plays .*restart the machine"):
        MacOutputs().list()


def test_a_library_that_does_not_load_is_an_error_with_the_cure(mac: Mac, monkeypatch):
    monkeypatch.setitem(sys.modules, "catap", None)
    with pytest.raises(AudioError, match=r"cannot be loaded .*: install Earwitness anew"):
        MacOutputs().list()


@pytest.mark.parametrize(
    ("version", "devices"),
    [("13.6.1", VirtualDevices), ("14.1", VirtualDevices), ("14.2", MacOutputs), ("26", MacOutputs)],
)
def test_a_mac_before_process_taps_uses_virtual_devices(monkeypatch, version: str, devices: type):
    monkeypatch.setattr(loopback.sys, "platform", "darwin")
    monkeypatch.setattr(loopback.platform, "mac_ver", lambda: (version, ("", "", ""), "arm64"))
    assert isinstance(loopback.loopback_devices(), devices)


def test_a_virtual_device_is_listed_as_an_output_and_heard(monkeypatch):
    machine = Sounddevice("MacBook Microphone", "BlackHole 2ch").stand_in(monkeypatch)
    (device,) = VirtualDevices().list()
    assert (device.name, device.kind, device.is_default) == ("BlackHole 2ch", DeviceKind.OUTPUT, False)
    with heard(VirtualDevices().tap(device)) as ear:
        machine.streams[0].deliver(0.5, 0.5)
    assert machine.streams[0].name == "BlackHole 2ch"
    assert len(ear.blocks) == 1


def test_an_older_mac_without_a_virtual_device_is_told_of_them(monkeypatch):
    Sounddevice("MacBook Microphone").stand_in(monkeypatch)
    with pytest.raises(AudioError, match="install a virtual device such as BlackHole and let the soft"):
        VirtualDevices().list()
