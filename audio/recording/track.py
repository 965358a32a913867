"""One channel's time line on its way into a FLAC file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from audio.recording.evidence_file import EvidenceFile
from audio.recording.flac import FlacEncoder
from audio.types import CALL_RATE, AudioChunk, AudioGap, Samples


class Track:
    """Writes a channel from sample `begin` of the call on into a new file, so that no time is missing.

    What was lost becomes silence; what came before `begin`, or came twice, is left out. Every method but
    `release` raises `OSError`.
    """

    def __init__(self, path: Path, begin: int) -> None:
        self.path = path
        self.next = begin
        """Index in the call of the sound that comes next."""
        self.written = 0
        """Samples that are in the file."""
        self._begin = begin
        self._encoder = FlacEncoder()
        self._file = EvidenceFile(path)
        try:
            self._file.append(self._encoder.header)
        except OSError:
            self.discard()
            raise

    def push(self, item: AudioChunk | AudioGap) -> None:
        """Write the frames that `item` fills up; where that fails the file ends with a whole frame."""
        if isinstance(item, AudioGap):
            self._pass_over(item.end)
        else:
            self._pass_over(item.start)
            self._write(item.samples[max(0, self.next - item.start) :])

    def finish(self) -> None:
        """Write the last frame, then the length and checksum of all; nothing is pushed after that."""
        self._file.append(self._encoder.finish())
        self.written = self.next - self._begin
        self._file.replace_start(self._encoder.header)
        self._file.sync()

    def sync(self) -> None:
        """As `EvidenceFile.sync`; any thread."""
        self._file.sync()

    def release(self) -> None:
        """Let go of the file, as it is. Idempotent."""
        self._file.release()

    def discard(self) -> None:
        """Take the file away."""
        self._file.release()
        self.path.unlink(missing_ok=True)

    def _pass_over(self, until: int) -> None:
        for silence in _silence(until - self.next):
            self._write(silence)

    def _write(self, samples: Samples) -> None:
        self._file.append(self._encoder.encode(samples))
        self.next += len(samples)
        taken = self.next - self._begin
        self.written = taken - taken % self._encoder.block


def _silence(samples: int) -> Iterator[Samples]:
    """So many zeros, a second of them at a time."""
    second = np.zeros(CALL_RATE, np.float32)
    for left in range(samples, 0, -CALL_RATE):
        yield second[:left]
