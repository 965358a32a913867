"""How noise takes the voice judge's evidence away: `make bench-voice-noise`; needs the shared data.

Clips of the evaluation part at their own level and with steady noise of their own long-term spectrum
or other voices added, by the power of their speech against the noise's: error rates of the first
window's likelihood ratio, its cost in bits (Cllr; 1 is no evidence, above it misleads), and the share
of windows that the judge would leave out. Where the cost reaches 1 the judge has to abstain.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import resources
from app.evaluation.hearing import speech_in
from audio.types import CALL_RATE, Samples
from detection.metrics import equal_error, llr_cost
from detection.training.countermeasure.clips import Clip, Part, read_parts, read_sounds
from detection.vad import SileroVad
from detection.voice.countermeasure import CountermeasureModel, load_countermeasure, window_llrs
from detection.voice.quality import is_noisy, speech_to_noise_db
from detection.voice.windows import SpeechWindows

SNRS_DB = (None, 20, 15, 10, 5, 0)
VOICES = 6
SEED = 1


def main() -> int:
    """Measure and print; exit status 1 where there is nothing to measure on."""
    data = Path(os.environ.get("EARWITNESS_SHARED", "../shared")) / "data" / "voice"
    if not data.is_dir():
        sys.stderr.write(f"bench-voice-noise needs the shared data folder, which is not at {data}.\n")
        return 1
    clips = read_parts(data)[Part.EVAL]
    sounds = [sound.astype(np.float32) / np.float32(32768) for sound in read_sounds(clips)]
    model = load_countermeasure(resources.ROOT / "models" / "earwitness-cm-small")
    vad = SileroVad()
    console = Console()
    for name, noises in (
        ("steady noise", [_steady(sound) for sound in sounds]),
        ("other voices", list(_babble(clips, sounds))),
    ):
        table = Table(
            *("SNR", "clips", "EER", "Cllr", "caught", "false alarms", "speech to noise", "left out"),
            title=f"{model.manifest.id} {model.manifest.revision}, {name}",
        )
        for snr_db in SNRS_DB:
            table.add_row(*_row(model, vad, clips, sounds, noises, snr_db))
        console.print(table)
    return 0


def _row(
    model: CountermeasureModel,
    vad: SileroVad,
    clips: Sequence[Clip],
    sounds: Sequence[Samples],
    noises: Sequence[Samples],
    snr_db: float | None,
) -> list[str]:
    llrs, synthetic, ratios, noisy = [], [], [], []
    for clip, sound, noise in zip(clips, sounds, noises, strict=True):
        heard = sound if snr_db is None else _mixed(sound, noise, snr_db, vad)
        windows = SpeechWindows(round(model.manifest.input.window_s * CALL_RATE), CALL_RATE)
        full = [window for segment in speech_in(heard, vad) for window in windows.push(segment)]
        window = full[0] if full else windows.partial
        if window is None or window.seconds < model.manifest.thresholds.min_speech_s:
            continue
        llrs += window_llrs(model, [window])
        synthetic.append(clip.synthetic)
        ratios.append(speech_to_noise_db(window.samples))
        noisy.append(is_noisy(window.samples))
    llr, is_clone = np.array(llrs), np.array(synthetic)
    clones, real = llr[is_clone], llr[~is_clone]
    alarm = model.manifest.thresholds.synthetic_llr
    low, middle, high = np.percentile(ratios, (5, 50, 95))
    return [
        "as it is" if snr_db is None else f"{snr_db} dB",
        str(len(llr)),
        f"{equal_error(clones, real).rate:.1%}",
        f"{llr_cost(clones, real):.2f}",
        f"{(clones >= alarm).mean():.1%}",
        f"{(real >= alarm).mean():.1%}",
        f"{middle:.0f} dB ({low:.0f} to {high:.0f})",
        f"{np.mean(noisy):.1%}",
    ]


def _mixed(sound: Samples, noise: Samples, snr_db: float, vad: SileroVad) -> Samples:
    """`sound` with noise `snr_db` below the power of its speech, brought back below full scale."""
    speech = speech_in(sound, vad)
    samples = np.concatenate([segment.samples for segment in speech]) if speech else sound
    power = float(np.square(samples, dtype=np.float64).mean())
    mixed = sound + noise * np.float32(np.sqrt(power) * 10 ** (-snr_db / 20))
    return (mixed / max(1.0, float(np.abs(mixed).max()) / 0.98)).astype(np.float32)


def _steady(sound: Samples) -> NDArray[np.float32]:
    """Noise of power 1 with the long-term spectrum of `sound`."""
    phases = np.random.default_rng(SEED).uniform(0, 2 * np.pi, len(sound) // 2 + 1)
    return _unit(np.fft.irfft(np.abs(np.fft.rfft(sound)) * np.exp(1j * phases), len(sound)))


def _babble(clips: Sequence[Clip], sounds: Sequence[Samples]) -> Iterator[NDArray[np.float32]]:
    """For each clip, `VOICES` other real ones at once, of power 1."""
    rng = np.random.default_rng(SEED)
    real = [sound for clip, sound in zip(clips, sounds, strict=True) if not clip.synthetic]
    for sound in sounds:
        chosen = rng.choice(len(real), VOICES, replace=False)
        yield _unit(np.sum([_unit(np.resize(real[n], len(sound))) for n in chosen], axis=0))


def _unit(sound: NDArray[np.floating]) -> NDArray[np.float32]:
    return (sound / (np.sqrt(np.square(sound, dtype=np.float64).mean()) + 1e-9)).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
