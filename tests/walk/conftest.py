import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cases.writer import CaseWriter
from app.cli import main


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str


Earwitness = Callable[..., Run]


@pytest.fixture
def earwitness(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Earwitness:
    """Runs a command line as the console script does, with a data folder of the test's own."""
    monkeypatch.setenv("EARWITNESS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["earwitness", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CaseWriter]:
    """The case log of a test that brings its own session."""
    writer = CaseWriter(tmp_path / "cases.db")
    yield writer
    if not writer.failed:
        writer.close()
