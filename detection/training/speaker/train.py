"""The training loop: towards the teachers' target, and apart by AAM-softmax; resumable."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.lobes.models.ECAPA_TDNN import Classifier
from speechbrain.nnet.losses import AdditiveAngularMargin, LogSoftmaxWrapper
from torch import Tensor, nn
from torch.utils.data import DataLoader

from detection.training.checkpoint import resume, save
from detection.training.speaker.batches import Batches
from detection.training.speaker.network import SpeakerEncoder
from detection.training.speaker.prepare import DIMENSIONS, UNNAMED, Prepared

BATCH = 48
RATE = 1.2e-3
WARM_UP = 100
DECAY = 300
"""Steps over which the learning rate rises at the start and falls to nothing at the end."""
CHECKPOINT_EVERY = 100
TARGET_WEIGHT = 10.0
CLASS_WEIGHT = 0.05


class Losses(nn.Module):
    """How far voices (batch, 192) are from their targets, and from other named people's."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classifier = Classifier(DIMENSIONS, lin_neurons=DIMENSIONS, out_neurons=classes)
        self.softmax = LogSoftmaxWrapper(AdditiveAngularMargin(margin=0.2, scale=30))

    def forward(self, voices: Tensor, targets: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        """One minus the mean cosine to the targets; AAM-softmax over the rows that have a class."""
        distance = 1 - nn.functional.cosine_similarity(voices, targets).mean()
        named = classes != UNNAMED
        if not named.any():
            return distance, torch.zeros_like(distance)
        cosines = self.classifier(voices[named][:, None])
        return distance, self.softmax(cosines, classes[named][:, None])


def train(prepared: Prepared, checkpoint: Path, channels: int, steps: int, seed: int) -> None:
    """Train to `steps`, on from `checkpoint` where it exists; it is rewritten every 100 steps.

    On a GPU where there is one. The rate is held until the last steps, so a longer or shorter run
    can go on from the same checkpoint.
    """
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = SpeakerEncoder(channels).to(device)
    losses = Losses(int(prepared.classes.max()) + 1).to(device)
    parameters = [*network.parameters(), *losses.parameters()]
    optimizer = torch.optim.AdamW(parameters, RATE, weight_decay=0.02)
    kept: dict[str, Any] = {"network": network, "losses": losses, "optimizer": optimizer}
    done = resume(checkpoint, kept, device)
    batches = DataLoader(
        Batches(prepared, BATCH, seed),
        batch_size=None,
        sampler=range(done, steps),
        num_workers=1,
        prefetch_factor=8,
    )
    network.train()
    began, seen = time.monotonic(), []
    for step, batch in enumerate(batches, start=done + 1):
        samples, targets, classes = (part.to(device) for part in batch)
        with torch.no_grad():
            log_mel = network.log_mel(samples)
        with torch.autocast(device, torch.bfloat16):
            voices = network.embed(log_mel)
        distance, apart = losses(voices.float(), targets, classes)
        optimizer.zero_grad()
        (TARGET_WEIGHT * distance + CLASS_WEIGHT * apart).backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        optimizer.step()
        seen.append((distance.item(), apart.item()))
        if step % 50 == 0:
            pace = (time.monotonic() - began) / (step - done)
            away, loss = np.mean(seen[-50:], axis=0)
            print(
                f"step {step}/{steps} distance {away:.3f} AAM {loss:.2f} {pace:.2f} s/step", flush=True
            )
        if step % CHECKPOINT_EVERY == 0 or step == steps:
            save(checkpoint, kept, step)


def learning_rate(step: int, steps: int) -> float:
    """The rate at a step from 1 to `steps`: up, held, down (Zhai et al. 2022)."""
    return RATE * min(1.0, step / WARM_UP, (steps - step + 1) / DECAY)


def trained_network(checkpoint: Path, channels: int) -> SpeakerEncoder:
    """The network of a checkpoint, ready to embed."""
    network = SpeakerEncoder(channels)
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["network"])
    return network.eval()
