"""Public models that a pack can be made of: what each is for, what it weighs, who may carry it."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from detection.text.packs import Location, Pack, Part, load_pack

Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class Job(StrEnum):
    """What a model would do in the program."""

    STRONG_VOICE = "strong_voice"
    SPEAKER = "speaker"
    TRANSCRIPT = "transcript"
    TEXT = "text"


class Carrier(StrEnum):
    """Who may bring the model to a machine, as its licence says."""

    INSTALLER = "installer"
    PERSON = "person"
    """Only the person who uses it, who thereby accepts its terms."""


class PublicFile(Part):
    """A file of the hub's repository. The digest is null until somebody downloaded it and could tell."""

    name: Text
    sha256: Digest | None


class Figure(Part):
    """An error rate or the like as somebody else published it; nothing here was measured with it."""

    what: Text
    value: Text
    source: Text


class PublicModel(Part):
    """One model on the hub.

    `commit` is null until it was pinned by a download that could be trusted. `setting` is the setting
    that takes the pack, empty while no part of the program uses such a model; `made_with` the script
    that makes the pack, empty where the hub's files are used as they are. `published` is empty where no
    figure was read.
    """

    id: Text
    title: Text
    job: Job
    hub: Text
    commit: Commit | None
    files: tuple[PublicFile, ...] = Field(min_length=1)
    licence: Text
    carrier: Carrier
    parameters_m: float = Field(gt=0)
    download_mb: float = Field(gt=0)
    installed_mb: float = Field(gt=0)
    does: Text
    input: Text
    output: Text
    published: tuple[Figure, ...] = ()
    setting: str = ""
    made_with: str = ""
    recommended: bool = False

    @property
    def is_installable(self) -> bool:
        """Whether the program uses the hub's files as they are, so that downloading them is enough."""
        return bool(self.setting) and not self.made_with


class Catalogue(Pack):
    """The models, at most one of each job recommended."""

    models: tuple[PublicModel, ...] = Field(min_length=1)

    def problems(self) -> Iterator[tuple[Location, str]]:
        ids: set[str] = set()
        recommended: set[Job] = set()
        for number, model in enumerate(self.models):
            if model.id in ids:
                yield ("models", number, "id"), f"{model.id} is listed twice"
            ids.add(model.id)
            if not model.recommended:
                continue
            if model.job in recommended:
                yield ("models", number, "recommended"), f"two models for {model.job} are recommended"
            if not model.setting:
                yield ("models", number, "recommended"), "no setting takes what is recommended"
            recommended.add(model.job)

    @property
    def recommended(self) -> list[PublicModel]:
        """The models to get, at most one for each job."""
        return [model for model in self.models if model.recommended]


def load_catalogue(path: Path) -> Catalogue:
    """The catalogue in `path`. Raises `DetectionError` naming the file, the line and what is wrong."""
    return load_pack(path, Catalogue)


def recommendation(model: PublicModel) -> str:
    """What one would get `model` for, what it takes and how to get it, in three sentences."""
    cure = (
        f"earwitness models install {model.id} gets it"
        if model.is_installable
        else "docs/models/strong-pack.md says how to get it"
    )
    return (
        f"{model.title} is not installed. {model.hub} {model.does} ({model.licence}, "
        f"{model.download_mb:,.0f} MB to download, {model.installed_mb:,.0f} MB installed). "
        f"Earwitness works without it; {cure}."
    )
