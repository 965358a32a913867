import os
import stat
import sys
from pathlib import Path

import pytest

from app.whole_file import replace_file


def test_a_file_is_replaced_and_nothing_else_left(tmp_path: Path):
    file = tmp_path / "report.html"
    file.write_text("old")
    replace_file(file, "néw\n", newline="")
    assert file.read_bytes() == "néw\n".encode()
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_this_person_may_read_it(tmp_path: Path):
    replace_file(tmp_path / "a", "")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stays_one(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    replace_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


def test_where_writing_fails_the_old_file_stays_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "report.html"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_where_the_name_is_a_folder_nothing_is_left(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - its text is the system's
        replace_file(tmp_path / "folder", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
