import time
from collections.abc import Iterator

import numpy as np
import pytest

from audio.devices.loopback import windows_sessions
from audio.devices.loopback.windows import WindowsOutputs
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind
from tests.audio.fake_wasapi import (
    HEADSET,
    SPEAKERS,
    AudioSession,
    AudioSessionState,
    FakeWasapi,
    Machine,
)
from tests.audio.hearing import Ear, heard, until

CALLS = DeviceInfo(f"Windows WASAPI:{HEADSET}", HEADSET, DeviceKind.OUTPUT, 16000, is_default=True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    with FakeWasapi(monkeypatch) as fake:
        yield fake.machine


def test_outputs_are_named_as_windows_does_with_the_one_for_calls_first(machine: Machine):
    assert WindowsOutputs().list() == [
        CALLS,
        DeviceInfo(f"Windows WASAPI:{SPEAKERS}", SPEAKERS, DeviceKind.OUTPUT, 48000, is_default=False),
    ]


def test_where_windows_has_no_output_for_calls_the_usual_one_is_the_default(machine: Machine, caplog):
    machine.for_calls = None
    assert [device.name for device in WindowsOutputs().list() if device.is_default] == [SPEAKERS]
    assert "Windows does not name its output for calls" in caplog.text


def test_programs_that_play_are_listed_once_and_not_tapped(machine: Machine):
    active, still = AudioSessionState.Active, AudioSessionState.Inactive
    sessions = [
        ("Teams.exe", active),
        ("Teams.exe", active),
        ("Spotify.exe", still),
        (None, active),
        ("Zoom.exe", active),
    ]
    machine.sessions = [AudioSession(session) for session in sessions]
    programs = [device for device in WindowsOutputs().list() if device.kind is DeviceKind.APPLICATION]
    assert [(device.id, device.name) for device in programs] == [
        ("Teams.exe", "Teams"),
        ("Zoom.exe", "Zoom"),
    ]
    with pytest.raises(
        AudioError, match="Teams cannot be listened to by itself here: choose the output"
    ):
        WindowsOutputs().tap(programs[0])


def test_a_program_that_ends_while_it_is_asked_spoils_nothing(machine: Machine, caplog):
    machine.sessions = [AudioSession(("", AudioSessionState.Active))]
    assert [device.kind for device in WindowsOutputs().list()] == [DeviceKind.OUTPUT] * 2
    assert windows_sessions.playing() == []
    assert "Windows does not say which programs play: process no longer exists" in caplog.text


def test_an_output_connected_later_is_listed_unless_a_tap_is_open(machine: Machine):
    outputs = WindowsOutputs()
    with heard(outputs.tap(CALLS)):
        machine.outputs["Dock"] = (48000.0, 2)
        assert "Dock" not in [device.name for device in outputs.list()]
    assert "Dock" in [device.name for device in outputs.list()]
    assert machine.initialised == 1


def test_of_many_channels_the_two_in_front_are_heard(machine: Machine):
    speakers = WindowsOutputs().list()[1]
    with heard(WindowsOutputs().tap(speakers)) as ear:
        until(lambda: len(ear.blocks) >= 3)
    assert machine.streams[0].channels == 8
    samples, _, lost = ear.blocks[2]
    assert len(samples) == round(0.02 * 48000)
    assert samples.min() == samples.max()
    assert samples[0] > 0
    assert not lost
    assert np.isclose(samples[0] / ear.blocks[0].samples[0], 3.0, rtol=1e-3)


def test_an_output_that_changed_its_rate_is_opened_with_the_new_one(machine: Machine):
    machine.outputs[HEADSET] = (48000.0, 2)
    tap = WindowsOutputs().tap(CALLS)
    with heard(tap):
        assert tap.rate == 48000


def test_a_pause_is_no_loss(machine: Machine):
    tap = WindowsOutputs().tap(CALLS)
    assert tap.pauses
    with heard(tap) as ear:
        until(lambda: ear.blocks)
        machine.streams[0].plays = False
        time.sleep(0.8)
        assert not ear.losses
        before = len(ear.blocks)
        machine.streams[0].plays = True
        until(lambda: len(ear.blocks) > before)


def test_an_overflow_is_told(machine: Machine):
    with heard(WindowsOutputs().tap(CALLS)) as ear:
        machine.streams[0].flags = 2
        until(lambda: any(block.lost for block in ear.blocks))


def test_an_output_that_goes_is_named_and_can_be_tapped_when_it_is_back(machine: Machine):
    outputs = WindowsOutputs()
    with heard(outputs.tap(CALLS)) as ear:
        del machine.outputs[HEADSET]
        until(lambda: ear.losses)
    assert [str(error) for error in ear.losses] == [
        f"{HEADSET} stopped delivering sound: connect it again."
    ]
    assert HEADSET not in [device.name for device in outputs.list()]
    machine.outputs[HEADSET] = (16000.0, 2)
    with heard(outputs.tap(outputs.list()[0])) as again:
        until(lambda: again.blocks)


def test_an_output_that_another_program_keeps_is_named_with_the_cure(machine: Machine, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(-9985, "Device unavailable")

    monkeypatch.setattr("tests.audio.fake_wasapi.PyAudio.open", refuse)
    with pytest.raises(AudioError, match=r"Jabra.* could not be opened .*no other program keeps it"):
        WindowsOutputs().tap(CALLS).start(Ear().hear, Ear().lose)
    assert not machine.open_streams


def test_a_windows_that_does_not_answer_is_an_error_with_the_cure(machine: Machine):
    machine.refusal = OSError(-10000, "WASAPI not available")
    machine.for_calls = None
    with pytest.raises(AudioError, match=r"which outputs there are .*restart its audio service"):
        WindowsOutputs().list()


def test_a_library_that_does_not_load_is_an_error_with_the_cure(machine: Machine, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyaudiowpatch", None)
    with pytest.raises(AudioError, match=r"cannot be loaded .*: install Earwitness anew"):
        WindowsOutputs().list()
