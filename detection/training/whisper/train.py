"""The training loop: the next token, and the pieces read off the encoder; resumable."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from detection.training.checkpoint import resume, save
from detection.training.whisper.batches import Batch, Batches
from detection.training.whisper.examples import IGNORED
from detection.training.whisper.network import Size, Whisper
from detection.training.whisper.tokenizer import Tokens

RATE = 1e-3
WARM_UP = 300
DECAY = 0.35
"""Share of the steps over which the learning rate falls to nothing at the end."""
WEIGHT_DECAY = 0.01
DROPOUT = 0.05
CTC_WEIGHT = 0.4
MASKED_BANDS, MASKED_FRAMES = 12, 15
"""Most that each of two masks takes from an example's features (SpecAugment, Park et al. 2019)."""
CHECKPOINT_EVERY = 200


def train(batches: Batches, checkpoint: Path, size: Size, steps: int, seed: int) -> None:
    """Train to `steps`, on from `checkpoint` where it exists; it is rewritten every 200 steps.

    On a GPU where there is one. The rate is held until the last third, so a longer or shorter run can
    go on from a checkpoint made before that.
    """
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = Whisper(size, batches.tokens.count, batches.tokens.pieces, DROPOUT).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, (0.9, 0.98), weight_decay=WEIGHT_DECAY)
    kept: dict[str, Any] = {"network": network, "optimizer": optimizer}
    done = resume(checkpoint, kept, device)
    loader = DataLoader(
        batches, batch_size=None, sampler=range(done, steps), num_workers=1, prefetch_factor=8
    )
    network.train()
    began, seen = time.monotonic(), []
    for step, batch in enumerate(loader, start=done + 1):
        words, pieces = losses(network, batch, device)
        optimizer.zero_grad()
        (words + CTC_WEIGHT * pieces).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        optimizer.step()
        seen.append((words.item(), pieces.item()))
        if step % 50 == 0:
            pace = (time.monotonic() - began) / (step - done)
            token, ctc = np.mean(seen[-50:], axis=0)
            print(f"step {step}/{steps} token {token:.3f} CTC {ctc:.3f} {pace:.2f} s/step", flush=True)
        if step % CHECKPOINT_EVERY == 0 or step == steps:
            save(checkpoint, kept, step)


def losses(network: Whisper, batch: Batch, device: str) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the next token, and CTC of the pieces on what the encoder gives."""
    features, tokens, targets = (
        part.to(device) for part in (batch.features, batch.tokens, batch.targets)
    )
    with torch.autocast(device, torch.bfloat16):
        heard = network.encode(_masked(features))
        logits = network.decode(tokens, heard)
        read = network.ctc(heard)
    words = functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED
    )
    frames = torch.full((len(features),), heard.shape[1])
    pieces = functional.ctc_loss(
        read.float().log_softmax(-1).transpose(0, 1),
        batch.pieces.to(device),
        frames,
        batch.piece_counts,
        blank=read.shape[-1] - 1,
        zero_infinity=True,
    )
    return words, pieces


def learning_rate(step: int, steps: int) -> float:
    """The rate at a step from 1 to `steps`: up, held, down (Zhai et al. 2022)."""
    return RATE * min(1.0, step / WARM_UP, (steps - step + 1) / (DECAY * steps))


def trained_network(checkpoint: Path, size: Size, tokens: Tokens) -> Whisper:
    """The network of a checkpoint, ready to hear."""
    network = Whisper(size, tokens.count, tokens.pieces)
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["network"])
    return network.eval()


def _masked(features: Tensor) -> Tensor:
    """Each example with two bands of features and two stretches of time set to zero."""
    bands, times = (torch.arange(length, device=features.device) for length in features.shape[1:])
    blank = torch.zeros_like(features, dtype=torch.bool)
    for _ in range(2):
        wide, long = (_drawn(most, len(features), features) for most in (MASKED_BANDS, MASKED_FRAMES))
        low, start = (_drawn(len(places), len(features), features) for places in (bands, times))
        blank |= ((bands >= low) & (bands < low + wide))[:, :, None]
        blank |= ((times >= start) & (times < start + long))[:, None, :]
    return features.masked_fill(blank, 0.0)


def _drawn(below: int, count: int, like: Tensor) -> Tensor:
    return torch.randint(0, below, (count, 1), device=like.device)
