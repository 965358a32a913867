"""A downloaded Spectra-AASIST or Spectra-AASIST3 checkpoint, made into two packs: fp32 and int8.

    PYTHONPATH=. python packaging/models/export_spectra.py model.safetensors build/models \
        --hub-id lab260/Spectra-AASIST3 --commit HASH

The ONNX files must give what the PyTorch network gives, or no pack is left. The packs are not yet
calibrated: `calibrate_pack.py` does that on labelled clips, and without it the program refuses them as
its strong check. docs/models/strong-pack.md has the whole way.
"""

import argparse
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from packing import ExportError, end, sha256, write_manifest
from rich.console import Console
from safetensors import SafetensorError
from safetensors.torch import load_file
from spectra_network import SAMPLES, Spectra, SplineLinear, xls_r_300m
from tracing import session, trace, waveforms
from transformers import Wav2Vec2Config

from detection.models.manifest import (
    Calibration,
    CountermeasureManifest,
    CountermeasureOutput,
    Input,
    Kind,
    Meaning,
    Normalisation,
    VoiceThresholds,
)

NETWORK = "countermeasure.onnx"
SCOPE = (
    "The strong voice check listens to the first seconds and where there is doubt; it can tell a "
    "synthetic voice, and not who is calling."
)
TOLERANCE = 2e-3
"""Largest difference of a logit between PyTorch and the fp32 file."""
LEAST_COSINE = 0.999
"""Of the int8 encoder's features with those in PyTorch."""
_ENCODER, _BRIDGE = "/model/", "/mlp/"
"""How the traced nodes of either begin."""
_SPLINES, _LINEAR = "aasist.out_layer.spline_weight", "aasist.out_layer.weight"
_OLD_NAMES = {
    "pos_conv_embed.conv.weight_g": "pos_conv_embed.conv.parametrizations.weight.original0",
    "pos_conv_embed.conv.weight_v": "pos_conv_embed.conv.parametrizations.weight.original1",
}
"""Weight normalisation as PyTorch named it before 2.0."""

console = Console()


def main() -> None:
    """Export as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path, help="folder that gets NAME-fp32 and NAME-int8")
    parser.add_argument("--hub-id", required=True, help="where the checkpoint came from")
    parser.add_argument("--commit", required=True, help="the hub's commit that was downloaded")
    parser.add_argument("--licence", default="Apache-2.0")
    parser.add_argument(
        "--normalisation",
        type=Normalisation,
        choices=list(Normalisation),
        default=Normalisation.PRE_EMPHASIS,
        help="what the checkpoint's authors do to the waveform",
    )
    given = parser.parse_args()
    network = load_checkpoint(given.checkpoint)
    name = given.hub_id.rsplit("/", 1)[-1].lower()
    whole, small = given.out / f"{name}-fp32", given.out / f"{name}-int8"
    origin = (
        f"{given.hub_id} at commit {given.commit}, from a checkpoint with SHA-256 "
        f"{sha256(given.checkpoint)}."
    )

    def pack(folder: Path) -> None:
        written = manifest(folder, given.commit, given.licence, origin, given.normalisation)
        write_manifest(folder, written)
        console.print(f"{folder}: {(folder / NETWORK).stat().st_size / 1e6:.0f} MB")

    export(network, whole / NETWORK)
    pack(whole)
    quantise(network, whole / NETWORK, small / NETWORK)
    pack(small)


def load_checkpoint(path: Path, encoder: Wav2Vec2Config | None = None) -> Spectra:
    """The network of the checkpoint `path`, its encoder of XLS-R-300M's size if none is given.

    Raises `ExportError` where the checkpoint holds another network.
    """
    try:
        found = {_name(key): tensor for key, tensor in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise ExportError(f"{path} is no safetensors file that can be read ({error}).") from error
    if _SPLINES not in found and _LINEAR not in found:
        raise ExportError(
            f"{path} holds neither Spectra-AASIST nor Spectra-AASIST3 (there is no {_SPLINES} and no "
            f"{_LINEAR}); this exporter knows only these two."
        )
    network = Spectra(SplineLinear if _SPLINES in found else torch.nn.Linear, encoder or xls_r_300m())
    wanted = {key: tensor.shape for key, tensor in network.state_dict().items()}
    given = {key: tensor.shape for key, tensor in found.items()}
    missing, unknown = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    resized = sorted(key for key in wanted.keys() & given.keys() if wanted[key] != given[key])
    if missing or unknown or resized:
        raise ExportError(
            f"{path} does not fit the network this exporter knows: {len(missing)} of {len(wanted)} "
            f"parameters missing {missing[:3]}, {len(unknown)} unknown {unknown[:3]}, "
            f"{len(resized)} of another shape {resized[:3]}; nothing was exported."
        )
    network.load_state_dict(found)
    return network.eval()


def export(network: Spectra, path: Path) -> float:
    """Write `network` to `path`; the largest difference of a logit.

    Raises `ExportError` where that is too large.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = waveforms(SAMPLES)
    trace(network, torch.from_numpy(samples[:2]), path, fixed_length=True)
    run = session(path)
    with torch.no_grad():
        wanted = [network(torch.from_numpy(sound[None])).numpy() for sound in samples]
    worst = max(
        float(np.abs(run(sound[None]) - logits).max())
        for sound, logits in zip(samples, wanted, strict=True)
    )
    console.print(f"fp32 against PyTorch: logits differ by at most {worst:.1e}")
    _hold(path.parent, worst, TOLERANCE, "the exported network's logits differ from PyTorch's")
    return worst


def quantise(network: Spectra, whole: Path, small: Path) -> float:
    """Write `whole` with its encoder's matrices in 8 bits to `small`; the least cosine of its features.

    Activations are quantised as they come, so no calibration sound is needed. The back end stays in
    fp32: it is little work, and its splines have their knots 1/8 apart; so the encoder's features,
    compared with those of `network` in PyTorch, are all that 8 bits change. Raises `ExportError` where
    they point elsewhere; the fp32 pack remains.
    """
    small.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser's advice is about other networks
    nodes = onnx.load(str(whole), load_external_data=False).graph.node
    quantize_dynamic(
        str(whole),
        str(small),
        op_types_to_quantize=["MatMul", "Gemm"],
        nodes_to_exclude=[node.name for node in nodes if not node.name.startswith(_ENCODER)],
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    features = _features_of(small)
    cosines = []
    for sound in waveforms(SAMPLES):
        with torch.no_grad():
            wanted = network.ssl_encoder.model(torch.from_numpy(sound[None])).last_hidden_state.numpy()
        found = features(sound[None])
        cosines.append(float((found * wanted).sum() / np.linalg.norm(found) / np.linalg.norm(wanted)))
    console.print(f"int8 against PyTorch: cosine of the encoder's features at least {min(cosines):.5f}")
    _hold(
        small.parent,
        1 - min(cosines),
        1 - LEAST_COSINE,
        "the int8 encoder's features leave PyTorch's (1 - cosine)",
    )
    return min(cosines)


def _features_of(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The encoder in the ONNX file `path`: what goes into the bridge."""
    graph = onnx.load(str(path))
    bridge = next(node for node in graph.graph.node if node.name.startswith(_BRIDGE))
    del graph.graph.output[:]
    graph.graph.output.append(
        onnx.helper.make_tensor_value_info(bridge.input[0], onnx.TensorProto.FLOAT, None)
    )
    with tempfile.TemporaryDirectory() as scratch:
        cut = Path(scratch) / NETWORK
        onnx.save(graph, str(cut))
        return session(cut)


def manifest(
    folder: Path, revision: str, licence: str, origin: str, normalisation: Normalisation
) -> CountermeasureManifest:
    """The manifest of the network in `folder`, not calibrated and not measured."""
    window_s = SAMPLES / 16_000
    return CountermeasureManifest(
        schema_version=1,
        id=folder.name,
        revision=revision,
        kind=Kind.COUNTERMEASURE,
        title="strong voice check",
        licence=licence,
        description=origin,
        scope=SCOPE,
        trained_on=("what the model card of its origin says",),
        files={NETWORK: sha256(folder / NETWORK)},
        network=NETWORK,
        input=Input(
            rate_hz=16_000,
            window_s=window_s,
            hop_s=window_s,
            min_s=1.0,
            normalisation=normalisation,
            fixed_length=True,
        ),
        output=CountermeasureOutput(meaning=Meaning.LOGITS, synthetic_index=0),
        calibration=Calibration(scale=1.0, offset=0.0, settle=0.0),
        thresholds=VoiceThresholds(real_llr=-1.0, synthetic_llr=1.0, min_speech_s=2.0),
        measured={},
    )


def _name(key: str) -> str:
    for old, new in _OLD_NAMES.items():
        if key.endswith(old):
            return key.removesuffix(old) + new
    return key


def _hold(folder: Path, worst: float, allowed: float, what: str) -> None:
    if not worst <= allowed:  # also where it is no number
        shutil.rmtree(folder)
        raise ExportError(f"No pack was made: {what} by {worst:.3g}, more than {allowed:g}.")


if __name__ == "__main__":
    end(main)
