"""The folder of installed models: checked file by file, changed by one at a time, whole in a crash."""

import errno
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from detection.errors import DetectionError
from detection.models.catalogue import Job
from detection.models.digests import sha256_of
from detection.models.record import InstalledFile, InstallRecord
from detection.models.shelf import ModelShelf, megabytes
from detection.models.watch import Progress, StoppedError, Watch

ID = "some-model"


def put(shelf: ModelShelf, files: dict[str, bytes], model_id: str = ID) -> InstallRecord:
    """Install `files` without a network."""
    with shelf.changing():
        folder = shelf.partial(model_id) / "files"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        record = InstallRecord(
            id=model_id,
            title="Some model",
            job=Job.TRANSCRIPT,
            licence="MIT",
            origin="here",
            commit=None,
            files={
                name: InstalledFile(size=len(content), sha256=sha256_of(folder / name))
                for name, content in files.items()
            },
            installed_at="2026-11-20T12:00:00+00:00",
        )
        shelf.adopt(folder, record)
    return record


def refusal(shelf: ModelShelf, model_id: str = ID) -> str:
    with pytest.raises(DetectionError) as caught:
        shelf.verify(model_id, Watch())
    return str(caught.value)


def test_a_shelf_that_does_not_exist_is_empty_and_stays_so(shelf: ModelShelf) -> None:
    assert shelf.installed() == []
    assert shelf.record(ID) is None
    assert "some-model is not installed" in refusal(shelf)
    assert not shelf.root.exists()


def test_what_is_put_on_it_is_found_and_whole(shelf: ModelShelf) -> None:
    record = put(shelf, {"model.bin": b"weights", "config.json": b"{}"})
    put(shelf, {"model.bin": b"other"}, "another")
    assert [installed.id for installed in shelf.installed()] == ["another", ID]
    heard: list[Progress] = []
    assert shelf.verify(ID, Watch(heard.append)) == record
    assert (heard[-1].done, heard[-1].total) == (9, 9)
    assert record.size == 9


@pytest.mark.parametrize("content", [b"weighty", b"weights and more", b""])
def test_a_changed_file_is_named(shelf: ModelShelf, content: bytes) -> None:
    put(shelf, {"model.bin": b"weights", "config.json": b"{}"})
    (shelf.folder(ID) / "model.bin").write_bytes(content)
    assert "File model.bin of model some-model is damaged or was swapped" in refusal(shelf)


def test_a_missing_file_is_named(shelf: ModelShelf) -> None:
    put(shelf, {"model.bin": b"weights", "config.json": b"{}"})
    (shelf.folder(ID) / "config.json").unlink()
    assert "some-model lacks its file config.json" in refusal(shelf)


def test_a_file_that_somebody_added_is_named(shelf: ModelShelf) -> None:
    put(shelf, {"model.bin": b"weights"})
    (shelf.folder(ID) / "vocabulary.json").write_bytes(b"[]")
    assert "File vocabulary.json is no part of model some-model" in refusal(shelf)


def test_only_an_installed_model_is_refused_when_it_is_damaged(
    shelf: ModelShelf, tmp_path: Path
) -> None:
    put(shelf, {"model.bin": b"weights"})
    shelf.refuse_damaged(shelf.folder(ID))
    (shelf.folder(ID) / "model.bin").write_bytes(b"swapped")
    with pytest.raises(DetectionError, match=r"File model\.bin of model some-model is damaged"):
        shelf.refuse_damaged(shelf.folder(ID))
    elsewhere = tmp_path / "my models" / ID
    shutil.copytree(shelf.folder(ID), elsewhere)
    shelf.refuse_damaged(elsewhere)
    shelf.refuse_damaged(tmp_path / "my models")


def test_checking_can_be_stopped(shelf: ModelShelf) -> None:
    put(shelf, {"model.bin": b"weights"})
    watch = Watch()
    watch.stop()
    with pytest.raises(StoppedError):
        shelf.verify(ID, watch)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 2}', "\xff"])
def test_a_record_that_cannot_be_read_is_named(shelf: ModelShelf, text: str) -> None:
    put(shelf, {"model.bin": b"weights"})
    path = shelf.root / f"{ID}.json"
    path.write_bytes(text.encode("latin-1"))
    assert f"The install record {path} cannot be read" in refusal(shelf)


def test_removing_leaves_the_record_alone(shelf: ModelShelf) -> None:
    record = put(shelf, {"model.bin": b"weights"})
    shelf.remove(ID)
    assert shelf.installed() == []
    assert shelf.record(ID) == record
    assert [path.name for path in shelf.root.iterdir() if not path.name.startswith(".")] == [
        f"{ID}.json"
    ]
    with pytest.raises(DetectionError, match="some-model is not installed"):
        shelf.remove(ID)


def test_removing_also_drops_what_was_half_downloaded(shelf: ModelShelf) -> None:
    (shelf.partial(ID) / "files").mkdir(parents=True)
    (shelf.partial(ID) / "files" / "model.bin").write_bytes(b"half")
    assert shelf.partial_bytes(ID) == 4
    shelf.remove(ID)
    assert shelf.partial_bytes(ID) == 0


def test_new_files_take_the_place_of_all_old_ones(shelf: ModelShelf) -> None:
    put(shelf, {"model.bin": b"old", "only-old.txt": b""})
    put(shelf, {"model.bin": b"new"})
    assert {path.name: path.read_bytes() for path in shelf.folder(ID).iterdir()} == {"model.bin": b"new"}
    assert not (shelf.root / ".replaced").exists()


@pytest.mark.parametrize("died", ["before the new came", "after the new came", "while removing"])
def test_after_a_crash_the_model_is_whole_or_gone(shelf: ModelShelf, died: str) -> None:
    put(shelf, {"model.bin": b"old"})
    if died == "before the new came":
        (shelf.root / ".replaced").mkdir()
        shelf.folder(ID).rename(shelf.root / ".replaced" / ID)
    elif died == "after the new came":
        shutil.copytree(shelf.folder(ID), shelf.root / ".replaced" / ID)
    else:
        (shelf.root / ".removed").mkdir()
        shelf.folder(ID).rename(shelf.root / ".removed" / ID)
    with shelf.changing():
        pass
    assert shelf.folder(ID).is_dir() == (died != "while removing")
    if died != "while removing":
        shelf.verify(ID, Watch())
    assert not (shelf.root / ".replaced").exists()
    assert not (shelf.root / ".removed").exists()


def test_old_files_come_back_where_the_new_ones_cannot_be_put(
    shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, {"model.bin": b"old"})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("detection.models.shelf.save_record", full)
    with pytest.raises(DetectionError, match="No space left on device"):
        put(shelf, {"model.bin": b"new"})
    assert shelf.verify(ID, Watch()).size == 3
    assert (shelf.folder(ID) / "model.bin").read_bytes() == b"old"


def test_a_second_change_at_the_same_time_is_refused(shelf: ModelShelf) -> None:
    said: list[str] = []

    def change() -> None:
        try:
            with shelf.changing():
                said.append("changed")
        except DetectionError as error:
            said.append(str(error))

    with shelf.changing():
        other = threading.Thread(target=change)
        other.start()
        other.join()
    change()
    assert said == [
        "Another installation of a model is under way on this machine; wait until it ends.",
        "changed",
    ]


def test_a_program_that_is_killed_frees_the_shelf(shelf: ModelShelf) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from detection.models.shelf import ModelShelf
        with ModelShelf(Path(sys.argv[1])).changing():
            print("held", flush=True)
            time.sleep(60)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, shelf.root],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DetectionError, match="under way"), shelf.changing():
            pass
        holder.kill()
    put(shelf, {"model.bin": b"weights"})
    assert shelf.is_installed(ID)


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0.0 MB"), (420_000, "0.4 MB"), (75_500_000, "76 MB"), (1_618_000_000, "1,618 MB")],
)
def test_megabytes(count: int, told: str) -> None:
    assert megabytes(count) == told


@pytest.mark.parametrize("model_id", ["", ".", "..", "../beside", "a/b", ".lock", ".partial", "x.json"])
def test_nothing_but_a_model_is_ever_removed(shelf: ModelShelf, tmp_path: Path, model_id: str) -> None:
    put(shelf, {"model.bin": b"weights"})
    (tmp_path / "beside").mkdir()
    with pytest.raises(DetectionError, match="is not installed"):
        shelf.remove(model_id)
    with pytest.raises(DetectionError, match="is not installed"):
        shelf.verify(model_id, Watch())
    assert (tmp_path / "beside").is_dir()
    shelf.verify(ID, Watch())
