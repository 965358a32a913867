import sys
from pathlib import Path
from subprocess import PIPE, Popen
from types import SimpleNamespace

import numpy as np
import pytest

from audio import capture
from audio.capture import DeviceSource
from audio.errors import AudioError
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel, DeviceInfo
from tests.audio.conftest import MakeRecording
from tests.pulse import PrivatePulse

CAPTURE = Path(__file__).with_name("capture_to_npz.py")
HEADSET = DeviceInfo("ALSA:Headset", "Headset", 3, 2, 2, 8000, True)


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples)


def test_two_devices_are_captured_each_on_its_channel(
    pulse: PrivatePulse, make_recording: MakeRecording, tmp_path: Path
):
    tones = {"mic": 400.0, "far": 1000.0}
    seconds = np.arange(48000 * 2) / 48000
    files = {
        sink: make_recording(
            f"{sink}.wav", 0.5 * np.sin(2 * np.pi * hz * seconds), codec="pcm_s16le", rate=48000
        )
        for sink, hz in tones.items()
    }
    out = tmp_path / "captured.npz"
    with Popen(
        [sys.executable, str(CAPTURE), str(out), "3.5"], env=pulse.env, stdout=PIPE, text=True
    ) as capturing:
        assert capturing.stdout
        assert capturing.stdout.readline() == "ready\n"
        players = [pulse.play(file, sink) for sink, file in files.items()]
        assert [player.wait(20) for player in players] == [0, 0]
        assert capturing.wait(20) == 0
    captured = np.load(out)
    rate = int(captured["rate"])
    for channel, sink in ((Channel.CALLER, "far"), (Channel.AGENT, "mic")):
        edges = captured[f"{channel}_edges"]
        assert edges[0] == 0
        assert np.array_equal(edges[1:-1:2], edges[2::2])
        sound = captured[channel]
        assert len(sound) > 3 * rate
        loud = np.flatnonzero(np.abs(sound) > 0.25)
        assert (loud[-1] - loud[0]) / rate == pytest.approx(2.0, abs=0.1)
        tone = sound[loud[0] : loud[-1]]
        assert loudest_hz(tone, rate) == pytest.approx(tones[sink], abs=2.0)
        assert np.sqrt(np.mean(tone**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert captured["threads"] == 1


class FakeStream:
    """Stands for `sounddevice.InputStream`; a test calls the callbacks."""

    opened: list["FakeStream"]

    def __init__(self, *, callback, finished_callback, **options) -> None:
        self.callback, self.finished, self.options = callback, finished_callback, options
        self.is_open = True
        FakeStream.opened.append(self)
        if options["device"] == 99:
            raise ValueError("Invalid device")

    def start(self) -> None:
        if self.options["device"] == 98:
            raise FakePortAudioError("Device unavailable")

    def close(self) -> None:
        self.is_open = False
        self.finished()


class FakePortAudioError(Exception):
    pass


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[FakeStream]:
    sounddevice = SimpleNamespace(InputStream=FakeStream, PortAudioError=FakePortAudioError)
    monkeypatch.setattr(capture, "load_sounddevice", lambda: sounddevice)
    FakeStream.opened = []
    return FakeStream.opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(capture.time, "monotonic", lambda: now.s)
    return now


def deliver(stream: FakeStream, frames: int, overflow: bool = False) -> np.ndarray:
    block = np.full((frames, 1), 0.5, np.float32)
    stream.callback(block, frames, None, SimpleNamespace(input_overflow=overflow))
    return block


def test_the_block_is_copied_since_its_memory_is_portaudios(streams, clock):
    source, ring = DeviceSource({Channel.CALLER: HEADSET}), AudioRing()
    source.start(ring)
    deliver(streams[0], 80)[:] = -1
    item = ring.pop(0)
    assert isinstance(item, AudioChunk)
    assert np.all(item.samples == 0.5)
    source.stop()


def test_an_overflow_becomes_a_gap_as_long_as_the_clock_says(streams, clock):
    source, ring = DeviceSource({Channel.CALLER: HEADSET}), AudioRing()
    source.start(ring)
    deliver(streams[0], 80)
    clock.s += 0.51
    deliver(streams[0], 80, overflow=True)
    first, gap, second = ring.pop(0), ring.pop(0), ring.pop(0)
    assert isinstance(first, AudioChunk)
    assert isinstance(gap, AudioGap)
    assert isinstance(second, AudioChunk)
    assert (first.end, gap.start, gap.end, second.start) == (80, 80, 80 + 4000, 4080)
    assert source.overflows == 1
    source.stop()


def test_an_overflow_of_unknown_length_is_still_recorded(streams, clock):
    source, ring = DeviceSource({Channel.CALLER: HEADSET}), AudioRing()
    source.start(ring)
    deliver(streams[0], 80)
    deliver(streams[0], 80, overflow=True)
    _, gap, second = ring.pop(0), ring.pop(0), ring.pop(0)
    assert isinstance(gap, AudioGap)
    assert (gap.end - gap.start, second and second.start) == (1, 81)
    source.stop()


def test_a_device_that_starts_later_begins_with_a_gap(streams, clock):
    devices = {Channel.CALLER: HEADSET, Channel.AGENT: HEADSET}
    source, ring = DeviceSource(devices), AudioRing()
    source.start(ring)
    deliver(streams[0], 80)
    clock.s += 0.25
    deliver(streams[1], 80)
    items = [ring.pop(0) for _ in range(3)]
    assert isinstance(items[1], AudioGap)
    assert (items[1].channel, items[1].start, items[1].end) == (Channel.AGENT, 0, 2000)
    assert items[2]
    assert items[2].start == 2000
    source.stop()


def test_a_device_that_disappears_ends_the_ring_with_its_name(streams, clock):
    source, ring = DeviceSource({Channel.CALLER: HEADSET}), AudioRing()
    source.start(ring)
    deliver(streams[0], 80)
    streams[0].finished()
    source.stop()
    assert isinstance(ring.error, AudioError)
    assert str(ring.error) == "Headset stopped delivering sound: connect it again and start anew."
    assert ring.pop(0) is not None


def test_stop_closes_every_stream_without_an_error_and_may_be_repeated(streams, clock):
    source, ring = DeviceSource({Channel.CALLER: HEADSET, Channel.AGENT: HEADSET}), AudioRing()
    source.start(ring)
    source.stop()
    source.stop()
    assert [stream.is_open for stream in streams] == [False, False]
    assert ring.ended
    assert ring.error is None


@pytest.mark.parametrize("index", [98, 99])
def test_a_device_that_cannot_be_opened_is_named_and_none_is_left_open(streams, index: int):
    broken = DeviceInfo("ALSA:Webcam", "Webcam", index, 1, 0, 8000, False)
    source, ring = DeviceSource({Channel.CALLER: HEADSET, Channel.AGENT: broken}), AudioRing()
    with pytest.raises(AudioError, match=r"Webcam could not be opened .*check that it is connected"):
        source.start(ring)
    assert not streams[0].is_open
    assert ring.ended
