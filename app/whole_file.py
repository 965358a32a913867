"""Writing a text file whole or not at all."""

import os
import tempfile
from pathlib import Path

_LONGEST = 40
"""Characters of the file's name that its unfinished copy carries."""


def replace_file(path: Path, text: str, *, newline: str | None = None) -> None:
    """Put `text` (UTF-8) into the file at `path`, for this person alone to read; a link stays one.

    A crash leaves the old file or the new one. The folder must exist. `newline` is as for `open`. Raises
    `OSError`.
    """
    path = path.resolve()
    unfinished: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline=newline,
            dir=path.parent,
            prefix=f".{path.name[:_LONGEST].lstrip('.')}-",
            delete=False,
        ) as file:
            unfinished = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        if unfinished:
            unfinished.unlink(missing_ok=True)
        raise
