"""What was installed: written at the first installation, and held against every later one.

The hub's file digests are not known to the program for every model. What came at the first
installation is then trusted and written down here (trust on first use, as SSH does with host keys),
so that a file which changes later is noticed.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detection.errors import DetectionError
from detection.models.catalogue import Commit, Job, PublicModel
from detection.models.manifest import Name, Sha256


class Witness(StrEnum):
    """Who says what a file's digest is."""

    PROGRAM = "that this program knows"
    FIRST = "that was installed here first"
    HUB = "that the hub announced"
    MANIFEST = "that its manifest names"


_CURE = {
    Witness.PROGRAM: "get it from another place",
    Witness.FIRST: "if you know why it is another, --trust-anew on the command line accepts it",
    Witness.HUB: "try again",
    Witness.MANIFEST: "copy the whole pack again",
}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class InstalledFile(_Part):
    """One file of an installed model."""

    size: int = Field(ge=0)
    sha256: Sha256


class InstallRecord(_Part):
    """`origin` says where the files came from, `installed_at` when (ISO 8601, UTC)."""

    schema_version: Literal[1] = 1
    id: Name
    title: str
    job: Job = Field(strict=False)
    licence: str
    origin: str
    commit: Commit | None
    files: dict[Name, InstalledFile] = Field(min_length=1)
    installed_at: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


def load_record(path: Path) -> InstallRecord | None:
    """The record in `path`, None where there is none. Raises `DetectionError` where it is unusable."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DetectionError(_unusable(path)) from error
    try:
        return InstallRecord.model_validate_json(text)
    except ValidationError as error:
        raise DetectionError(_unusable(path)) from error


def save_record(path: Path, record: InstallRecord) -> None:
    """Write `record` so that a crash leaves the old one or the new one. Raises `OSError`."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(record.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def known_digests(
    name: str, model: PublicModel | None, record: InstallRecord | None
) -> dict[Witness, str]:
    """The SHA-256 that file `name` must have, by who says so."""
    known: dict[Witness, str] = {}
    for file in model.files if model else ():
        if file.name == name and file.sha256:
            known[Witness.PROGRAM] = file.sha256
    if record and name in record.files:
        known[Witness.FIRST] = record.files[name].sha256
    return known


def refuse_other(model_id: str, name: str, found: str, known: Mapping[Witness, str]) -> None:
    """Raise `DetectionError` where the SHA-256 `found` is not the one of `known`."""
    for witness, digest in known.items():
        if digest != found:
            raise other_file(model_id, name, witness)


def other_file(model_id: str, name: str, witness: Witness) -> DetectionError:
    """What to say of a file that is not the one that `witness` knows."""
    return DetectionError(
        f"File {name} of model {model_id} is not the one {witness} (its digest differs), so it is "
        f"damaged or was swapped and nothing was installed; {_CURE[witness]}."
    )


def _unusable(path: Path) -> str:
    return (
        f"The install record {path} cannot be read, so its model cannot be checked; "
        "remove that file and install the model again."
    )
