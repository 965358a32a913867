"""A pack on disk: its manifest read and every file it names proved to be the file that was meant."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from detection.errors import DetectionError
from detection.models.manifest import ManifestT, load_manifest


@dataclass(frozen=True, slots=True)
class Pack(Generic[ManifestT]):
    """A pack whose files were found whole when it was opened."""

    folder: Path
    manifest: ManifestT

    @property
    def network(self) -> Path:
        """The ONNX file."""
        return self.folder / self.manifest.network


def open_pack(folder: Path, kind: type[ManifestT]) -> Pack[ManifestT]:
    """The pack in `folder`, its files checked. Raises `DetectionError` where anything is amiss."""
    manifest = load_manifest(folder, kind)
    for name, wanted in manifest.files.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise DetectionError(
                f"Model pack {manifest.id} lacks its file {name}; download or copy the whole pack again."
            ) from None
        if found != wanted:
            raise DetectionError(
                f"File {name} of model pack {manifest.id} is damaged or was changed (its SHA-256 "
                "differs from the manifest's); download or copy the whole pack again."
            )
    return Pack(folder, manifest)
