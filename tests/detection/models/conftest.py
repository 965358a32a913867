"""A whole pack in a folder of its own, to be broken."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import resources

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
