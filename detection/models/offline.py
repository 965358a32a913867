"""From a folder or a zip to the shelf, without the network."""

import hashlib
import shutil
from pathlib import Path

from detection.errors import DetectionError
from detection.models.catalogue import Catalogue, PublicModel
from detection.models.contents import Contents, recognise
from detection.models.install import TryOut
from detection.models.record import (
    InstalledFile,
    InstallRecord,
    Witness,
    known_digests,
    now,
    refuse_other,
)
from detection.models.shelf import ModelShelf, is_model_id
from detection.models.source import Source, open_source
from detection.models.watch import Progress, Stage, Watch

_UNKNOWN_LICENCE = "not stated"


def import_model(
    path: Path,
    shelf: ModelShelf,
    catalogue: Catalogue,
    try_out: TryOut,
    watch: Watch,
    *,
    name: str | None = None,
    trust_anew: bool = False,
) -> InstallRecord:
    """Copy the model in the folder or zip `path` to the shelf.

    It is called `name`, or what a pack's manifest says, or what the folder or zip is called. Where the
    catalogue or the record of an earlier installation under that name knows digests, they must agree;
    `trust_anew` leaves the record out. Only files that belong to the model are copied.

    Raises `DetectionError`; nothing is changed then.
    """
    with open_source(path) as source, shelf.changing():
        contents = recognise(source)
        model_id = _checked_id(name or contents.id or _stem(path))
        model = next((model for model in catalogue.models if model.id == model_id), None)
        if model and model.job is not contents.job:
            raise DetectionError(
                f"{model_id} is the name of another kind of model in the catalogue; "
                "give this one a name of its own with --as."
            )
        known = None if trust_anew else shelf.record(model_id)
        stage = shelf.partial(model_id)
        shutil.rmtree(stage, ignore_errors=True)
        try:
            files = stage / "files"
            described = _copy(source, contents, files, shelf, watch)
            for file, digest in contents.digests.items():
                refuse_other(model_id, file, described[file].sha256, {Witness.MANIFEST: digest})
            for file, copied in described.items():
                refuse_other(model_id, file, copied.sha256, known_digests(file, model, known))
            watch.report(Progress(Stage.TRYING))
            try_out(contents.job, files)
            watch.check()
            record = _record(path, model_id, contents, model, known, described)
            shelf.adopt(files, record)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return record


def _copy(
    source: Source, contents: Contents, files: Path, shelf: ModelShelf, watch: Watch
) -> dict[str, InstalledFile]:
    done, total = 0, sum(source.files[name] for name in contents.names)
    shelf.check_space(total)
    files.mkdir(parents=True)
    described: dict[str, InstalledFile] = {}
    for name in contents.names:
        digest, size = hashlib.sha256(), 0
        with (files / name).open("wb") as copy:
            for chunk in source.chunks(name):
                watch.check()
                size += len(chunk)
                if size > source.files[name]:
                    raise DetectionError(
                        f"{name} in {source.title} changed while it was read; import it again."
                    )
                copy.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                watch.report(Progress(Stage.COPYING, done, total))
        described[name] = InstalledFile(size=size, sha256=digest.hexdigest())
    return described


def _record(
    path: Path,
    model_id: str,
    contents: Contents,
    model: PublicModel | None,
    known: InstallRecord | None,
    described: dict[str, InstalledFile],
) -> InstallRecord:
    """What is said of the model: by its manifest, else by the catalogue."""
    return InstallRecord(
        id=model_id,
        title=contents.title or (model.title if model else model_id),
        job=contents.job,
        licence=contents.licence or (model.licence if model else _UNKNOWN_LICENCE),
        origin=str(path.resolve()),
        commit=known.commit if known else None,
        files=described,
        installed_at=now(),
    )


def _stem(path: Path) -> str:
    name = path.resolve().name
    return name.removesuffix(".zip") if path.is_file() else name


def _checked_id(model_id: str) -> str:
    if not is_model_id(model_id):
        raise DetectionError(
            f"A model cannot be called {model_id!r}; rename what is imported, or give a name of "
            "letters, digits, dots and hyphens with --as."
        )
    return model_id
