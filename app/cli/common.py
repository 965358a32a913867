"""What the commands share: exit statuses, the data folder option, and where errors end."""

from enum import IntEnum
from pathlib import Path

import click
from rich.console import Console

_stderr = Console(stderr=True, soft_wrap=True, highlight=False)


class Exit(IntEnum):
    """Exit statuses, as docs/command-line.md lists them."""

    OK = 0
    NOT_AS_EXPECTED = 1
    BAD_USE = 2
    FAILED = 3
    INTERRUPTED = 130


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder of the case log (default: this system's place for application data).",
)


def fail(sentence: str) -> None:
    """Tell the user what went wrong, on standard error."""
    _stderr.print(f"earwitness: {sentence}", style="bold red", markup=False)
