"""Learns how loud the bands that the telephone cuts off would have been (transcribe.upper_band)."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from audio.codecs import MU_LAW, Codec, amr_nb, through_codec
from audio.system_codecs import Gsm
from audio.types import CALL_RATE, Samples
from detection.training.countermeasure.clips import read_sound
from detection.transcribe.upper_band import (
    frame_powers,
    levels,
    missing_levels,
    with_context,
)

CODECS: tuple[Codec, ...] = (MU_LAW, MU_LAW, Gsm(), amr_nb(12200))
_PEAK = 0.4
_WIDE = 1e-4
"""Recordings with less of their power above 4.6 kHz were never wide-band and teach nothing."""
_EPOCHS, _BATCH, _RATE = 12, 512, 2e-3
_HELD_OUT = 8
"""Every so many recordings one is only measured on."""

Frames = NDArray[np.float32]


def learn_upper_band(data: Path, target: Path, clips: int) -> None:
    """Train on `clips` real recordings of the training part of `data`/voice and write `target` (npz)."""
    pairs = [pair for sound in _wide_sounds(data / "voice", clips) for pair in [_pair(*sound)] if pair]
    learnt = [pair for number, pair in enumerate(pairs) if number % _HELD_OUT]
    held = pairs[::_HELD_OUT]
    heard, missing = _joined(learnt)
    mean, deviation = heard.mean(axis=0), heard.std(axis=0)
    network = _trained((heard - mean) / deviation, missing)
    heard, missing = _joined(held)
    with torch.no_grad():
        found = network(torch.from_numpy((heard - mean) / deviation)).numpy()
    decibels = 10 / np.log(10) * np.sqrt(np.square(found - missing).mean(axis=0))
    spread = 10 / np.log(10) * missing.std(axis=0)
    print(f"{len(pairs)} recordings, {sum(len(one[0]) for one in pairs)} frames")
    print("error in dB by band", decibels.round(1), "of a spread of", spread.round(1))
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    stored = {f"weight{n}": layer.weight.detach().numpy() for n, layer in enumerate(layers)}
    stored |= {f"bias{n}": layer.bias.detach().numpy() for n, layer in enumerate(layers)}
    np.savez(target, mean=mean, deviation=deviation, **stored)


def _wide_sounds(folder: Path, clips: int) -> list[tuple[Samples, Codec]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["split"], row["label"]) == ("train", "real")]
    rng = np.random.default_rng(0)
    rng.shuffle(rows)
    codecs = [codec for codec in CODECS if codec.is_here]
    sounds = []
    for row in rows:
        sound = read_sound(folder / row["path"]).astype(np.float32)
        if len(sound) >= CALL_RATE and np.abs(sound).max() > 0:
            sounds.append((sound / np.abs(sound).max() * _PEAK, codecs[rng.integers(len(codecs))]))
        if len(sounds) == clips:
            break
    return sounds


def _pair(sound: Samples, codec: Codec) -> tuple[Frames, Frames] | None:
    """What is heard through `codec`, with its context, and what is missing; None of a narrow sound."""
    power = frame_powers(sound.astype(np.float64))
    _, reference = levels(power)
    if np.exp(missing_levels(power, reference)[:, 2:]).mean() < _WIDE:
        return None
    sent = through_codec(codec, sound).astype(np.float64)
    heard, reference = levels(frame_powers(sent))
    count = min(len(heard), len(power))
    missing = missing_levels(power[:count], reference)
    return with_context(heard)[:count].astype(np.float32), missing.astype(np.float32)


def _joined(pairs: Sequence[tuple[Frames, Frames]]) -> tuple[Frames, Frames]:
    heard, missing = zip(*pairs, strict=True)
    return np.concatenate(heard), np.concatenate(missing)


def _trained(heard: Frames, missing: Frames) -> nn.Sequential:
    torch.manual_seed(0)
    wide, narrow = heard.shape[1], missing.shape[1]
    network = nn.Sequential(
        nn.Linear(wide, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, narrow)
    )
    with torch.no_grad():
        network[-1].bias.copy_(torch.from_numpy(missing.mean(axis=0)))
    inputs, targets = torch.from_numpy(heard), torch.from_numpy(missing)
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=1e-3)
    steps = len(inputs) // _BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS * steps)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(inputs))[: steps * _BATCH].reshape(steps, _BATCH)
        for batch in order:
            loss = nn.functional.mse_loss(network(inputs[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network
