"""Evidence: the sound of a call in FLAC files that hold what was heard, however the program ends."""

import errno
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audio.errors import AudioError
from audio.recording.evidence_file import sha256_of
from audio.recording.track import Track
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel

SYNC_S = 1.0
"""Seconds from one time the files are forced to the disk to the next."""

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file of `samples` at `CALL_RATE`. `sha256` is hexadecimal, and None where it cannot be read."""

    channel: Channel
    path: Path
    samples: int
    sha256: str | None


class Recorder:
    """Records each channel of a call into a file of its own: `<name>-<channel>.flac`, 16 bit.

    Sample k of a file is the sound at `begin` + k of the call: what was lost is silence, and what came
    before `begin` is left out. What was pushed is handed to the system at once, all but the end of each
    channel that fills no FLAC frame yet (under 1152 samples, 72 ms): a killed program loses no more. A
    power cut may also take what came since the last sync (`SYNC_S`, and as long as the disk takes).

    `push` and `close` belong to one thread; a thread of the recorder's own forces the files to the disk.
    """

    def __init__(self, folder: Path, name: str, channels: Sequence[Channel], begin: int = 0) -> None:
        """Create the files, and `folder` where it is missing; only this person may enter or read them.

        Raises `AudioError`, also where a file of that name is there; then none of these is left.
        """
        self._folder = folder
        self._tracks: dict[Channel, Track] = {}
        self._closed = False
        self._sync_fault: OSError | None = None
        self._closing = threading.Event()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for channel in channels:
                self._tracks[channel] = Track(folder / f"{name}-{channel}.flac", begin)
        except OSError as error:
            for track in self._tracks.values():
                track.discard()
            raise _not_begun(folder, error) from error
        self._syncing = threading.Thread(target=self._sync, name="earwitness-sync", daemon=True)
        self._syncing.start()

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Record what comes next of one channel, at `CALL_RATE`.

        Raises `AudioError` once, when the files can no longer be written: the recorder is closed then,
        its files can be played up to there, and what is pushed later is not recorded.
        """
        if not self._closed:
            try:
                self._require_synced()
                self._tracks[item.channel].push(item)
            except OSError as error:
                raise self._stop(error) from error

    def close(self) -> None:
        """Complete the files. Idempotent.

        Raises `AudioError` where that fails; the files can be played even so.
        """
        if not self._closed:
            self._end_sync()
            try:
                self._require_synced()
                for track in self._tracks.values():
                    track.finish()
            except OSError as error:
                raise self._stop(error) from error
            self._release()

    def discard(self) -> None:
        """Take the files away, as far as that can be done: there was no call after all."""
        if not self._closed:
            self._end_sync()
            self._closed = True
        for track in self._tracks.values():
            with suppress(OSError):
                track.discard()

    def files(self) -> tuple[RecordedFile, ...]:
        """What was recorded, once the recorder is closed; reads every file from its start to its end."""
        return tuple(
            RecordedFile(channel, track.path, track.written, sha256_of(track.path))
            for channel, track in self._tracks.items()
        )

    def _sync(self) -> None:
        while not self._closing.wait(SYNC_S):
            try:
                for track in self._tracks.values():
                    track.sync()
            except OSError as error:
                self._sync_fault = error
                return

    def _require_synced(self) -> None:
        if self._sync_fault:
            raise self._sync_fault

    def _end_sync(self) -> None:
        self._closing.set()
        self._syncing.join()

    def _stop(self, error: OSError) -> AudioError:
        self._end_sync()
        self._release()
        heard = max(track.next for track in self._tracks.values())
        return _stopped(self._folder, heard / CALL_RATE, error)

    def _release(self) -> None:
        self._closed = True
        for track in self._tracks.values():
            track.release()


def _not_begun(folder: Path, error: OSError) -> AudioError:
    if isinstance(error, FileExistsError):
        return AudioError(
            f"{error.filename} is there already, and a recording never replaces a file: move it away."
        )
    cure = "free some space" if error.errno in _NO_SPACE else "check the folder's permissions"
    return AudioError(
        f"The call cannot be recorded in {folder} ({error.strerror}): {cure}, or go on without a "
        "recording."
    )


def _stopped(folder: Path, at_s: float, error: OSError) -> AudioError:
    begun = f"The recording in {folder} stopped {at_s:.0f} s into the call"
    if isinstance(error, FileNotFoundError):
        return AudioError(
            f"{begun}, because its files were moved or deleted: leave them in place until a call ends."
        )
    if error.errno in _NO_SPACE:
        return AudioError(
            f"{begun}, because the disk is full; what was recorded by then is kept: free some space."
        )
    return AudioError(
        f"{begun}, because its files cannot be written any more ({error.strerror}): check that disk."
    )
