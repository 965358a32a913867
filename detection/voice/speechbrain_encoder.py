"""A speaker encoder in SpeechBrain itself, from a local folder: the extra `earwitness[speechbrain]`.

The folder holds what the hub has for `speechbrain/spkrec-ecapa-voxceleb` (hyperparams.yaml,
embedding_model.ckpt, mean_var_norm_emb.ckpt, classifier.ckpt, label_encoder.txt) and a manifest, which
`packaging/models/export_speechbrain.py` writes. SpeechBrain needs PyTorch; the same script's ONNX pack,
which gives the same embeddings without, is what most people want.
"""

import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.manifest import SpeakerEncoderManifest
from detection.models.pack import open_pack
from detection.models.runtime import Network
from detection.voice.encoder import OnnxSpeakerEncoder, read_cohort

HYPERPARAMS = "hyperparams.yaml"
_PATH_KEY = "pretrained_path"
_HARMLESS = re.compile(r"!(?:ref|copy|tuple|(?:new|name):speechbrain\.[\w.]+)")


def is_speechbrain_folder(folder: Path) -> bool:
    """Whether `folder` holds a SpeechBrain model rather than an ONNX pack."""
    return (folder / HYPERPARAMS).is_file()


def load_speechbrain_encoder(folder: Path) -> OnnxSpeakerEncoder:
    """The encoder in `folder`, its files checked against the manifest; nothing is downloaded.

    Raises `DetectionError` where the folder or the extra is missing, and where the files would run
    code or do not fit each other.
    """
    pack = open_pack(folder, SpeakerEncoderManifest)
    if pack.manifest.input.rate_hz != CALL_RATE:
        raise DetectionError(
            f"Model pack {pack.manifest.id} works at {pack.manifest.input.rate_hz} Hz and Earwitness "
            f"hears {CALL_RATE} Hz; install a pack made for that rate."
        )
    network = _network(load_classifier(folder))
    encoder = OnnxSpeakerEncoder(pack.manifest, network, read_cohort(pack))
    probe = np.random.default_rng(0).standard_normal((1, CALL_RATE)).astype(np.float32) * np.float32(0.1)
    found = encoder.embeddings(probe).shape[1]
    if found != pack.manifest.output.dimensions:
        raise DetectionError(
            f"The network of model pack {pack.manifest.id} gives {found} dimensions and its manifest "
            f"says {pack.manifest.output.dimensions}; write the manifest again."
        )
    return encoder


def load_classifier(folder: Path) -> Any:  # noqa: ANN401 - SpeechBrain is not there for the type checker
    """SpeechBrain's `EncoderClassifier` of `folder`, on the CPU. Raises `DetectionError`."""
    _refuse_code(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what SpeechBrain says of torchaudio is of no use here
            from speechbrain.inference.speaker import (  # pyright: ignore[reportMissingImports]
                EncoderClassifier,
            )
            from speechbrain.utils.fetching import (  # pyright: ignore[reportMissingImports]
                FetchConfig,
                LocalStrategy,
            )
    except (ImportError, OSError) as error:
        raise DetectionError(
            f"SpeechBrain cannot be loaded ({error}); install earwitness[speechbrain], or use the ONNX "
            "pack of the same model."
        ) from error
    try:
        with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return EncoderClassifier.from_hparams(
                source=str(folder),
                savedir=scratch,
                overrides={_PATH_KEY: str(folder)},
                local_strategy=LocalStrategy.NO_LINK,
                fetch_config=FetchConfig(allow_network=False),
                run_opts={"device": "cpu"},
            )
    except Exception as error:
        raise DetectionError(
            f"SpeechBrain cannot load the model in {folder.name} ({error}); "
            "download the whole folder again."
        ) from error


def _network(classifier: Any) -> Network:  # noqa: ANN401 - as above
    import torch  # pyright: ignore[reportMissingImports]

    def run(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return classifier.encode_batch(torch.from_numpy(windows)).squeeze(1).numpy()

    return run


def _refuse_code(folder: Path) -> None:
    """HyperPyYAML makes any Python object it is told to: let through SpeechBrain's own, and no other."""
    try:
        text = (folder / HYPERPARAMS).read_text(encoding="utf-8")
        tokens = list(yaml.scan(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise DetectionError(
            f"Model folder {folder.name} has no {HYPERPARAMS} that can be read; download it again."
        ) from None
    for token in tokens:
        if isinstance(token, yaml.DirectiveToken) or (
            isinstance(token, yaml.TagToken) and not _HARMLESS.fullmatch("".join(map(str, token.value)))
        ):
            line = text.splitlines()[token.start_mark.line].strip()
            raise DetectionError(
                f"The {HYPERPARAMS} of {folder.name} says {line!r}, which could run any code; "
                "use a folder from a source you trust, or the ONNX pack."
            )
