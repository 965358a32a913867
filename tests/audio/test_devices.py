import pytest

from audio.devices import choose
from audio.devices.choose import find, input_devices, pick
from audio.devices.loopback.pulse import PulseInputs
from audio.devices.microphones import Microphones
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind
from tests.pulse import PrivatePulse

INPUTS = [
    DeviceInfo("ALSA:Webcam", "Webcam", DeviceKind.INPUT, 48000, is_default=True),
    DeviceInfo("ALSA:USB Headset", "USB Headset", DeviceKind.INPUT, 48000, is_default=False),
    DeviceInfo("ALSA:USB Headset#2", "USB Headset", DeviceKind.INPUT, 48000, is_default=False),
    DeviceInfo("ALSA:Headset", "Headset", DeviceKind.INPUT, 48000, is_default=False),
]
SPEAKERS = DeviceInfo("speakers", "Speakers", DeviceKind.OUTPUT, 48000, is_default=False)
SOFTPHONE = DeviceInfo("phone", "Softphone", DeviceKind.APPLICATION, 48000, is_default=False)


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("ALSA:USB Headset#2", 2), ("Headset", 3), ("webc", 0), ("ALSA:Webcam", 0)],
)
def test_a_device_is_found_by_id_name_or_part_of_it(wanted: str, place: int):
    assert find(INPUTS, wanted) is INPUTS[place]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("USB", r'"USB" fits several devices: choose one of ALSA:Webcam, ALSA:USB Headset, '),
        ("USB Headset", r'"USB Headset" fits several devices: choose one of '),
        ("Jabra", r'"Jabra" fits no device: choose one of ALSA:Webcam, '),
        ("", r'"" fits several devices'),
    ],
)
def test_what_fits_none_or_several_is_refused_with_the_choice(wanted: str, sentence: str):
    with pytest.raises(AudioError, match=sentence):
        find(INPUTS, wanted)


def test_where_there_is_no_device_nothing_is_found():
    with pytest.raises(AudioError, match='"Jabra" was not found, nor any other device: connect it'):
        find([], "Jabra")


def test_the_default_of_a_kind_is_picked_else_the_first():
    assert pick([*reversed(INPUTS), SPEAKERS], DeviceKind.INPUT) is INPUTS[0]
    assert pick([SOFTPHONE, SPEAKERS], DeviceKind.OUTPUT) is SPEAKERS


@pytest.mark.parametrize(
    ("kind", "noun"), [(DeviceKind.INPUT, "microphone"), (DeviceKind.OUTPUT, "output")]
)
def test_where_there_is_none_of_a_kind_it_is_named(kind: DeviceKind, noun: str):
    with pytest.raises(AudioError, match=f"No {noun} was found: connect one and start again"):
        pick([SOFTPHONE], kind)


def test_on_linux_the_microphones_are_the_sound_servers_where_one_answers(
    pulse: PrivatePulse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PULSE_SERVER", pulse.env["PULSE_SERVER"])
    assert isinstance(input_devices(), PulseInputs)
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    assert isinstance(input_devices(), Microphones)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_they_are_portaudios(monkeypatch: pytest.MonkeyPatch, platform: str):
    monkeypatch.setattr(choose.sys, "platform", platform)
    assert isinstance(input_devices(), Microphones)
