"""A whole pack in a folder of its own, to be broken."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import resources
from detection.models.install import install
from detection.models.record import InstallRecord
from detection.models.shelf import ModelShelf
from detection.models.transfer import Patience
from detection.models.watch import Watch
from tests.detection.models.installing import QUICK, Install, model
from tests.hub import Hub

BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def pack_folder(tmp_path: Path) -> Path:
    """A copy of the built-in pack."""
    return Path(shutil.copytree(BUILT_IN, tmp_path / "some-pack"))


@pytest.fixture
def edit_manifest(pack_folder: Path) -> Callable[[Edit], None]:
    """Change the copy's manifest as plain JSON."""

    def edit(change: Edit) -> None:
        path = pack_folder / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return edit


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


@pytest.fixture
def put(hub: Hub, shelf: ModelShelf) -> Install:
    """Installs from the hub."""

    def run(
        patience: Patience = QUICK,
        watch: Watch | None = None,
        address: str = "",
        try_out: Callable[..., None] = lambda *_: None,
        *,
        trust_anew: bool = False,
        **changes: Any,
    ) -> InstallRecord:
        return install(
            model(hub.files, **changes),
            shelf,
            address or hub.address,
            try_out,
            watch or Watch(),
            trust_anew=trust_anew,
            patience=patience,
        )

    return run
