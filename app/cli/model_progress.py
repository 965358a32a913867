"""A long task on a model, as a line that moves on the terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app.models.pace import Pace
from app.models.words import progress_text
from detection.models.watch import Progress as ModelProgress
from detection.models.watch import Watch

_BAR_WIDTH = 16


@contextmanager
def watched() -> Iterator[Watch]:
    """A watch whose task shows on standard error what it does, where that is a terminal."""
    console = Console(stderr=True)
    columns = (BarColumn(_BAR_WIDTH), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        pace = Pace()

        def report(progress: ModelProgress) -> None:
            pace.add(time.monotonic(), progress.done)
            text = progress_text(progress, pace.rate)
            bar.update(task, description=text, completed=progress.done, total=progress.total or None)

        yield Watch(report)
