"""What a long task on model files tells while it runs, and how it is asked to stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from detection.errors import DetectionError


class Stage(StrEnum):
    """What is being done with the files."""

    DOWNLOADING = "downloading"
    COPYING = "copying"
    CHECKING = "checking"
    TRYING = "trying out"
    MEASURING = "measuring"


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes done of `total`, over all files of the model; `total` is 0 while that is not known.

    While measuring it counts models.

    `note` says why nothing moves just now.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    note: str = ""


class StoppedError(DetectionError):
    """A person stopped the task."""


class Watch:
    """`report` is called in the task's thread, many times a second; `stop` in any other."""

    def __init__(self, report: Callable[[Progress], None] = lambda _: None) -> None:
        self.report = report
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask the task to end soon with `StoppedError`."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise `StoppedError` where the task was asked to stop."""
        if self.is_stopped:
            raise StoppedError("Stopped; nothing was changed, and what was downloaded is kept.")
