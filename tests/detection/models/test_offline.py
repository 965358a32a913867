"""Importing folders and zips that nobody vouches for."""

import errno
import io
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import resources
from detection.errors import DetectionError
from detection.models import source as source_module
from detection.models.catalogue import Catalogue, Job, load_catalogue
from detection.models.offline import import_model
from detection.models.record import InstallRecord
from detection.models.shelf import ModelShelf
from detection.models.watch import Progress, Stage, StoppedError, Watch

CATALOGUE = load_catalogue(resources.ROOT / "models" / "catalogue.yaml")
BUILT_IN = resources.ROOT / "models"


@pytest.fixture
def whisper(tmp_path: Path, whisper_files: dict[str, bytes]) -> Path:
    """A folder with a Whisper model, as a browser leaves it."""
    return written(tmp_path / "faster-whisper-base.en", whisper_files)


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


Bring = Callable[..., InstallRecord]


@pytest.fixture
def bring(shelf: ModelShelf) -> Bring:
    """Imports a path."""

    def run(
        path: Path,
        catalogue: Catalogue = CATALOGUE,
        watch: Watch | None = None,
        try_out: Callable[[Job, Path], None] = lambda *_: None,
        **options: Any,
    ) -> InstallRecord:
        return import_model(path, shelf, catalogue, try_out, watch or Watch(), **options)

    return run


def refusal(bring: Bring, path: Path, **options: Any) -> str:
    with pytest.raises(DetectionError) as caught:
        bring(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_whisper_folder_gets_its_name_and_licence_from_the_catalogue(
    shelf: ModelShelf, bring: Bring, whisper: Path, whisper_files: dict[str, bytes]
) -> None:
    (whisper / "README.md").write_text("not a part of it")
    (whisper / ".cache").mkdir()
    record = bring(whisper)
    assert (record.id, record.job, record.licence) == ("faster-whisper-base.en", Job.TRANSCRIPT, "MIT")
    assert record.origin == str(whisper)
    assert names(shelf.folder(record.id)) == set(whisper_files)
    shelf.verify(record.id, Watch())
    assert not shelf.partial(record.id).exists()


@pytest.mark.parametrize("pack", ["earwitness-cm-small", "earwitness-speaker-small"])
@pytest.mark.parametrize("kind", ["folder", "zip", "nested folder", "nested zip"])
def test_our_packs_come_from_folders_and_zips(
    shelf: ModelShelf, bring: Bring, tmp_path: Path, pack: str, kind: str
) -> None:
    origin = BUILT_IN / pack
    if "zip" in kind:
        prefix = f"download/{pack}/" if "nested" in kind else ""
        files = {prefix + path.name: path.read_bytes() for path in origin.iterdir()}
        path = zipped(tmp_path / "anything.zip", files, zipfile.ZIP_STORED)
    else:
        path = tmp_path / "anything"
        shutil.copytree(origin, path / "download" / pack if "nested" in kind else path)
    record = bring(path)
    assert record.id == pack
    assert record.job is (Job.SPEAKER if "speaker" in pack else Job.STRONG_VOICE)
    assert names(shelf.folder(pack)) == set(record.files)
    shelf.verify(pack, Watch())


def test_a_whisper_zip_may_be_wrapped_and_made_on_windows_or_a_mac(
    bring: Bring, shelf: ModelShelf, tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    files = {f"Models\\my whisper\\{name}": content for name, content in whisper_files.items()}
    files["__MACOSX/Models/my whisper/model.bin"] = b"resource fork"
    record = bring(zipped(tmp_path / "whisper-ours.zip", files))
    assert record.id == "whisper-ours"
    assert record.licence == "not stated"
    assert names(shelf.folder(record.id)) == set(whisper_files)


def test_the_hubs_own_cache_of_links_can_be_imported(
    bring: Bring, shelf: ModelShelf, tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    blobs = written(
        tmp_path / "blobs", {f"blob-of-{name}": data for name, data in whisper_files.items()}
    )
    snapshot = tmp_path / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    for name in whisper_files:
        (snapshot / name).symlink_to(blobs / f"blob-of-{name}")
    record = bring(snapshot, name="faster-whisper-base.en")
    assert all(not path.is_symlink() for path in shelf.folder(record.id).iterdir())
    shelf.verify(record.id, Watch())


def test_progress_and_the_last_check(
    bring: Bring, whisper: Path, whisper_files: dict[str, bytes]
) -> None:
    heard: list[Progress] = []
    tried: list[tuple[Job, set[str]]] = []
    bring(whisper, watch=Watch(heard.append), try_out=lambda job, at: tried.append((job, names(at))))
    total = sum(map(len, whisper_files.values()))
    copying = [p for p in heard if p.stage is Stage.COPYING]
    assert (copying[-1].done, copying[-1].total) == (total, total)
    assert tried == [(Job.TRANSCRIPT, set(whisper_files))]


def test_what_the_program_cannot_load_is_not_imported(
    bring: Bring, shelf: ModelShelf, whisper: Path
) -> None:
    def refuse(*_: object) -> None:
        raise DetectionError("It is made for another version.")

    assert refusal(bring, whisper, try_out=refuse) == "It is made for another version."
    assert shelf.installed() == []
    assert not shelf.partial("faster-whisper-base.en").exists()


def test_it_can_be_stopped(bring: Bring, shelf: ModelShelf, whisper: Path) -> None:
    watch = Watch()
    watch.report = lambda _: watch.stop()
    with pytest.raises(StoppedError):
        bring(whisper, watch=watch)
    assert shelf.installed() == []


class TestTrust:
    def test_other_files_under_the_same_name_are_refused_until_trusted_anew(
        self, bring: Bring, shelf: ModelShelf, whisper: Path
    ) -> None:
        bring(whisper)
        bring(whisper)
        (whisper / "config.json").write_bytes(b'{"other": 1}')
        assert "File config.json of model faster-whisper-base.en is not the one that was" in refusal(
            bring, whisper
        )
        assert (shelf.folder("faster-whisper-base.en") / "config.json").read_bytes() != b'{"other": 1}'
        bring(whisper, trust_anew=True)
        shelf.verify("faster-whisper-base.en", Watch())

    def test_digests_of_the_catalogue_count(self, bring: Bring, whisper: Path) -> None:
        entry = next(m for m in CATALOGUE.models if m.id == "faster-whisper-base.en")
        pinned = entry.model_dump() | {"files": [{"name": "model.bin", "sha256": "0" * 64}]}
        data = {"id": "models", "revision": "1", "models": [pinned]}
        catalogue = Catalogue.model_validate(data)
        assert "that this program knows" in refusal(bring, whisper, catalogue=catalogue, trust_anew=True)

    def test_a_damaged_pack_is_named(self, bring: Bring, shelf: ModelShelf, tmp_path: Path) -> None:
        pack = Path(shutil.copytree(BUILT_IN / "earwitness-cm-small", tmp_path / "pack"))
        with (pack / "countermeasure.onnx").open("r+b") as file:
            file.write(b"\0")
        assert (
            "File countermeasure.onnx of model earwitness-cm-small is not the one that its"
            in refusal(bring, pack)
        )
        assert shelf.installed() == []

    def test_a_name_of_the_catalogue_is_only_for_its_own_kind(self, bring: Bring) -> None:
        pack = BUILT_IN / "earwitness-cm-small"
        assert "another kind of model" in refusal(bring, pack, name="faster-whisper-base.en")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda files: files.pop("model.bin"),
            "holds no model: there is neither model.bin nor manifest.json",
        ),
        (lambda files: files.pop("tokenizer.json"), "lacks tokenizer.json; copy the whole model again"),
        (lambda files: files.pop("vocabulary.txt"), "lacks vocabulary.json or vocabulary.txt"),
        (
            lambda files: files.update({"model.bin": b"PK\x03\x04 something else"}),
            "is no Whisper model of",
        ),
        (lambda files: files.update({"model.bin": b""}), "is no Whisper model of CTranslate2"),
        (
            lambda files: files.update(
                {"model.bin": files["model.bin"].replace(b"Whisper", b"Marian_")}
            ),
            "is no Whisper model of CTranslate2",
        ),
        (
            lambda files: (files.clear(), files.update({"model.safetensors": b"x"})),
            "holds a model for PyTorch (model.safetensors)",
        ),
        (lambda files: files.update({"manifest.json": b"{"}), "is no manifest of a model pack"),
        (lambda files: files.update({"manifest.json": b"[]"}), "is no manifest of a model pack"),
        (
            lambda files: files.update({"manifest.json": b"[" * 100_000}),
            "is no manifest of a model pack",
        ),
        (lambda files: files.update({"manifest.json": b"\xff\xfe"}), "is no manifest of a model pack"),
        (lambda files: files.update({"manifest.json": b" " * 2_000_000}), "far too long"),
        (
            lambda files: files.update({"manifest.json": b'{"kind": "emotion"}'}),
            "pack of kind 'emotion'",
        ),
        (lambda files: files.update({"manifest.json": b'{"kind": ["x"]}'}), "pack of kind ['x']"),
        (lambda files: files.update({"manifest.json": b'{"kind": "countermeasure"}'}), "is not valid"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_is_no_model_for_this_program_is_refused_in_one_sentence(
    bring: Bring,
    shelf: ModelShelf,
    tmp_path: Path,
    whisper_files: dict[str, bytes],
    change: Callable[[dict[str, bytes]], object],
    told: str,
    kind: str,
) -> None:
    change(whisper_files)
    path = tmp_path / "given"
    if kind == "folder":
        written(path, whisper_files)
    else:
        path = zipped(tmp_path / "given.zip", whisper_files)
    sentence = refusal(bring, path)
    assert told in sentence
    assert "given" in sentence
    assert shelf.installed() == []


def test_a_pack_that_lacks_a_file_is_refused(bring: Bring, tmp_path: Path) -> None:
    manifest = (BUILT_IN / "earwitness-cm-small" / "manifest.json").read_bytes()
    assert "lacks countermeasure.onnx" in refusal(
        bring, written(tmp_path / "x", {"manifest.json": manifest})
    )


def test_a_manifest_that_names_a_file_outside_is_refused(bring: Bring, tmp_path: Path) -> None:
    manifest = json.loads((BUILT_IN / "earwitness-cm-small" / "manifest.json").read_text())
    manifest["files"] = {"../secret": "0" * 64}
    manifest["network"] = "../secret"
    folder = written(tmp_path / "x", {"manifest.json": json.dumps(manifest).encode()})
    assert "not valid" in refusal(bring, folder)


@pytest.mark.parametrize("name", ["a b", "..", "", "a/b", ".hidden", "x.json"])
def test_a_name_that_is_no_name_is_refused(bring: Bring, whisper: Path, name: str) -> None:
    folder = whisper.rename(whisper.with_name("my model"))
    assert "A model cannot be called" in refusal(bring, folder, name=name or None)


def test_what_is_not_there_is_named(bring: Bring, tmp_path: Path) -> None:
    assert "There is nothing at" in refusal(bring, tmp_path / "none")


def test_a_folder_with_several_folders_is_not_searched(
    bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    written(tmp_path / "many" / "one", whisper_files)
    written(tmp_path / "many" / "two", whisper_files)
    assert "choose the folder that has one" in refusal(bring, tmp_path / "many")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_a_file_is_no_file(bring: Bring, whisper: Path) -> None:
    (whisper / "config.json").unlink()
    os.mkfifo(whisper / "config.json")
    assert "lacks config.json" in refusal(bring, whisper)


def test_a_file_that_cannot_be_read_to_its_end_is_named(
    bring: Bring, shelf: ModelShelf, whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled_out(_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(source_module, "_chunks", pulled_out)
    assert "model.bin in faster-whisper-base.en cannot be read (Input/output error)" in refusal(
        bring, whisper
    )
    assert shelf.installed() == []


def test_a_link_to_nowhere_is_told(bring: Bring, whisper: Path) -> None:
    (whisper / "config.json").unlink()
    (whisper / "config.json").symlink_to("nowhere")
    assert "lacks config.json" in refusal(bring, whisper)


class TestZips:
    """Archives made to do harm, or just broken."""

    @pytest.mark.parametrize(
        "name", ["../model.bin", "/etc/passwd", "C:\\model.bin", "a/../../b", "..\\x"]
    )
    def test_an_entry_that_leads_outside_is_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes], name: str
    ) -> None:
        path = zipped(tmp_path / "slip.zip", {**whisper_files, name: b"x"})
        assert "outside of the model's folder" in refusal(bring, path)
        assert not (tmp_path / "model.bin").exists()

    def test_a_link_is_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
    ) -> None:
        path = zipped(tmp_path / "links.zip", whisper_files)
        with zipfile.ZipFile(path, "a") as archive:
            link = zipfile.ZipInfo("preprocessor_config.json")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
        assert "holds the link 'preprocessor_config.json'" in refusal(bring, path)

    def test_a_bomb_is_not_unpacked(
        self,
        bring: Bring,
        shelf: ModelShelf,
        tmp_path: Path,
        whisper_files: dict[str, bytes],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(source_module, "_MODEST", 1_000_000)
        whisper_files["model.bin"] += bytes(40_000_000)
        sentence = refusal(bring, zipped(tmp_path / "bomb.zip", whisper_files))
        assert "model.bin in bomb.zip would swell to 40" in sentence
        assert shelf.installed() == []

    def test_a_size_that_lies_is_noticed(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
    ) -> None:
        path = zipped(tmp_path / "liar.zip", whisper_files)
        content = path.read_bytes()
        size = len(whisper_files["model.bin"])
        assert content.count(size.to_bytes(4, "little")) == 2
        path.write_bytes(content.replace(size.to_bytes(4, "little"), (size - 7).to_bytes(4, "little")))
        assert "liar.zip is no zip that can be read, or it is damaged" in refusal(bring, path)

    @pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_damaged_file_inside_is_refused_however_it_is_packed(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes], method: int
    ) -> None:
        whisper_files["model.bin"] += os.urandom(50_000)  # so that half of the zip is model.bin
        path = zipped(tmp_path / "broken.zip", whisper_files, method)
        content = bytearray(path.read_bytes())
        content[20_000:30_000] = bytes(10_000)
        path.write_bytes(content)
        assert "broken.zip is no zip that can be read, or it is damaged" in refusal(bring, path)

    @pytest.mark.parametrize("fault", ["cut", "flipped", "not a zip", "empty"])
    def test_a_damaged_zip_is_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes], fault: str
    ) -> None:
        path = zipped(tmp_path / "broken.zip", whisper_files, zipfile.ZIP_STORED)
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        broken = {
            "cut": bytes(content[:-30]),
            "flipped": bytes(content),
            "not a zip": b"Rar!",
            "empty": b"",
        }
        path.write_bytes(broken[fault])
        assert "broken.zip is no zip that can be read, or it is damaged" in refusal(bring, path)

    def test_an_encrypted_zip_is_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
    ) -> None:
        path = zipped(tmp_path / "secret.zip", whisper_files)
        content = bytearray(path.read_bytes())
        at = content.index(b"PK\x01\x02")
        content[at + 8] |= 1
        path.write_bytes(bytes(content))
        assert "secret.zip is encrypted" in refusal(bring, path)

    def test_two_models_in_one_zip_are_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
    ) -> None:
        files = {f"{folder}/{name}": data for folder in "ab" for name, data in whisper_files.items()}
        assert "holds more than one model" in refusal(bring, zipped(tmp_path / "two.zip", files))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_name_that_is_there_twice_is_refused(
        self, bring: Bring, tmp_path: Path, whisper_files: dict[str, bytes]
    ) -> None:
        path = zipped(tmp_path / "twice.zip", whisper_files)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("config.json", b"{}")
        assert "holds config.json twice" in refusal(bring, path)

    def test_a_zip_of_very_many_files_is_refused(self, bring: Bring, tmp_path: Path) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for number in range(10_001):
                archive.writestr(f"{number}", b"")
        (tmp_path / "many.zip").write_bytes(made.getvalue())
        assert "many.zip holds 10001 files" in refusal(bring, tmp_path / "many.zip")
