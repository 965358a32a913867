"""What the hub says about a model: the commit, and the name, size and digest of every file.

The addresses are those of the Hugging Face hub and of its mirrors. Files kept in Git LFS come with
their SHA-256, the others with the SHA-1 by which git knows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from detection.errors import DetectionError
from detection.models.catalogue import Commit, Digest

LATEST = "main"
"""The revision to ask for where no commit is known yet."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file as the hub describes it: `size` in bytes, digests in hexadecimal where it gives them."""

    name: str
    size: int
    sha256: str | None = None
    git_sha1: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a model at one commit."""

    commit: str
    files: Mapping[str, HubFile]


def listing_url(address: str, hub: str, revision: str) -> str:
    """Where the hub at `address` describes its model `hub` at `revision`."""
    return f"{address}/api/models/{hub}/revision/{quote(revision, safe='')}?blobs=true"


def file_url(address: str, hub: str, commit: str, name: str) -> str:
    """Where one file of that model is."""
    return f"{address}/{hub}/resolve/{commit}/{quote(name)}"


class _Lfs(BaseModel):
    sha256: Digest
    size: int


class _Sibling(BaseModel):
    rfilename: str
    size: int | None = None
    blob_id: str | None = Field(None, alias="blobId")
    lfs: _Lfs | None = None


class _Model(BaseModel):
    sha: Commit
    siblings: list[_Sibling]


def read_listing(hub: str, answer: bytes) -> Listing:
    """The hub's answer to `listing_url`. Raises `DetectionError` where it is something else."""
    try:
        model = _Model.model_validate_json(answer)
    except ValidationError as error:
        raise DetectionError(
            f"What was answered for {hub} is no description of a model; look for a sign-in page of this "
            "network or a wrong EARWITNESS_HUB."
        ) from error
    files: dict[str, HubFile] = {}
    for file in model.siblings:
        size = file.lfs.size if file.lfs else file.size
        if size is not None and size >= 0:
            sha256 = file.lfs.sha256 if file.lfs else None
            files[file.rfilename] = HubFile(
                file.rfilename, size, sha256, None if file.lfs else file.blob_id
            )
    return Listing(model.sha, files)
