"""The training loop: AdamW, one cycle of the learning rate, averaged weights, checkpoints."""

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from detection.training.checkpoint import resume, save
from detection.training.countermeasure.residual.batches import Batches
from detection.training.countermeasure.residual.network import Countermeasure

BATCH = 32
STEPS = 1800
PEAK_RATE = 1e-3
AVERAGE = 0.998
CHECKPOINT_EVERY = 200


def train(batches: Batches, checkpoint: Path, seed: int, name: str, steps: int = STEPS) -> None:
    """Train to `steps`, on from `checkpoint` where it exists; it is rewritten every 200 steps.

    On a GPU where PyTorch finds one. `name` stands before each line of progress.
    """
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Countermeasure().to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=steps, pct_start=0.1
    )
    kept: dict[str, Any] = {
        "network": network,
        "average": average,
        "optimizer": optimizer,
        "schedule": schedule,
    }
    done = resume(checkpoint, kept, device)
    began, losses = time.monotonic(), []
    for step in range(done + 1, steps + 1):
        samples, labels = (torch.from_numpy(part).to(device) for part in batches.batch(step))
        losses.append(_step(network, optimizer, samples, labels))
        schedule.step()
        _follow(average, network, min(AVERAGE, step / (step + 10)))
        if step % 50 == 0:
            pace = (time.monotonic() - began) / (step - done)
            loss = np.mean(losses[-50:])
            print(f"{name}: step {step}/{steps} loss {loss:.4f} {pace:.2f} s/step", flush=True)
        if step % CHECKPOINT_EVERY == 0 or step == steps:
            save(checkpoint, kept, step)


def _step(
    network: Countermeasure, optimizer: torch.optim.Optimizer, samples: Tensor, labels: Tensor
) -> float:
    network.train()
    with torch.no_grad():
        log_mel = _masked(network.features(samples)).contiguous(memory_format=torch.channels_last)
    with torch.autocast(samples.device.type, torch.bfloat16):
        logits = network.judge(log_mel)
    loss = nn.functional.cross_entropy(logits.float(), labels, label_smoothing=0.05)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimizer.step()
    return loss.item()


def _masked(log_mel: Tensor) -> Tensor:
    """Up to 16 mel rows and up to 30 frames in a row blanked per clip (SpecAugment)."""
    count, _, bands, frames = log_mel.shape
    rows, times = torch.arange(bands)[None], torch.arange(frames)[None]
    low, wide = torch.randint(0, bands, (count, 1)), torch.randint(0, 17, (count, 1))
    start, long = torch.randint(0, frames, (count, 1)), torch.randint(0, 31, (count, 1))
    blank = ((rows >= low) & (rows < low + wide))[:, None, :, None] | (
        (times >= start) & (times < start + long)
    )[:, None, None, :]
    return log_mel.masked_fill(blank.to(log_mel.device), 0.0)


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    for mine, theirs in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mine.dtype.is_floating_point:
            mine.lerp_(theirs, 1 - keep)
        else:
            mine.copy_(theirs)


def trained_network(checkpoint: Path) -> Countermeasure:
    """The averaged network of a checkpoint, ready to judge."""
    network = Countermeasure()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["average"])
    return network.eval()
