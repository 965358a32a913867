from pathlib import Path

import platformdirs
import pytest

from app import paths
from app.errors import DataFolderError


def test_the_folder_is_made_private(tmp_path):
    folder = paths.data_dir(tmp_path / "a" / "b")
    assert folder == tmp_path / "a" / "b"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert paths.data_dir(folder) == folder


def test_without_an_override_it_is_the_systems_place(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "system")
    assert paths.data_dir() == tmp_path / "system"


@pytest.mark.parametrize("below", [".", "sub"])
def test_a_file_in_the_way_is_named(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match=r"file.*choose"):
        paths.data_dir(tmp_path / "file" / below)


@pytest.mark.parametrize(("writable", "raises"), [(True, True), (False, False)])
def test_a_folder_that_cannot_be_written_will_do_for_reading(tmp_path, monkeypatch, writable, raises):
    # Permission bits do not stop root, so the system's answer is stood in for.
    monkeypatch.setattr(paths.os, "access", lambda _, mode: not mode & paths.os.W_OK)
    if raises:
        with pytest.raises(DataFolderError, match="cannot be written; change its permissions"):
            paths.data_dir(tmp_path, writable=writable)
    else:
        assert paths.data_dir(tmp_path, writable=writable) == tmp_path


def test_reading_creates_nothing_and_names_a_file_in_the_way(tmp_path):
    assert paths.data_dir(tmp_path / "none", writable=False) == tmp_path / "none"
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="is a file"):
        paths.data_dir(tmp_path / "file", writable=False)


def test_case_log_lies_in_the_folder():
    assert paths.case_log(Path("x")).parent == Path("x")
