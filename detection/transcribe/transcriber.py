"""The protocol behind which every speech recognizer stands."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from detection.types import EngineInfo, Segment, Utterance


@dataclass(frozen=True, slots=True)
class Rejection:
    """A segment whose text is not to be trusted, and why: stored, never shown as speech."""

    reason: str


class Transcriber(Protocol):
    """A loaded recognizer; called from the inference thread only, one segment at a time."""

    @property
    def engine(self) -> EngineInfo: ...

    def begin_call(self) -> None:
        """Forget what was learnt of the call before, such as the languages in it. Any thread."""
        ...

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """What was said in `segment`."""
        ...

    def close(self) -> None:
        """Let go of what the recognizer holds; idempotent."""
        ...


@runtime_checkable
class LiveTranscriber(Transcriber, Protocol):
    """A recognizer that is cheap enough to be asked again and again while a person still speaks."""

    def transcribe_open(self, segment: Segment) -> Utterance | Rejection:
        """What was said in `segment`, which has not ended. Later text does not depend on this one."""
        ...
