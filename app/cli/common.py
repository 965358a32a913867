"""What the commands share: exit statuses, the data folder option, and where output and errors go."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import NoReturn, Self

import click
from rich.console import Console
from rich.text import Text

from app.errors import EarwitnessError
from app.words import printable

_WIDE = 1_000
"""Columns of a table that a program reads: more than any row needs."""


class Exit(IntEnum):
    """Exit statuses, as docs/command-line.md lists them."""

    OK = 0
    NOT_AS_EXPECTED = 1
    BAD_USE = 2
    FAILED = 3
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


class OutputError(EarwitnessError):
    """Standard output takes no more."""

    @classmethod
    def of(cls, error: OSError) -> Self:
        """What to tell the user about `error`."""
        return cls(
            f"The result could not be printed ({error.strerror}); "
            "free some space or send standard output elsewhere."
        )


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder of the case log (default: this system's place for application data).",
)


class _Stdout(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


@contextmanager
def printing(*, rows: bool = False) -> Iterator[Console]:
    """What is printed in this context, by the console given or by click, goes to standard output.

    Where `rows`, lines are as long as they need to be unless a terminal shows them. Raises
    `OutputError` where the output cannot be written, and ends the command where its reader went away.
    """
    console = _Stdout(markup=False, emoji=False, highlight=False)
    if rows and not console.is_terminal:
        console.width = _WIDE
    try:
        yield console
    except BrokenPipeError as closed:
        drop_output()
        raise SystemExit(Exit.OUTPUT_CLOSED) from closed
    except OSError as error:
        drop_output()
        raise OutputError.of(error) from error


def drop_output() -> None:
    """Let what still waits to be written to standard output go: Python flushes it once more at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def fail(sentence: str) -> None:
    """Tell the user what went wrong, on standard error."""
    _tell(sentence, "bold red")


def warn(sentence: str) -> None:
    """Tell the user what to know about a result, on standard error."""
    _tell(sentence, "yellow")


def _tell(sentence: str, style: str) -> None:
    with suppress(OSError):  # there is nowhere left to say that standard error takes no more
        Console(stderr=True, soft_wrap=True).print(Text(f"earwitness: {printable(sentence)}", style))
