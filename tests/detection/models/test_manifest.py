import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from detection.errors import DetectionError
from detection.models.manifest import CountermeasureManifest, Kind, load_manifest

EditManifest = Callable[[Callable[[dict[str, Any]], object]], None]


def line(seconds: float) -> dict[str, float]:
    return {"seconds": seconds, "scale": 0.5, "offset": 0.0}


def refusal(folder: Path) -> str:
    with pytest.raises(DetectionError) as caught:
        load_manifest(folder, CountermeasureManifest)
    return str(caught.value)


def test_a_whole_manifest_is_read(pack_folder: Path) -> None:
    manifest = load_manifest(pack_folder, CountermeasureManifest)
    assert manifest.id == "earwitness-cm-small"
    assert manifest.kind is Kind.COUNTERMEASURE
    assert manifest.network in manifest.files


def test_a_pack_may_leave_out_the_watch_level_short_speech_and_scope(
    pack_folder: Path, edit_manifest: EditManifest
) -> None:
    def leave_out(manifest: dict[str, Any]) -> None:
        manifest["thresholds"].pop("watch_llr")
        manifest["calibration"].pop("short", None)
        manifest.pop("scope")

    edit_manifest(leave_out)
    manifest = load_manifest(pack_folder, CountermeasureManifest)
    assert (manifest.thresholds.watch_llr, manifest.calibration.short) == (None, ())
    assert manifest.scope == ""


def test_what_is_written_reads_back_the_same(pack_folder: Path, edit_manifest: EditManifest) -> None:
    edit_manifest(lambda m: m["calibration"].update(short=[line(1.0), line(2.0)]))
    manifest = load_manifest(pack_folder, CountermeasureManifest)
    assert CountermeasureManifest.model_validate_json(manifest.model_dump_json()) == manifest


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none") in refusal(tmp_path / "none")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack").write_text("not a folder")
    assert "no model pack" in refusal(tmp_path / "pack")


def test_a_folder_without_manifest_is_refused(pack_folder: Path) -> None:
    (pack_folder / "manifest.json").unlink()
    assert "some-pack has no manifest.json" in refusal(pack_folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"pack"', "{}"])
def test_broken_json_is_refused_in_one_sentence(pack_folder: Path, text: str) -> None:
    (pack_folder / "manifest.json").write_text(text)
    sentence = refusal(pack_folder)
    assert "some-pack" in sentence
    assert "not valid" in sentence
    assert "\n" not in sentence


def test_a_binary_manifest_is_refused(pack_folder: Path) -> None:
    (pack_folder / "manifest.json").write_bytes(b"\xff\xfe\x00{")
    assert "cannot be read" in refusal(pack_folder)


@pytest.mark.parametrize("version", [0, 2, 99, "1", 1.5])
def test_another_schema_version_is_told_apart(
    pack_folder: Path, edit_manifest: EditManifest, version: object
) -> None:
    edit_manifest(lambda m: m.update(schema_version=version, something_new=True))
    assert "manifest version" in refusal(pack_folder)


def test_another_kind_is_refused(pack_folder: Path, edit_manifest: EditManifest) -> None:
    edit_manifest(lambda m: m.update(kind="speaker_encoder"))
    assert "kind" in refusal(pack_folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(surprise=1),
        lambda m: m["input"].update(surprise=1),
        lambda m: m.pop("licence"),
        lambda m: m.update(files={}),
        lambda m: m.update(network="other.onnx"),
        lambda m: m.update(files={"../outside": "0" * 64}, network="../outside"),
        lambda m: m.update(files={"a.onnx": "short"}, network="a.onnx"),
        lambda m: m["input"].update(rate_hz="16000"),
        lambda m: m["input"].update(rate_hz=0),
        lambda m: m["input"].update(hop_s=0),
        lambda m: m["input"].update(min_s=9.0),
        lambda m: m["input"].update(normalisation="mystery"),
        lambda m: m["output"].update(meaning="mystery"),
        lambda m: m["output"].update(synthetic_index=2),
        lambda m: m["calibration"].update(scale=-1.0),
        lambda m: m["calibration"].update(offset=math.nan),
        lambda m: m["thresholds"].update(real_llr=50.0),
        lambda m: m["thresholds"].update(watch_llr=50.0),
        lambda m: m["thresholds"].update(watch_llr=-50.0),
        lambda m: m["calibration"].update(short=[line(1.0), line(1.0)]),
        lambda m: m["calibration"].update(short=[line(2.0), line(1.0)]),
        lambda m: m["calibration"].update(short=[line(3.5)]),
        lambda m: m["calibration"].update(short=[line(0.0)]),
        lambda m: m["calibration"].update(short=[{"seconds": 1.0, "scale": 0.5}]),
        lambda m: m["thresholds"].update(min_speech_s=0),
    ],
)
def test_what_is_not_understood_is_refused(
    pack_folder: Path, edit_manifest: EditManifest, change: Callable[[dict[str, Any]], object]
) -> None:
    edit_manifest(change)
    assert "not valid" in refusal(pack_folder)


def test_a_manifest_cannot_be_changed_after_reading(pack_folder: Path) -> None:
    manifest = load_manifest(pack_folder, CountermeasureManifest)
    with pytest.raises(ValidationError):
        manifest.revision = "2"
