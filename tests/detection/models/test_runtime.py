import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection.errors import DetectionError
from detection.models.manifest import CountermeasureManifest
from detection.models.pack import open_pack
from detection.models.runtime import load_network


def test_the_network_takes_any_batch_and_length(pack_folder: Path) -> None:
    network = load_network(open_pack(pack_folder, CountermeasureManifest), outputs=1)
    rng = np.random.default_rng(0)
    for batch, samples in ((1, 16_000), (3, 56_000), (2, 37_123)):
        rows = network(rng.standard_normal((batch, samples)).astype(np.float32))
        assert rows.shape == (batch, 1)
        assert np.isfinite(rows).all()


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x07" * 500])
def test_a_file_that_is_no_network_is_refused(
    pack_folder: Path,
    edit_manifest: Callable[[Callable[[dict[str, Any]], object]], None],
    content: bytes,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (pack_folder / "countermeasure.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_manifest(lambda m: m["files"].update({"countermeasure.onnx": digest}))
    with pytest.raises(DetectionError, match="earwitness-cm-small does not load"):
        load_network(open_pack(pack_folder, CountermeasureManifest), outputs=2)
    assert capfd.readouterr().err == ""


def test_a_network_of_another_shape_is_refused(pack_folder: Path) -> None:
    with pytest.raises(DetectionError, match=r"give \(batch, 192\)"):
        load_network(open_pack(pack_folder, CountermeasureManifest), outputs=192)
