"""The program's own log: a small rotating file in the data folder. Never holds what was said."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


def log_to_file(data_dir: Path) -> None:
    """Send warnings and worse to `data_dir/earwitness.log` (1 MB, three kept).

    A record that cannot be written is dropped: the disk may be full, and what a user should know of
    that is told as an error, not as a stack on their terminal.
    """
    logging.raiseExceptions = False
    handler = RotatingFileHandler(
        data_dir / "earwitness.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
