"""The exporters are scripts beside their own modules."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "packaging" / "models"

Import = Callable[[str], Any]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports a script of packaging/models; skips where what it needs is not installed."""
    monkeypatch.syspath_prepend(str(SCRIPTS))

    def load(name: str, *needs: str) -> ModuleType:
        for library in needs:
            pytest.importorskip(library, exc_type=ImportError)
        return importlib.import_module(name)

    return load
