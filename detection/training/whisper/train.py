"""The training loop: the next token, the phone of each frame and where to look; resumable."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from detection.training.checkpoint import resume, save
from detection.training.whisper.batches import Batch, Batches
from detection.training.whisper.guidance import IGNORED
from detection.training.whisper.network import Size, Whisper
from detection.training.whisper.tokenizer import Tokens

RATE = 1e-3
MATRIX_RATE = 2e-3
"""For the layers' matrices, by Muon (Jordan et al. 2024): fewer steps than AdamW, which has the rest."""
WARM_UP = 150
DECAY = 0.35
"""Share of the steps over which the learning rate falls to nothing at the end."""
WEIGHT_DECAY = 0.01
DROPOUT = 0.05
PHONE_WEIGHT, LOOK_WEIGHT = 1.0, 0.5
LOOK_AROUND = 3
"""Frames of 20 ms before and after a word that are as good as within."""
MASKED_BANDS, MASKED_FRAMES = 12, 15
"""Most that each of two masks takes from an example's features (SpecAugment, Park et al. 2019)."""
CHECKPOINT_EVERY = 200

_MATRIX = 2


def train(batches: Batches, checkpoint: Path, size: Size, steps: int, seed: int) -> None:
    """Train to `steps`, on from `checkpoint` where it exists; it is rewritten every 200 steps.

    On a GPU where there is one. The rate is held until the last third, so a longer or shorter run can
    go on from a checkpoint made before that.
    """
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = Whisper(size, batches.tokens.count, DROPOUT).to(device)
    muon, adam = optimizers(network)
    kept: dict[str, Any] = {"network": network, "muon": muon, "adam": adam}
    done = resume(checkpoint, kept, device)
    loader = DataLoader(
        batches, batch_size=None, sampler=range(done, steps), num_workers=1, prefetch_factor=8
    )
    network.train()
    began, seen = time.monotonic(), []
    for step, batch in enumerate(loader, start=done + 1):
        words, phones, look = losses(network, batch, device)
        network.zero_grad()
        (words + PHONE_WEIGHT * phones + LOOK_WEIGHT * look).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer, rate in ((muon, MATRIX_RATE), (adam, RATE)):
            for group in optimizer.param_groups:
                group["lr"] = rate * rate_share(step, steps)
            optimizer.step()
        seen.append((words.item(), phones.item(), look.item()))
        if step % 50 == 0:
            pace = (time.monotonic() - began) / (step - done)
            token, phone, looked = np.mean(seen[-50:], axis=0)
            print(
                f"step {step}/{steps} token {token:.3f} phone {phone:.3f} look {looked:.3f} "
                f"{pace:.2f} s/step",
                flush=True,
            )
        if step % CHECKPOINT_EVERY == 0 or step == steps:
            save(checkpoint, kept, step)


def losses(network: Whisper, batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy of the next token and of the phones, and how little is looked at the right words.

    The last is the negative log of the weight that falls there; 0 where no word's frames are known. The
    last layer is to look at the word being written, those before it at the one just written, from which
    the next is found.
    """
    features, tokens, targets, phones, look_at = (
        part.to(device)
        for part in (batch.features, batch.tokens, batch.targets, batch.phones, batch.look_at)
    )
    with torch.autocast(device, torch.bfloat16):
        heard = network.encode(_masked(features))
        logits, looks = network.decode(tokens, heard)
        read = network.phones(heard)
    words, sounds = (
        functional.cross_entropy(found.float().flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)
        for found, wanted in ((logits, targets), (read, phones))
    )
    return words, sounds, _looked_away(looks, look_at)


def _looked_away(looks: Sequence[Tensor], look_at: Tensor) -> Tensor:
    written = functional.pad(look_at, (0, 0, 1, 0))[:, :-1]
    spans = [written] * (len(looks) - 1) + [look_at]
    away = [_away(weights.float(), span) for weights, span in zip(looks, spans, strict=True)]
    return torch.stack(away).mean()


def _away(weights: Tensor, spans: Tensor) -> Tensor:
    frames = torch.arange(weights.shape[-1], device=spans.device)
    there = (frames >= spans[..., :1] - LOOK_AROUND) & (frames < spans[..., 1:] + LOOK_AROUND)
    known = spans[..., 1] > 0
    found = (weights * there).sum(-1)[known]
    return -found.clamp_min(1e-4).log().sum() / max(1, found.numel())


def optimizers(network: Whisper) -> tuple[torch.optim.Muon, torch.optim.AdamW]:
    """Muon for the matrices of both halves' layers, AdamW for all else."""
    matrices, others = [], []
    for name, values in network.named_parameters():
        is_matrix = values.ndim == _MATRIX and name.startswith(("encoder.", "decoder."))
        (matrices if is_matrix else others).append(values)
    muon = torch.optim.Muon(
        matrices, MATRIX_RATE, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"
    )
    return muon, torch.optim.AdamW(others, RATE, (0.9, 0.98), weight_decay=WEIGHT_DECAY)


def rate_share(step: int, steps: int) -> float:
    """Share of the learning rate at a step from 1 to `steps`: up, held, down (Zhai et al. 2022)."""
    return min(1.0, step / WARM_UP, (steps - step + 1) / (DECAY * steps))


def trained_network(checkpoint: Path, size: Size, tokens: Tokens) -> Whisper:
    """The network of a checkpoint, ready to hear."""
    network = Whisper(size, tokens.count)
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["network"])
    return network.fused()


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
