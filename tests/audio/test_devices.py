import builtins
import json
import sys
from subprocess import run
from types import SimpleNamespace

import pytest

from audio import devices
from audio.errors import AudioError
from tests.pulse import PrivatePulse


class FakePortAudioError(Exception):
    pass


def portaudio(*inputs: str, default: int = 0) -> SimpleNamespace:
    """What `sounddevice` answers on a machine with these inputs and one output."""
    found = [
        {
            "name": name,
            "hostapi": 0,
            "index": index,
            "max_input_channels": 0 if name == "Speakers" else 2,
            "max_output_channels": 2,
            "default_samplerate": 48000.0,
        }
        for index, name in enumerate([*inputs, "Speakers"])
    ]
    return SimpleNamespace(
        PortAudioError=FakePortAudioError,
        query_hostapis=lambda: ({"name": "ALSA", "default_input_device": default},),
        query_devices=lambda: found,
        default=SimpleNamespace(hostapi=0),
    )


@pytest.fixture
def headset(monkeypatch: pytest.MonkeyPatch) -> None:
    sounddevice = portaudio("Webcam", "USB Headset", "USB Headset", "Headset", default=1)
    monkeypatch.setattr(devices, "load_sounddevice", lambda: sounddevice)


@pytest.mark.usefixtures("headset")
def test_ids_are_unique_and_name_the_host_api():
    ids = [device.id for device in devices.list_devices()]
    assert ids == [
        "ALSA:Webcam",
        "ALSA:USB Headset",
        "ALSA:USB Headset#2",
        "ALSA:Headset",
        "ALSA:Speakers",
    ]


@pytest.mark.usefixtures("headset")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [(None, 1), ("ALSA:USB Headset#2", 2), ("Headset", 3), ("webc", 0), ("ALSA:Webcam", 0)],
)
def test_an_input_is_found_by_id_name_or_part_of_it(wanted: str | None, index: int):
    assert devices.find_input(wanted).index == index


@pytest.mark.usefixtures("headset")
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("USB", r'"USB" fits several inputs: choose one of ALSA:Webcam, ALSA:USB Headset, '),
        ("Jabra", r'"Jabra" fits no input: choose one of ALSA:Webcam, '),
        ("Speakers", r'"Speakers" fits no input'),
    ],
)
def test_what_fits_none_or_several_is_refused_with_the_choice(wanted: str, sentence: str):
    with pytest.raises(AudioError, match=sentence):
        devices.find_input(wanted)


def test_a_machine_without_inputs_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(devices, "load_sounddevice", portaudio)
    with pytest.raises(AudioError, match="No microphone or other input was found: connect one"):
        devices.find_input()


def test_a_machine_without_portaudio_says_so(monkeypatch: pytest.MonkeyPatch):
    real_import = builtins.__import__

    def without_portaudio(name: str, *args, **kwargs):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_portaudio)
    with pytest.raises(AudioError, match="No sound system was found: install PortAudio"):
        devices.list_devices()


def test_the_sinks_of_a_real_sound_server_are_listed(pulse: PrivatePulse):
    code = (
        "import json; from audio.devices import find_input, list_devices; "
        "print(json.dumps([[d.id for d in list_devices()], find_input('far').id]))"
    )
    done = run([sys.executable, "-c", code], env=pulse.env, capture_output=True, text=True, check=True)
    ids, far = json.loads(done.stdout)
    assert {"ALSA:mic", "ALSA:far"} <= set(ids)
    assert far == "ALSA:far"
    assert done.stderr == ""
