"""From the hub to the shelf: download at one commit, prove every file, then put all in place at once."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detection.errors import DetectionError
from detection.models.catalogue import Job, PublicModel
from detection.models.digests import git_sha1_of, sha256_of
from detection.models.hub import LATEST, HubFile, Listing, file_url, listing_url, read_listing
from detection.models.record import (
    InstalledFile,
    InstallRecord,
    Witness,
    known_digests,
    now,
    other_file,
    refuse_other,
)
from detection.models.shelf import ModelShelf
from detection.models.transfer import PATIENT, Patience, Transfer, Wanted, run
from detection.models.watch import Progress, Stage, Watch

TryOut = Callable[[Job, Path], None]
"""Loads the model in a folder as the program would; raises `DetectionError` where it cannot."""


def install(
    model: PublicModel,
    shelf: ModelShelf,
    address: str,
    try_out: TryOut,
    watch: Watch,
    *,
    trust_anew: bool = False,
    patience: Patience = PATIENT,
) -> InstallRecord:
    """Download `model` from the hub at `address` and put it on the shelf.

    The commit is the catalogue's; where that has none, that of the first installation, or the hub's
    latest. Every digest that the catalogue, the record of the first installation and the hub give must
    agree; `trust_anew` leaves that record out.

    Blocks for as long as it takes. Raises `DetectionError`; whatever was installed before then still is,
    and what was downloaded is kept and used the next time.
    """
    if not model.is_installable:
        raise DetectionError(_not_installable(model))
    with shelf.changing():
        known = None if trust_anew else shelf.record(model.id)
        task = _Installation(model, known, shelf, address, watch, patience)
        files = task.download()
        described = task.check()
        watch.report(Progress(Stage.TRYING))
        try_out(model.job, files)
        watch.check()
        record = InstallRecord(
            id=model.id,
            title=model.title,
            job=model.job,
            licence=model.licence,
            origin=f"{address}/{model.hub}",
            commit=task.commit,
            files=described,
            installed_at=now(),
        )
        shelf.adopt(files, record)
    return record


@dataclass(frozen=True, slots=True)
class _Needed:
    file: HubFile
    known: dict[Witness, str]
    """SHA-256 by who says so; the hub's own is added when it is heard."""


class _Installation:
    def __init__(
        self,
        model: PublicModel,
        known: InstallRecord | None,
        shelf: ModelShelf,
        address: str,
        watch: Watch,
        patience: Patience,
    ) -> None:
        self.commit = ""
        self._model = model
        self._known = known
        self._shelf = shelf
        self._address = address
        self._watch = watch
        self._patience = patience
        self._stage = shelf.partial(model.id)
        self._files = self._stage / "files"
        self._needed: Sequence[_Needed] = ()
        self._progress = Progress(Stage.DOWNLOADING)

    def download(self) -> Path:
        """Everything into one folder, of which nothing is proved yet."""
        run(self._download(), self._watch)
        return self._files

    def check(self) -> dict[str, InstalledFile]:
        """Prove every file; one that is not what was meant is thrown away and named."""
        done, total = 0, sum(needed.file.size for needed in self._needed)

        def count(length: int) -> None:
            nonlocal done
            done += length
            self._watch.check()
            self._watch.report(Progress(Stage.CHECKING, done, total))

        described: dict[str, InstalledFile] = {}
        for needed in self._needed:
            name = needed.file.name
            path = self._files / name
            digest = sha256_of(path, count)
            try:
                refuse_other(self._model.id, name, digest, needed.known)
                self._refuse_other_blob(needed.file, path)
            except DetectionError:
                path.unlink()
                raise
            described[name] = InstalledFile(size=needed.file.size, sha256=digest)
        return described

    def _refuse_other_blob(self, file: HubFile, path: Path) -> None:
        if file.git_sha1 and git_sha1_of(path) != file.git_sha1:
            raise other_file(self._model.id, file.name, Witness.HUB)

    async def _download(self) -> None:
        model, address = self._model, self._address
        revision = model.commit or (self._known.commit if self._known else None) or LATEST
        async with Transfer(self._patience, self._say) as transfer:
            answer = await transfer.text(model.hub, listing_url(address, model.hub, revision))
            listing = read_listing(model.hub, answer)
            if revision not in {LATEST, listing.commit}:
                raise DetectionError(
                    f"The hub gives commit {listing.commit[:12]} of {model.hub} for {revision[:12]}; "
                    "nothing was installed."
                )
            self.commit = listing.commit
            self._needed = [self._need(name, listing) for name in (file.name for file in model.files)]
            self._prepare()
            finished, total = 0, sum(needed.file.size for needed in self._needed)
            for needed in self._needed:
                await self._fetch(transfer, needed, finished, total)
                finished += needed.file.size

    def _need(self, name: str, listing: Listing) -> _Needed:
        file = listing.files.get(name)
        if file is None:
            raise DetectionError(
                f"{self._model.hub} has no {name} at commit {listing.commit[:12]}, so it is not the "
                "model that this program knows; nothing was installed."
            )
        known = known_digests(name, self._model, self._known)
        if file.sha256:
            refuse_other(self._model.id, name, file.sha256, known)
            known[Witness.HUB] = file.sha256
        return _Needed(file, known)

    def _prepare(self) -> None:
        """Keep what was downloaded of this commit, and nothing else."""
        note = self._stage / "commit"
        commit = self.commit.encode()
        if not note.is_file() or note.read_bytes() != commit:
            shutil.rmtree(self._stage, ignore_errors=True)
            self._files.mkdir(parents=True)
            note.write_bytes(commit)
        sizes = {needed.file.name: needed.file.size for needed in self._needed}
        for path in self._files.iterdir():
            if path.name not in sizes:
                path.unlink()
        self._shelf.check_space(sum(sizes.values()) - self._shelf.partial_bytes(self._model.id))

    async def _fetch(self, transfer: Transfer, needed: _Needed, finished: int, total: int) -> None:
        def arrived(have: int) -> None:
            self._tell(Progress(Stage.DOWNLOADING, finished + have, total))

        file = needed.file
        wanted = Wanted(
            f"{file.name} of {self._model.hub}",
            file_url(self._address, self._model.hub, self.commit, file.name),
            file.size,
            next(iter(needed.known.values()), None),
            self.commit,
        )
        tag = self._stage / f"{file.name}.etag"
        announced = await transfer.file(wanted, self._files / file.name, tag, arrived)
        if announced:
            needed.known[Witness.HUB] = announced

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        self._watch.report(progress)

    def _say(self, note: str) -> None:
        if note != self._progress.note:
            self._tell(Progress(Stage.DOWNLOADING, self._progress.done, self._progress.total, note))


def _not_installable(model: PublicModel) -> str:
    if not model.setting:
        return f"No part of Earwitness uses {model.id} yet, so it cannot be installed; choose another."
    return (
        f"{model.id} cannot be used as the hub has it: make a pack of it with {model.made_with}, as "
        "docs/models/strong-pack.md says, and give that to earwitness models import."
    )
