"""Two public speaker encoders to learn from, both Apache-2.0. Neither is part of what is shipped.

wq2012: Quan Wang's SpeakerRecognitionFromScratch, three bidirectional LSTM layers on MFCC, trained on
LibriSpeech. GE2E: the encoder of Resemblyzer (Wan et al. 2018), three LSTM layers on mel bands,
trained on LibriSpeech "other", VoxCeleb1 and VoxCeleb2. Their features are librosa's; here they are
computed with torchaudio's filters, which are the same.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchaudio.functional import create_dct, melscale_fbanks

from detection.training.countermeasure.clips import RATE

Sound = NDArray[np.float32]


def _mel_power(sound: Sound, fft_size: int, hop: int, bands: int) -> Tensor:
    """Slaney mel bands of the power spectrum, centred frames, shape (frames, bands)."""
    spectrum = torch.stft(
        torch.from_numpy(sound),
        fft_size,
        hop,
        window=torch.hann_window(fft_size),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    filters = melscale_fbanks(fft_size // 2 + 1, 0.0, RATE / 2, bands, RATE, "slaney", "slaney")
    return (spectrum.abs().square().T) @ filters


def _windows(frames: Tensor, length: int, step: int) -> Tensor:
    """Windows (n, length, features) that cover all frames; too few frames are repeated."""
    if len(frames) < length:
        frames = frames.repeat(-(-length // len(frames)), 1)
    last = len(frames) - length
    return torch.stack([frames[s : s + length] for s in [*range(0, last, step), last]])


def _unit(rows: Tensor) -> Tensor:
    return nn.functional.normalize(rows, dim=1)


def _mean_by_sound(windows: Sequence[Tensor], embedded: Tensor) -> NDArray[np.float32]:
    means = [part.mean(dim=0) for part in embedded.split([len(w) for w in windows])]
    return _unit(torch.stack(means)).numpy()


class Wq2012:
    """40 MFCC every 32 ms, windows of 100 frames, mean over the frames and windows."""

    dimensions = 128

    def __init__(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["encoder_state_dict"]
        self.lstm = nn.LSTM(40, 64, 3, batch_first=True, bidirectional=True)
        self.lstm.load_state_dict({name.removeprefix("lstm."): value for name, value in state.items()})
        self.dct = create_dct(40, 128, "ortho")

    @torch.no_grad()
    def embed(self, sounds: Sequence[Sound]) -> NDArray[np.float32]:
        windows = [_windows(self._mfcc(sound), 100, 50) for sound in sounds]
        return _mean_by_sound(windows, self.lstm(torch.cat(windows))[0].mean(dim=1))

    def _mfcc(self, sound: Sound) -> Tensor:
        decibels = 10 * _mel_power(sound, 2048, 512, 128).clamp(min=1e-10).log10()
        return decibels.clamp(min=float(decibels.max()) - 80) @ self.dct


class GE2E:
    """40 mel bands every 10 ms at -30 dBFS, windows of 1.6 s, last state of the last layer."""

    dimensions = 256

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            packed = io.BytesIO(archive.read("resemblyzer/pretrained.pt"))
        state = torch.load(packed, map_location="cpu", weights_only=True)["model_state"]
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)
        for module, name in ((self.lstm, "lstm."), (self.linear, "linear.")):
            module.load_state_dict(
                {key.removeprefix(name): value for key, value in state.items() if key.startswith(name)}
            )

    @torch.no_grad()
    def embed(self, sounds: Sequence[Sound]) -> NDArray[np.float32]:
        windows = [_windows(_mel_power(_at_level(sound), 400, 160, 40), 160, 120) for sound in sounds]
        _, (hidden, _) = self.lstm(torch.cat(windows))
        return _mean_by_sound(windows, _unit(self.linear(hidden[-1]).relu()))


def _at_level(sound: Sound) -> Sound:
    """Quieter sound raised to -30 dBFS, as Resemblyzer does."""
    rms = float(np.sqrt(np.square(sound).mean())) + 1e-9
    return (sound * max(1.0, 10 ** (-30 / 20) / rms)).astype(np.float32)
