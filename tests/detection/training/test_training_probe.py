"""The leakage probe finds a leak that is there, and none where there is none."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the training environment's scikit-learn")
pytest.importorskip("torch", reason="needs the training environment's PyTorch")

from detection.training.countermeasure.probe import (
    PROBES,
    Cases,
    band_energy,
    file_figures,
    look,
    quiet_frames,
    tell,
)


def hiss(seed: int, samples: int = 32000) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


def cases(leaks: bool) -> Cases:
    """Noise from twelve sources; where it leaks, the synthetic clips end in silence."""
    sounds, synthetic, source = [], [], []
    for number in range(96):
        sound, fake = hiss(number), number % 2 == 1
        if fake and leaks:
            sound[-8000:] = 0
        sounds.append(look(sound))
        synthetic.append(fake)
        source.append(f"page {number % 12 // 2 * 2 + (number // 12) % 2}")
    seen = {name: np.stack([one[name] for one in sounds]) for name in PROBES}
    return Cases(seen, np.array(synthetic), np.array(source))


def test_a_leak_is_found_and_none_is_invented():
    assert tell(cases(leaks=True), "figures of the file", 1).auc > 0.95
    found = tell(cases(leaks=False), "figures of the file", 1)
    assert found.auc < 0.75
    assert found.low < 0.5 < found.high
    assert f"{found.auc:.2f}" in str(found)


def test_file_figures_are_what_they_say():
    sound = np.zeros(32000, np.float32)
    sound[8000:24000] = 0.5 * np.sign(hiss(1, 16000)) + 0.1
    length, peak, level, offset, before, after, zeros, distinct, clipped = file_figures(sound)
    assert (length, before, after, zeros) == pytest.approx((2, 0.5, 0.5, 0.5), abs=1e-3)
    assert peak == pytest.approx(20 * np.log10(0.6), abs=0.01)
    assert level == pytest.approx(10 * np.log10((0.6**2 + 0.4**2) / 4), abs=0.1)
    assert offset == pytest.approx(0.1 / 2 / 0.6, abs=0.01)
    assert distinct == pytest.approx(3 / 32000)
    assert clipped == pytest.approx(0.25, abs=0.02)


def test_only_the_quiet_frames_are_seen():
    """A change of the loud part alone moves nothing but the reference level."""
    quiet = 0.01 * hiss(2)
    tone = np.sin(2 * np.pi * 1000 * np.arange(24000) / 16000).astype(np.float32)
    other = np.sin(2 * np.pi * 3000 * np.arange(24000) / 16000).astype(np.float32)
    one, two = (np.concatenate([quiet, 0.3 * loud]) for loud in (tone, other))
    assert np.abs(quiet_frames(one) - quiet_frames(two)).max() < 1.0


def test_bands_are_relative_and_in_order():
    tone = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000)).astype(np.float32)
    bands = band_energy(tone)
    assert bands.argmax() == 4, "800 to 1,600 Hz"
    assert bands == pytest.approx(band_energy(0.1 * tone), abs=0.1)
