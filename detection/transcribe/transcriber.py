"""The protocol behind which every speech recognizer stands."""

from dataclasses import dataclass
from typing import Protocol

from detection.types import EngineInfo, Segment, Utterance


@dataclass(frozen=True, slots=True)
class Rejection:
    """A segment whose text is not to be trusted, and why: stored, never shown as speech."""

    reason: str


class Transcriber(Protocol):
    """A loaded recognizer; called from the inference thread only, one segment at a time."""

    @property
    def engine(self) -> EngineInfo: ...

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """What was said in `segment`."""
        ...

    def close(self) -> None:
        """Let go of what the recognizer holds; idempotent."""
        ...
