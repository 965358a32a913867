"""The exporter on a network of Spectra's structure whose encoder is small."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.manifest import Normalisation
from detection.voice.cascade import load_strong
from detection.voice.countermeasure import load_countermeasure

NEEDS = ("torch", "transformers", "safetensors", "onnx")


@pytest.fixture
def spectra(script: Any) -> Any:
    return script("export_spectra", *NEEDS)


@pytest.fixture
def small_encoder(script: Any) -> Any:
    config = script("spectra_network", *NEEDS).xls_r_300m()
    config.update({"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4})
    config.update({"intermediate_size": 64, "conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4})
    return config


@pytest.fixture(params=["SplineLinear", "Linear"])
def network(request: pytest.FixtureRequest, script: Any, small_encoder: Any) -> Any:
    """Spectra-AASIST3 and Spectra-AASIST."""
    return made_of(request.param, script, small_encoder)


@pytest.fixture
def linear(script: Any, small_encoder: Any) -> Any:
    """Spectra-AASIST alone, which is soon exported."""
    return made_of("Linear", script, small_encoder)


def made_of(projection: str, script: Any, small_encoder: Any) -> Any:
    torch = pytest.importorskip("torch")

    torch.manual_seed(0)
    module = script("spectra_network", *NEEDS)
    made = module.Spectra(getattr(module, projection, torch.nn.Linear), small_encoder)
    with torch.no_grad():
        for parameter in made.aasist.parameters():
            if parameter.dim() > 1:
                parameter.mul_(1.5)
    return made.eval()


def save(network: Any, path: Path, **changes: Any) -> Path:
    save_file = pytest.importorskip("safetensors.torch").save_file

    tensors = {key: tensor.contiguous() for key, tensor in network.state_dict().items()} | changes
    save_file({key: tensor for key, tensor in tensors.items() if tensor is not None}, path)
    return path


def test_a_checkpoint_becomes_two_packs_that_give_what_pytorch_gives(
    spectra: Any, network: Any, small_encoder: Any, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")

    loaded = spectra.load_checkpoint(save(network, tmp_path / "model.safetensors"), small_encoder)
    whole, small = tmp_path / "some-fp32", tmp_path / "some-int8"
    assert spectra.export(loaded, whole / spectra.NETWORK) <= spectra.TOLERANCE
    spectra.quantise(loaded, whole / spectra.NETWORK, small / spectra.NETWORK)
    sound = (np.random.default_rng(1).standard_normal((2, 64_600)) * 0.1).astype(np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(sound)).numpy()
    for folder in (whole, small):
        manifest = spectra.manifest(folder, "abc", "Apache-2.0", "a test", Normalisation.NONE)
        (folder / "manifest.json").write_text(manifest.model_dump_json())
        scores = load_countermeasure(folder).scores(sound)
        allowed = 1e-4 if folder is whole else 0.2 * float(np.abs(logits).max())
        np.testing.assert_allclose(scores, logits[:, 0] - logits[:, 1], atol=allowed)
    assert b"MatMulInteger" in (small / spectra.NETWORK).read_bytes()


def test_a_fresh_pack_is_no_strong_check_before_it_was_measured(
    spectra: Any, linear: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "pack"
    spectra.export(linear, folder / spectra.NETWORK)
    manifest = spectra.manifest(folder, "abc", "Apache-2.0", "a test", Normalisation.PRE_EMPHASIS)
    assert round(manifest.input.window_s * CALL_RATE) == 64_600
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    with pytest.raises(DetectionError, match="never measured"):
        load_strong(folder)


def test_names_of_an_older_pytorch_are_understood(
    spectra: Any, network: Any, small_encoder: Any, tmp_path: Path
) -> None:
    place = "ssl_encoder.model.encoder.pos_conv_embed.conv."
    new = [f"{place}parametrizations.weight.original{n}" for n in (0, 1)]
    weights = network.state_dict()
    renamed = {f"{place}weight_g": weights[new[0]], f"{place}weight_v": weights[new[1]]}
    path = save(network, tmp_path / "old.safetensors", **renamed, **dict.fromkeys(new))
    loaded = spectra.load_checkpoint(path, small_encoder).state_dict()
    assert (loaded[new[1]] == weights[new[1]]).all()


def test_a_checkpoint_that_does_not_fit_is_refused_with_what_is_wrong(
    spectra: Any, network: Any, small_encoder: Any, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")

    missing = save(network, tmp_path / "missing.safetensors", **{"aasist.pos_T": None})
    with pytest.raises(spectra.ExportError, match=r"1 of \d+ parameters missing \['aasist.pos_T'\]"):
        spectra.load_checkpoint(missing, small_encoder)
    extra = save(network, tmp_path / "extra.safetensors", head=torch.zeros(2))
    with pytest.raises(spectra.ExportError, match=r"1 unknown \['head'\]"):
        spectra.load_checkpoint(extra, small_encoder)
    resized = save(network, tmp_path / "resized.safetensors", **{"aasist.pos_T": torch.zeros(1, 9, 128)})
    with pytest.raises(spectra.ExportError, match=r"1 of another shape"):
        spectra.load_checkpoint(resized, small_encoder)


def test_another_model_or_no_model_is_refused(spectra: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file

    other = tmp_path / "other.safetensors"
    save_file({"ecapa_tdnn.conv1.weight": torch.zeros(1)}, other)
    with pytest.raises(spectra.ExportError, match="neither Spectra-AASIST nor Spectra-AASIST3"):
        spectra.load_checkpoint(other)
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(spectra.ExportError, match="can be read"):
        spectra.load_checkpoint(tmp_path / "broken.safetensors")


def test_no_pack_is_left_where_the_outputs_differ(
    spectra: Any, linear: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = spectra.session
    monkeypatch.setattr(
        spectra, "session", lambda path: lambda samples: real(path)(samples * 1.1) + 0.01
    )
    with pytest.raises(spectra.ExportError, match="No pack was made"):
        spectra.export(linear, tmp_path / "pack" / spectra.NETWORK)
    assert not (tmp_path / "pack").exists()


def test_the_structure_is_the_published_one(script: Any) -> None:
    """318.95 million parameters and 1,022 tensors, as those who loaded the checkpoint report."""
    module = script("spectra_network", *NEEDS)
    torch = pytest.importorskip("torch")

    with torch.device("meta"):
        made = module.Spectra(module.SplineLinear, module.xls_r_300m())
    assert len(made.state_dict()) == 1022
    assert round(sum(p.numel() for p in made.parameters()) / 1e6, 2) == 318.95
