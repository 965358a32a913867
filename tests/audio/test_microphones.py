import builtins
import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE, Popen, run

import numpy as np
import pytest

from audio.devices import microphones, portaudio
from audio.devices.microphones import Microphones
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind
from tests.audio.fake_sounddevice import PortAudioError, Sounddevice
from tests.audio.hearing import Ear, heard, until
from tests.pulse import PrivatePulse, missing, private_pulse

HEADSET = DeviceInfo("ALSA:Headset", "Headset", DeviceKind.INPUT, 16000, is_default=True)


@pytest.fixture
def headset(monkeypatch: pytest.MonkeyPatch) -> Sounddevice:
    return Sounddevice("Headset", "Webcam", "Mono mic", "Speakers").stand_in(monkeypatch)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch):
    return lambda name: monkeypatch.setattr(portaudio.sys, "platform", name)


def test_ids_are_unique_name_the_host_api_and_leave_out_what_changes_with_the_order_of_cards(
    monkeypatch,
):
    Sounddevice("Webcam: USB (hw:1,0)", "Headset (hw:2,0)", "Headset (hw:3,0)").stand_in(monkeypatch)
    assert [device.id for device in Microphones().list()] == [
        "ALSA:Webcam: USB",
        "ALSA:Headset",
        "ALSA:Headset#2",
    ]


def test_the_default_comes_first_and_outputs_are_left_out(headset: Sounddevice):
    headset.default_name = "Webcam"
    listed = Microphones().list()
    assert [device.name for device in listed] == ["Webcam", "Headset", "Mono mic"]
    assert [device.is_default for device in listed] == [True, False, False]
    assert {device.kind for device in listed} == {DeviceKind.INPUT}
    assert [device.rate for device in listed] == [44100, 16000, 44100]


@pytest.mark.parametrize(
    ("platform", "apis", "chosen"),
    [
        ("win32", ("MME", "Windows DirectSound", "Windows WASAPI", "Windows WDM-KS"), "Windows WASAPI"),
        ("darwin", ("Core Audio",), "Core Audio"),
        ("linux", ("ALSA", "JACK Audio Connection Kit"), "ALSA"),
        ("linux", ("OSS", "JACK Audio Connection Kit"), "JACK Audio Connection Kit"),
    ],
)
def test_a_device_is_listed_once_and_not_for_each_host_api(monkeypatch, system, platform, apis, chosen):
    Sounddevice("Headset", "BlackHole 2ch", apis=apis).stand_in(monkeypatch)
    system(platform)
    monkeypatch.setattr(portaudio, "communications_device", lambda _kind: None)
    assert [device.id for device in Microphones().list()] == [
        f"{chosen}:Headset",
        f"{chosen}:BlackHole 2ch",
    ]


def test_on_windows_the_default_is_the_microphone_for_calls(monkeypatch, system):
    Sounddevice("Array", "Headset", apis=("MME", "Windows WASAPI")).stand_in(monkeypatch)
    system("win32")
    asked = []
    monkeypatch.setattr(portaudio, "communications_device", lambda kind: asked.append(kind) or "Headset")
    assert [(device.name, device.is_default) for device in Microphones().list()] == [
        ("Headset", True),
        ("Array", False),
    ]
    assert asked == [DeviceKind.INPUT]


def test_what_alsa_lists_beside_devices_is_hidden(monkeypatch):
    plugins = ("sysdefault", "front", "surround51", "dmix", "samplerate", "null")
    Sounddevice("default", "pulse", "Headset", *plugins).stand_in(monkeypatch)
    assert [device.name for device in Microphones().list()] == ["default", "pulse", "Headset"]


@pytest.mark.parametrize(
    ("plugged", "listed"),
    [
        (("Monitor of Speakers", "Headset"), ["Headset"]),
        (("Monitor of Speakers",), ["Monitor of Speakers"]),
    ],
)
def test_monitors_are_listed_only_where_there_is_no_microphone(monkeypatch, plugged, listed):
    Sounddevice(*plugged).stand_in(monkeypatch)
    assert [device.name for device in Microphones().list()] == listed


def test_no_microphone_is_an_empty_list(monkeypatch):
    Sounddevice().stand_in(monkeypatch)
    assert Microphones().list() == []
    Sounddevice(apis=()).stand_in(monkeypatch)
    assert Microphones().list() == []


def test_a_device_connected_later_is_listed_unless_a_microphone_is_open(headset: Sounddevice):
    devices = Microphones()
    with heard(devices.tap(HEADSET)):
        headset.plugged.append(("Jabra", 0))
        assert "Jabra" not in [device.name for device in devices.list()]
    assert "Jabra" in [device.name for device in devices.list()]
    assert headset.initialised == 1


def test_a_device_connected_again_is_opened_though_the_list_is_old(headset: Sounddevice):
    devices = Microphones()
    headset.plugged.remove(("Headset", 0))
    assert "Headset" not in [device.name for device in devices.list()]
    headset.plugged.append(("Headset", 0))
    with heard(devices.tap(HEADSET)):
        assert headset.streams[-1].name == "Headset"


def test_blocks_are_the_mean_of_two_channels_and_not_portaudios_memory(headset: Sounddevice):
    tap = Microphones().tap(HEADSET)
    with heard(tap) as ear:
        stream = headset.streams[0]
        assert (stream.channels, stream.samplerate, tap.rate) == (2, 16000, 16000)
        stream.deliver(0.5, 0.5)[:] = -1
        stream.deliver(0.0, 0.5)
        stream.deliver(0.5, 0.0)
    assert [block.samples.dtype for block in ear.blocks] == [np.float32] * 3
    for block, level in zip(ear.blocks, (0.5, 0.25, 0.25), strict=True):
        assert np.array_equal(block.samples, np.full(80, level, np.float32))


def test_a_microphone_of_one_channel_is_opened_with_one(headset: Sounddevice):
    device = next(device for device in Microphones().list() if device.name == "Mono mic")
    with heard(Microphones().tap(device)) as ear:
        headset.streams[0].deliver(0.5)
    assert np.array_equal(ear.blocks[0].samples, np.full(80, 0.5, np.float32))


def test_a_microphone_that_changed_its_rate_is_opened_with_the_new_one(headset: Sounddevice):
    old = replace(HEADSET, rate=8000)
    tap = Microphones().tap(old)
    with heard(tap):
        assert (tap.rate, headset.streams[0].samplerate) == (16000, 16000)


def test_the_device_opened_is_the_one_that_has_the_name_now(headset: Sounddevice):
    devices = Microphones()
    device = devices.list()[1]
    headset.plugged.reverse()
    with heard(devices.tap(device)):
        assert headset.streams[0].name == device.name


def test_an_overflow_is_told_with_the_block_after_it(headset: Sounddevice):
    with heard(Microphones().tap(HEADSET)) as ear:
        headset.streams[0].deliver(0.1, 0.1)
        headset.streams[0].deliver(0.1, 0.1, overflow=True)
    assert [block.lost for block in ear.blocks] == [False, True]


def test_a_stream_that_ends_by_itself_is_told_once(headset: Sounddevice):
    with heard(Microphones().tap(HEADSET)) as ear:
        headset.streams[0].finish()
        headset.streams[0].finish()
        headset.streams[0].deliver(0.1, 0.1)
    assert [str(error) for error in ear.losses] == [
        "Headset stopped delivering sound: connect it again."
    ]
    assert not ear.blocks


def test_one_that_does_not_open_is_named_and_nothing_is_left_open(headset: Sounddevice):
    ear = Ear()
    headset.fails = PortAudioError("Device unavailable [PaErrorCode -9985]")
    with pytest.raises(
        AudioError, match=r"The sound system did not answer .*: restart it and try again"
    ):
        Microphones().tap(HEADSET).start(ear.hear, ear.lose)
    headset.fails, headset.starts_not = None, PortAudioError("Unanticipated host error")
    with pytest.raises(AudioError, match=r"Headset could not be opened \(Unanticipated host error\)"):
        Microphones().tap(HEADSET).start(ear.hear, ear.lose)
    headset.plugged.remove(("Headset", 0))
    with pytest.raises(AudioError, match="Headset was not found: connect it and start again"):
        Microphones().tap(HEADSET).start(ear.hear, ear.lose)
    assert len(headset.streams) == 1
    assert not headset.streams[0].is_open
    assert not ear.losses


def test_one_that_another_program_keeps_is_named_with_the_cure(headset: Sounddevice, monkeypatch):
    def refuse(*_args, **_options):
        raise PortAudioError("Error opening InputStream: Device unavailable")

    monkeypatch.setattr(sys.modules["sounddevice"], "InputStream", refuse)
    tap = Microphones().tap(HEADSET)
    with pytest.raises(AudioError, match=r"Headset could not be opened .*no other program keeps it"):
        tap.start(Ear().hear, Ear().lose)


def test_a_sound_server_that_never_answers_keeps_neither_close_nor_list_waiting(
    headset: Sounddevice, monkeypatch
):
    monkeypatch.setattr(microphones, "_CLOSE_S", 0.1)
    monkeypatch.setattr(
        microphones._portaudio(), "call", _within(microphones._portaudio().call, longest_s=0.1)
    )
    answers = threading.Event()
    with heard(Microphones().tap(HEADSET)) as ear:
        headset.hangs = lambda: answers.wait(30)
    headset.streams[0].deliver(0.1, 0.1)
    assert not ear.blocks
    with pytest.raises(AudioError, match=r"The sound system has not answered for 0\.1 s: restart it"):
        Microphones().list()
    answers.set()
    until(lambda: not headset.streams[0].is_open)
    assert "Headset" in [device.name for device in Microphones().list()]
    assert not ear.losses


def test_what_opens_after_nobody_waits_any_more_is_closed_again(headset: Sounddevice, monkeypatch):
    monkeypatch.setattr(microphones, "_CLOSE_S", 0.1)
    call = microphones._portaudio().call
    monkeypatch.setattr(microphones._portaudio(), "call", _within(call, longest_s=0.1))
    answers = threading.Event()
    headset.hangs = lambda: answers.wait(30)
    tap, ear = Microphones().tap(HEADSET), Ear()
    with pytest.raises(AudioError, match="has not answered"):
        tap.start(ear.hear, ear.lose)
    answers.set()
    call(lambda _: None, 10.0)
    assert [stream.is_open for stream in headset.streams] == [False]


def _within(call, *, longest_s: float):
    return lambda function, within_s=longest_s: call(function, min(within_s, longest_s))


def test_a_machine_without_portaudio_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    real_import = builtins.__import__

    def without_portaudio(name: str, *args, **kwargs):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(microphones, "_portaudio", lambda: fresh)
    fresh = portaudio.PortAudio()
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_portaudio)
    with pytest.raises(AudioError, match="No sound system was found: install PortAudio"):
        Microphones().list()


def test_a_system_that_does_not_answer_is_an_error_and_may_recover(headset: Sounddevice):
    devices = Microphones()
    devices.list()
    headset.fails = PortAudioError("Unanticipated host error")
    with pytest.raises(AudioError, match=r"did not answer \(Unanticipated host error\): restart it"):
        devices.list()
    headset.fails = None
    assert devices.list()


TONES = """
import sys, time, json
import numpy as np
from audio.devices.microphones import Microphones
microphones = Microphones()
device = next(device for device in microphones.list() if device.name == "far")
blocks = []
tap = microphones.tap(device)
tap.start(lambda samples, at_s, lost: blocks.append(samples), lambda error: None)
while not blocks:
    time.sleep(0.01)
print("ready", flush=True)
sys.stdin.readline()
tap.close()
sound = np.concatenate(blocks)
loud = np.flatnonzero(np.abs(sound) > 0.25)
tone = sound[loud[0] : loud[-1]]
peak = np.abs(np.fft.rfft(tone)).argmax() * tap.rate / len(tone)
print(json.dumps([len(tone) / tap.rate, peak, float(np.sqrt(np.mean(tone**2)))]))
"""


def test_a_tone_comes_through_a_real_portaudio_whole(
    pulse: PrivatePulse, make_recording, tmp_path: Path
):
    seconds = np.arange(48000 * 2) / 48000
    tone = make_recording(
        "tone.wav", 0.5 * np.sin(2 * np.pi * 1000 * seconds), codec="pcm_s16le", rate=48000
    )
    with Popen(
        [sys.executable, "-c", TONES], env=pulse.env, stdin=PIPE, stdout=PIPE, text=True
    ) as capturing:
        assert capturing.stdin
        assert capturing.stdout
        assert capturing.stdout.readline() == "ready\n"
        assert pulse.play(tone, "far").wait(60) == 0
        time.sleep(1.0)
        capturing.stdin.write("\n")
        capturing.stdin.flush()
        length_s, hz, level = json.loads(capturing.stdout.readline())
        assert capturing.wait(30) == 0
    assert length_s == pytest.approx(2.0, abs=0.1)
    assert hz == pytest.approx(1000, abs=2)
    assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_a_process_whose_server_hangs_still_ends(tmp_path: Path):
    if needed := missing():
        pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
    code = (
        "import sys; from audio.devices.microphones import Microphones; "
        "device = next(d for d in Microphones().list() if d.name == 'mic'); "
        "tap = Microphones().tap(device); tap.start(lambda *_: None, lambda _: None); "
        "print('ready', flush=True); sys.stdin.readline(); tap.close(); print('closed', flush=True)"
    )
    with (
        private_pulse(tmp_path) as daemon,
        Popen([sys.executable, "-c", code], env=daemon.env, stdin=PIPE, stdout=PIPE, text=True) as it,
    ):
        assert it.stdin
        assert it.stdout
        assert it.stdout.readline() == "ready\n"
        daemon.freeze()
        it.stdin.write("\n")
        it.stdin.flush()
        assert it.stdout.readline() == "closed\n"
        assert it.wait(60) == 0


def test_the_sinks_of_a_real_sound_server_are_listed(pulse: PrivatePulse):
    code = (
        "import json; from audio.devices.microphones import Microphones; "
        "print(json.dumps([device.id for device in Microphones().list()]))"
    )
    done = run([sys.executable, "-c", code], env=pulse.env, capture_output=True, text=True, check=True)
    assert {"ALSA:mic", "ALSA:far"} <= set(json.loads(done.stdout))
    assert done.stderr == ""
