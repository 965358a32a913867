"""Where Earwitness keeps its files."""

import os
from pathlib import Path

import platformdirs

from app.errors import DataFolderError


def data_dir(override: Path | None = None, *, writable: bool = True) -> Path:
    """The folder of the case log: `override`, or the system's place for a person's own data.

    A missing folder is created so that only this person can enter it (mode 0700 where the system has
    modes). `writable=False` is for commands that only read: nothing is created then, and a folder on a
    read-only disk, or none at all, will do. Raises `DataFolderError`.
    """
    folder = override or platformdirs.user_data_path("earwitness", appauthor=False)
    try:
        if writable:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not folder.exists():
            return folder
    except FileExistsError as error:
        raise _is_a_file(folder) from error
    except OSError as error:
        verb = "created" if writable else "read"
        raise DataFolderError(
            f"The data folder {folder} cannot be {verb} ({error.strerror}); "
            "choose another with --data-dir."
        ) from error
    if not folder.is_dir():
        raise _is_a_file(folder)
    if not os.access(folder, os.R_OK | os.X_OK | (os.W_OK if writable else 0)):
        verb = "written" if writable else "read"
        raise DataFolderError(
            f"The data folder {folder} cannot be {verb}; "
            "change its permissions or choose another with --data-dir."
        )
    return folder


def case_log(folder: Path) -> Path:
    """The case log's file in the data folder."""
    return folder / "cases.db"


def recordings_dir(folder: Path) -> Path:
    """Where evidence audio lies in the data folder."""
    return folder / "recordings"


def models_dir(override: Path | None = None) -> Path:
    """The folder of installed models: `override`, or beside a person's case log. Nothing is created."""
    return override or platformdirs.user_data_path("earwitness", appauthor=False) / "models"


def settings_file() -> Path:
    """The file with a person's settings: what EARWITNESS_SETTINGS_FILE names, or the system's place."""
    named = os.environ.get("EARWITNESS_SETTINGS_FILE")
    if named:
        return Path(named)
    return platformdirs.user_config_path("earwitness", appauthor=False) / "settings.toml"


def _is_a_file(folder: Path) -> DataFolderError:
    return DataFolderError(f"The data folder {folder} is a file; choose a folder with --data-dir.")
