"""What a recording holds: after a clean end, a kill, a full disk, a folder that went away."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from audio.decoder import Block, Recording
from audio.errors import AudioError
from audio.recording.flac import FlacEncoder
from audio.recording.recorder import RecordedFile, Recorder
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Samples
from tests.audio.record_until_killed import NAME, TOLD, recorded, sound

REPO = Path(__file__).parents[2]
BLOCK = FlacEncoder().block

needs_posix = pytest.mark.skipif(os.name != "posix", reason="uses POSIX signals, limits and modes")
needs_linux_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.getuid() != 0, reason="mounts a file system"
)


def chunk(channel: Channel, start: int, samples: Samples) -> AudioChunk:
    return AudioChunk(channel, start, CALL_RATE, samples)


def noise(seed: int, length: int) -> Samples:
    """Sound that 16 bits hold exactly, so that a recording gives the same numbers back."""
    return (np.random.default_rng(seed).integers(-20000, 20000, length) / 32768).astype(np.float32)


def played(path: Path) -> Samples:
    """What a player gets, with every frame's checksum checked; raises where the file is damaged."""
    recording = Recording(path)
    assert (recording.rate, recording.channels) == (CALL_RATE, 1)
    blocks = list(recording.blocks())
    assert all(isinstance(block, Block) for block in blocks)
    return np.concatenate([block.samples[0] for block in blocks if isinstance(block, Block)])


def streaminfo(path: Path) -> tuple[int, bytes]:
    """Number of samples and MD5 by the file's header (RFC 9639, section 8.2); zeros: not known."""
    fields = path.read_bytes()[8:42]
    return int.from_bytes(fields[13:18], "big") & 0xF_FFFF_FFFF, fields[18:]


def md5(samples: Samples) -> bytes:
    return hashlib.md5((samples * 32768).astype("<i2").tobytes(), usedforsecurity=False).digest()


def push_until_it_stops(recorder: Recorder) -> tuple[int, str]:
    """Push both channels until that raises: how many samples of each went in, and what it said."""
    step = 1000
    for at in range(0, 4000 * step, step):
        for channel in Channel:
            try:
                recorder.push(chunk(channel, at, sound(channel, at, at + step)))
            except AudioError as error:
                return at, str(error)
        time.sleep(0.002)
    pytest.fail("nothing stopped the recording")


def by_channel(recorder: Recorder) -> dict[Channel, RecordedFile]:
    return {file.channel: file for file in recorder.files()}


def syncing() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "earwitness-sync"]


@pytest.mark.parametrize("pieces", [[8000], [1], [159, 161], [BLOCK], [BLOCK - 1, 1, BLOCK + 1]])
def test_a_recording_gives_every_sample_back_however_it_came(tmp_path: Path, pieces: list[int]):
    said = {channel: noise(seed, 5000) for seed, channel in enumerate(Channel)}
    recorder = Recorder(tmp_path, "case", list(Channel))
    at, turn = 0, 0
    while at < 5000:
        piece = pieces[turn % len(pieces)]
        for channel, samples in said.items():
            recorder.push(chunk(channel, at, samples[at : at + piece]))
        at, turn = at + piece, turn + 1
    recorder.close()
    for file in recorder.files():
        assert file.path == tmp_path / f"case-{file.channel}.flac"
        assert np.array_equal(played(file.path), said[file.channel])
        assert streaminfo(file.path) == (5000, md5(said[file.channel]))
        assert file.samples == 5000
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert not syncing()


def test_a_call_without_sound_is_an_empty_recording(tmp_path: Path):
    recorder = Recorder(tmp_path, "case", [Channel.CALLER])
    recorder.close()
    recorder.close()
    (file,) = recorder.files()
    assert (file.samples, streaminfo(file.path)[0]) == (0, 0)


def test_time_in_the_file_is_time_in_the_call(tmp_path: Path):
    said = noise(1, 1000)
    recorder = Recorder(tmp_path, "case", list(Channel), begin=300)
    recorder.push(chunk(Channel.CALLER, 0, said))
    recorder.push(AudioGap(Channel.CALLER, 1000, 40_000, CALL_RATE, "unplugged"))
    recorder.push(chunk(Channel.CALLER, 40_000, said))
    recorder.push(chunk(Channel.CALLER, 40_900, said))
    recorder.push(AudioGap(Channel.CALLER, 41_000, 41_500, CALL_RATE, "heard already"))
    recorder.push(AudioGap(Channel.AGENT, 0, 100, CALL_RATE, "not there yet"))
    recorder.push(chunk(Channel.AGENT, 2000, said))
    recorder.close()
    files = by_channel(recorder)
    whole = [said[300:], np.zeros(39_000, np.float32), said, said[100:]]
    assert np.array_equal(played(files[Channel.CALLER].path), np.concatenate(whole))
    late = [np.zeros(1700, np.float32), said]
    assert np.array_equal(played(files[Channel.AGENT].path), np.concatenate(late))


def test_what_16_bits_do_not_hold_is_clipped_or_silent(tmp_path: Path):
    odd = np.array([np.nan, np.inf, -np.inf, 2, -2, 1, -1, 0.4 / 32768, 0.6 / 32768], np.float32)
    recorder = Recorder(tmp_path, "case", [Channel.CALLER])
    recorder.push(chunk(Channel.CALLER, 0, odd))
    recorder.close()
    levels = played(recorder.files()[0].path) * 32768
    assert levels.tolist() == [0, 32767, -32768, 32767, -32768, 32767, -32768, 0, 1]


def test_what_was_pushed_can_be_played_before_the_end(tmp_path: Path):
    said = noise(3, 10 * BLOCK + 700)
    recorder = Recorder(tmp_path, "case", [Channel.CALLER])
    try:
        recorder.push(chunk(Channel.CALLER, 0, said))
        path = tmp_path / "case-caller.flac"
        assert np.array_equal(played(path), said[: 10 * BLOCK])
        assert streaminfo(path) == (0, bytes(16))
    finally:
        recorder.close()


@needs_posix
def test_only_this_person_may_read_it(tmp_path: Path):
    recorder = Recorder(tmp_path / "new" / "recordings", "case", [Channel.CALLER])
    recorder.close()
    (file,) = recorder.files()
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


def test_no_file_is_ever_overwritten(tmp_path: Path):
    there = tmp_path / "case-agent.flac"
    there.write_bytes(b"evidence")
    with pytest.raises(AudioError, match=r"case-agent\.flac is there already.*move it away"):
        Recorder(tmp_path, "case", list(Channel))
    assert [path.name for path in tmp_path.iterdir()] == ["case-agent.flac"]
    assert there.read_bytes() == b"evidence"
    assert not syncing()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(AudioError) as refused:
            Recorder(folder, "case", [Channel.CALLER])
        assert str(tmp_path / "file") in str(refused.value)


@needs_posix
def test_a_killed_program_leaves_all_but_the_last_frame(tmp_path: Path):
    moments = random.Random(5)  # noqa: S311  when to kill is no secret
    for run in range(4):
        folder = tmp_path / str(run)
        command = [sys.executable, "-m", "tests.audio.record_until_killed", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO)
        assert process.stdout
        first = process.stdout.read(TOLD.size)
        killer = threading.Timer(moments.uniform(0, 1), process.send_signal, [signal.SIGKILL])
        killer.start()
        told = first + process.stdout.read()
        process.communicate()
        killer.join()
        assert process.returncode == -signal.SIGKILL
        last = told[: len(told) // TOLD.size * TOLD.size][-TOLD.size :]
        for channel, handed_over in zip(Channel, TOLD.unpack(last), strict=True):
            path = folder / f"{NAME}-{channel}.flac"
            if handed_over < BLOCK:
                continue
            kept = played(path)
            assert len(kept) > handed_over - BLOCK
            assert np.array_equal(kept, recorded(channel, len(kept)))


def assert_stopped(recorder: Recorder, pushed: int) -> None:
    """The files end with a whole frame and can be played, and nothing more is said or recorded."""
    recorder.push(chunk(Channel.CALLER, pushed, noise(0, BLOCK)))
    recorder.close()
    assert not syncing()
    for file in recorder.files():
        kept = played(file.path)
        assert len(kept) == file.samples
        assert file.samples > pushed - BLOCK
        assert np.array_equal(kept, sound(file.channel, 0, len(kept)))
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()


@needs_linux_root
def test_a_full_disk_stops_the_recording_in_one_sentence(tmp_path: Path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system does not let tests mount")
    try:
        recorder = Recorder(small, "case", list(Channel))
        pushed, sentence = push_until_it_stops(recorder)
        assert "the disk is full" in sentence
        assert str(small) in sentence
        assert pushed > 40 * BLOCK
        assert_stopped(recorder, pushed)
        with pytest.raises(AudioError, match="free some space"):
            Recorder(small, "next", list(Channel)).push(chunk(Channel.CALLER, 0, noise(1, 20 * BLOCK)))
    finally:
        subprocess.run(["umount", str(small)], check=True)


@needs_posix
def test_a_file_that_may_not_grow_stops_the_recording_in_one_sentence(tmp_path: Path):
    import resource

    recorder = Recorder(tmp_path, "case", list(Channel))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        pushed, sentence = push_until_it_stops(recorder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written any more (File too large)" in sentence
    assert pushed > 10 * BLOCK
    assert_stopped(recorder, pushed)


@needs_posix
@pytest.mark.parametrize("moved", [True, False])
def test_a_folder_that_went_away_stops_the_recording_in_one_sentence(tmp_path: Path, moved: bool):
    folder = tmp_path / "recordings"
    recorder = Recorder(folder, "case", list(Channel))
    if moved:
        folder.rename(tmp_path / "elsewhere")
    else:
        shutil.rmtree(folder)
    pushed, sentence = push_until_it_stops(recorder)
    assert "moved or deleted" in sentence
    assert str(folder) in sentence
    recorder.close()
    assert [file.sha256 for file in recorder.files()] == [None, None]
    if moved:
        for channel in Channel:
            kept = played(tmp_path / "elsewhere" / f"case-{channel}.flac")
            assert len(kept) > pushed - BLOCK
            assert np.array_equal(kept, sound(channel, 0, len(kept)))


@needs_posix
def test_a_folder_that_went_away_at_the_very_end_is_told_too(tmp_path: Path):
    folder = tmp_path / "recordings"
    recorder = Recorder(folder, "case", [Channel.CALLER])
    recorder.push(chunk(Channel.CALLER, 0, noise(1, 2 * BLOCK)))
    shutil.rmtree(folder)
    with pytest.raises(AudioError, match="moved or deleted"):
        recorder.close()
    recorder.close()
