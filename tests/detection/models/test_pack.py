from pathlib import Path

import pytest

from detection.errors import DetectionError
from detection.models.manifest import CountermeasureManifest
from detection.models.pack import open_pack


def test_a_whole_pack_opens(pack_folder: Path) -> None:
    assert open_pack(pack_folder, CountermeasureManifest).network.is_file()


def test_a_missing_file_is_named(pack_folder: Path) -> None:
    (pack_folder / "countermeasure.onnx").unlink()
    with pytest.raises(DetectionError, match=r"earwitness-cm-small lacks its file countermeasure\.onnx"):
        open_pack(pack_folder, CountermeasureManifest)


def test_one_changed_byte_is_noticed(pack_folder: Path) -> None:
    path = pack_folder / "countermeasure.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        DetectionError, match=r"countermeasure\.onnx of model pack earwitness-cm-small is damaged"
    ):
        open_pack(pack_folder, CountermeasureManifest)
