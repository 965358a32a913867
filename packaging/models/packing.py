"""What makes a folder a pack, and the one sentence where none is made."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from detection.models.manifest import MANIFEST_NAME, PackManifest


class ExportError(Exception):
    """One sentence that says why no pack was made."""


def sha256(path: Path) -> str:
    """The file's digest as a manifest states it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: PackManifest) -> None:
    """Put `manifest` beside the network in `folder`."""
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def end(command: Callable[[], None]) -> None:
    """Run a script's `command`; an `ExportError` ends it as one sentence with status 1."""
    try:
        command()
    except ExportError as error:
        sys.exit(str(error))
