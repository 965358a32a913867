import json
import os
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

import numpy as np
import pytest

from audio.decoder import Block, Damage, Recording
from audio.errors import AudioError
from audio.file_source import FileSource
from audio.ring import AudioRing
from audio.types import AudioChunk, AudioGap, Channel
from tests.audio.conftest import MakeRecording


def sine(rate: int, seconds: float = 2.0, peak: float = 0.5, hz: float = 440.0) -> np.ndarray:
    return peak * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)


def heard(source: FileSource) -> tuple[dict[Channel, np.ndarray], list[AudioGap], Exception | None]:
    """Everything a source delivers, checked to tile the time line."""
    ring = AudioRing()
    sound: dict[Channel, list[np.ndarray]] = {channel: [] for channel in source.channels}
    at = dict.fromkeys(source.channels, 0)
    gaps = []
    source.start(ring)
    try:
        while not ring.ended:
            item = ring.pop(5.0)
            if item is None:
                continue
            assert item.start == at[item.channel]
            at[item.channel] = item.end
            if isinstance(item, AudioChunk):
                assert item.samples.dtype == np.float32
                assert len(item.samples) <= 0.1 * item.rate
                sound[item.channel].append(item.samples)
            else:
                gaps.append(item)
    finally:
        source.stop()
    return {channel: np.concatenate(parts) for channel, parts in sound.items()}, gaps, ring.error


def test_both_sides_of_a_stereo_file_go_where_the_caller_is(make_recording: MakeRecording):
    left, right = sine(8000, peak=0.5), sine(8000, peak=0.1, hz=1000)
    path = make_recording("call.wav", np.stack([left, right]), codec="pcm_s16le", rate=8000)
    sound, gaps, error = heard(FileSource(path))
    assert (gaps, error) == ([], None)
    assert np.allclose(sound[Channel.CALLER], left, atol=1e-4)
    assert np.allclose(sound[Channel.AGENT], right, atol=1e-4)
    swapped, _, _ = heard(FileSource(path, caller="right"))
    assert np.allclose(swapped[Channel.CALLER], right, atol=1e-4)
    assert np.allclose(swapped[Channel.AGENT], left, atol=1e-4)
    mixed = FileSource(path, caller="mono")
    assert mixed.channels == (Channel.CALLER,)
    assert np.allclose(heard(mixed)[0][Channel.CALLER], (left + right) / 2, atol=1e-4)


@pytest.mark.parametrize("caller", [None, "mono"])
def test_one_channel_is_the_caller(make_recording: MakeRecording, caller):
    path = make_recording("call.wav", sine(16000), codec="pcm_s16le", rate=16000)
    source = FileSource(path, caller)
    assert source.channels == (Channel.CALLER,)
    assert (source.name, source.duration_s, source.is_live) == ("call.wav", 2.0, False)
    assert len(heard(source)[0][Channel.CALLER]) == 32000


@pytest.mark.parametrize(
    ("codec", "rate", "tolerance"),
    [
        ("pcm_u8", 8000, 1 / 100),
        ("pcm_s16le", 44100, 1e-4),
        ("pcm_s24le", 48000, 1e-5),
        ("pcm_s32le", 11025, 1e-5),
        ("pcm_f32le", 16000, 1e-6),
        ("pcm_f64le", 22050, 1e-6),
        ("pcm_mulaw", 8000, 0.02),
        ("pcm_alaw", 8000, 0.02),
    ],
)
def test_samples_of_every_wav_encoding_keep_their_amplitude(
    make_recording: MakeRecording, codec: str, rate: int, tolerance: float
):
    stereo = np.stack([sine(rate), sine(rate, peak=0.25)])
    sound, _, error = heard(FileSource(make_recording("call.wav", stereo, codec=codec, rate=rate)))
    assert error is None
    assert np.abs(sound[Channel.CALLER] - stereo[0]).max() < tolerance
    assert np.abs(sound[Channel.AGENT] - stereo[1]).max() < tolerance


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("call.flac", "flac", 16000),
        ("call.mp3", "libmp3lame", 44100),
        ("call.m4a", "aac", 48000),
        ("call.ogg", "libopus", 48000),
    ],
)
def test_compressed_files_keep_level_and_length(
    make_recording: MakeRecording, name: str, codec: str, rate: int
):
    path = make_recording(name, np.stack([sine(rate)] * 2), codec=codec, rate=rate)
    source = FileSource(path)
    sound, gaps, error = heard(source)
    assert (gaps, error) == ([], None)
    assert source.duration_s == pytest.approx(2.0, abs=0.1)
    inner = sound[Channel.AGENT][rate // 2 : 3 * rate // 2]
    assert np.sqrt(np.mean(inner**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert len(sound[Channel.AGENT]) == pytest.approx(2 * rate, rel=0.05)


def test_realtime_gives_sound_no_faster_than_it_was_spoken(make_recording: MakeRecording):
    source = FileSource(
        make_recording("call.wav", sine(8000, 0.5), codec="pcm_s16le", rate=8000), realtime=True
    )
    began = time.monotonic()
    sound, _, _ = heard(source)
    assert len(sound[Channel.CALLER]) == 4000
    assert 0.45 < time.monotonic() - began < 2.0


def test_stop_ends_a_realtime_source_at_once(make_recording: MakeRecording):
    source = FileSource(
        make_recording("call.wav", sine(8000, 60), codec="pcm_s16le", rate=8000), realtime=True
    )
    source.start(AudioRing())
    began = time.monotonic()
    source.stop()
    source.stop()
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("cut.wav", "pcm_s16le", 16000),
        ("cut.flac", "flac", 16000),
        ("cut.mp3", "libmp3lame", 16000),
        ("cut.ogg", "libopus", 48000),
    ],
)
def test_of_a_truncated_file_the_rest_is_heard_and_the_loss_is_told(
    make_recording: MakeRecording, name: str, codec: str, rate: int
):
    path = make_recording(name, sine(rate, 6.0), codec=codec, rate=rate)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound, _, error = heard(FileSource(path))
    assert len(sound[Channel.CALLER]) > 0.5 * rate
    assert isinstance(error, AudioError)
    assert str(path) in str(error)
    assert f"only {len(sound[Channel.CALLER]) / rate:.1f} s" in str(error)
    assert "get a complete copy" in str(error)


def test_a_truncated_m4a_has_no_index_and_is_refused(make_recording: MakeRecording):
    path = make_recording("cut.m4a", sine(48000, 6.0), codec="aac", rate=48000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError, match=r"cut\.m4a .*only part of one"):
        FileSource(path)


def test_a_hole_in_a_file_is_a_gap_and_what_follows_keeps_its_time(make_recording: MakeRecording):
    rate = 16000
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * rate)
    path = make_recording("hole.flac", noise, codec="flac", rate=rate)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    parts = list(Recording(path).blocks())
    damage = [part for part in parts if isinstance(part, Damage)]
    assert damage
    end = 0
    for part in parts:
        assert part.start == end
        end = part.start + part.samples.shape[1] if isinstance(part, Block) else part.end
        if isinstance(part, Block):
            assert np.allclose(part.samples[0], noise[part.start : end], atol=1e-4)
    assert end == len(noise)


@pytest.mark.parametrize("stated", [0xFFFFFFFF, 0x7FFFF024])
def test_a_wav_streamed_to_a_pipe_is_not_called_truncated(make_recording: MakeRecording, stated: int):
    path = make_recording("pipe.wav", sine(8000), codec="pcm_s16le", rate=8000)
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack("<I", stated)
    path.write_bytes(content)
    assert heard(FileSource(path))[2] is None


@pytest.mark.parametrize("length", [1, 16000])
def test_one_sample_and_pure_silence_are_sound(make_recording: MakeRecording, length: int):
    path = make_recording("quiet.wav", np.zeros(length), codec="pcm_s16le", rate=16000)
    sound, gaps, error = heard(FileSource(path))
    assert (len(sound[Channel.CALLER]), gaps, error) == (length, [], None)


def test_six_channels_are_refused_with_what_to_do(make_recording: MakeRecording):
    path = make_recording("six.wav", np.zeros((6, 800)), codec="pcm_s16le", rate=8000, layout="5.1")
    with pytest.raises(AudioError, match=r"six\.wav has 6 channels; .*mix it down, or export each side"):
        FileSource(path)


def test_a_side_of_a_one_channel_file_is_refused(make_recording: MakeRecording):
    path = make_recording("mono.wav", np.zeros(800), codec="pcm_s16le", rate=8000)
    with pytest.raises(AudioError, match=r"mono\.wav has one channel and no right side"):
        FileSource(path, caller="right")


def png() -> bytes:
    def block(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\1\2" * 2)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", rows) + block(b"IEND", b"")


HEADER_ONLY_WAV = (
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"
)
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.wav", b"", "is empty"),
        (
            "text.wav",
            b"These are the minutes of a meeting.\n" * 50,
            "is not a recording that can be read",
        ),
        (
            "text.mp3",
            b"These are the minutes of a meeting.\n" * 50,
            "is not a recording that can be read",
        ),
        ("text.txt", b"These are the minutes of a meeting.\n" * 50, "has no sound in it"),
        ("picture.wav", png(), "has no sound in it"),
        ("zeros.flac", bytes(5000), "holds no sound"),
        ("header.wav", HEADER_ONLY_WAV, "holds no sound"),
        ("playlist.wav", PLAYLIST, "is not a recording that can be read"),
        ("bare.ul", bytes(5000), "holds bare samples"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes, sentence: str
):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError, match=sentence) as caught:
        FileSource(path)
    assert str(caught.value).startswith(str(path))
    assert ": " in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_video_without_sound_is_refused(tmp_path: Path):
    import av

    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match=r"screen\.mp4 has no sound in it"):
        FileSource(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(AudioError, match=r"gone\.wav was not found: check the name"):
        FileSource(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="is a folder: name a recording in it"):
        FileSource(tmp_path)
    with pytest.raises(AudioError, match="could not be read"):
        FileSource(tmp_path / "zero\0byte.wav")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, which may read everything."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are not enforced on Windows")
def test_an_unreadable_file_is_refused(make_recording: MakeRecording):
    path = make_recording("secret.wav", np.zeros(800), codec="pcm_s16le", rate=8000)
    path.chmod(0)
    with as_nobody(), pytest.raises(AudioError, match=r"secret\.wav could not be read .*permissions"):
        FileSource(path)


def test_odd_bytes_in_the_tags_do_no_harm(make_recording: MakeRecording):
    path = make_recording("tagged.wav", sine(8000), codec="pcm_s16le", rate=8000)
    note = b"INFOIART" + struct.pack("<I", 4) + b"\xff\xfe\xe9\0"
    content = path.read_bytes() + b"LIST" + struct.pack("<I", len(note)) + note
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    assert heard(FileSource(path))[2] is None


_LONG = """
import json, resource, sys
from pathlib import Path
from audio.file_source import FileSource
from audio.ring import AudioRing
source, ring = FileSource(Path(sys.argv[1])), AudioRing()
source.start(ring)
end = early = 0
while not ring.ended:
    item = ring.pop(1.0)
    end = item.end if item else end
    if not early and end > 600 * 8000:
        early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source.stop()
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early
print(json.dumps({"end_s": end / 8000, "grown_kib": grown, "error": str(ring.error)}))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss counts KiB on Linux only")
def test_three_hours_are_walked_in_flat_memory(tmp_path: Path):
    path, size = tmp_path / "long.wav", 3 * 3600 * 8000
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form)
        file.write(b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    done = run([sys.executable, "-c", _LONG, str(path)], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert (result["end_s"], result["error"]) == (3 * 3600, "None")
    assert result["grown_kib"] < 8 * 1024
