"""The public network that the detector starts from: Distill-MOS.

Distill-MOS (Stahl and Gamper 2025, arXiv 2502.05356; Microsoft, MIT licence) tells how good speech
sounds and was distilled from XLS-R; its first layers hear the traces that coding and synthesis
leave. Its weights lie in the PyPI wheel `distillmos` 0.9.1 as distillmos/weights/distill_mos_v7.pt.
"""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from detection.training.countermeasure.distill_mos.network import Front

SHA256 = "b18b3ac60227267cfb91e5d00ce22cc7b73716fd92f269484da1446e27031a40"

_TRANSFORMER = "transformer_pool_attn.transformer."
_PARTS = {
    "convolutions.": "cnn.cnn.",
    "input_norm.": "transformer_pool_attn.norm_input.",
    "frame_norm.": f"{_TRANSFORMER}norm.",
    "project.": f"{_TRANSFORMER}linear_proj.",
    "layers.": f"{_TRANSFORMER}transformer_encoder.layers.",
}
"""Our name of each part -> theirs."""


def load_front(weights: Path) -> Front:
    """The front with the weights of Distill-MOS, ready to listen.

    Raises `ValueError` where `weights` is another file.
    """
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{weights} is not the weights file of distillmos 0.9.1 (SHA-256 {found})")
    theirs: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)["model"]
    front = Front()
    state = front.state_dict()
    for mine in state:
        for ours, other in _PARTS.items():
            if mine.startswith(ours):
                state[mine] = theirs[other + mine.removeprefix(ours)]
    front.load_state_dict(state)
    return front.eval()
