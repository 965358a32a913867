"""The speaker encoder that ships: loads, is small, and tells people apart whom it never heard."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import resources
from detection.training.speaker.measure import (
    Recordings,
    error_rate,
    recordings,
    scored_trials,
    voice_of,
)
from detection.training.speaker.people import read_people
from detection.voice.encoder import OnnxSpeakerEncoder, load_encoder

PACK = resources.ROOT / "models" / "earwitness-speaker-small"
SEED = 1


@pytest.fixture(scope="module")
def encoder() -> OnnxSpeakerEncoder:
    return load_encoder(PACK)


def test_it_is_small_and_says_what_it_is(encoder: OnnxSpeakerEncoder) -> None:
    manifest = encoder.manifest
    assert sum((PACK / name).stat().st_size for name in manifest.files) < 20e6
    assert manifest.title == "basic voice match"
    assert manifest.output.dimensions == 192
    assert manifest.measured["held-out people, 10 s, clean"].eer <= 0.06
    assert manifest.measured["evaluation people, 10 s, clean"].n_speakers > 0


def test_loudness_is_not_part_of_a_voice(encoder: OnnxSpeakerEncoder) -> None:
    window = np.random.default_rng(0).standard_normal((1, 48_000), dtype=np.float32)
    loud, quiet = (
        encoder.embeddings(window * np.float32(0.1)),
        encoder.embeddings(window * np.float32(0.001)),
    )
    assert float((loud @ quiet.T).item()) == pytest.approx(1, abs=1e-3)


def test_the_figure_at_ten_seconds_is_measured_again(shared: Path, encoder: OnnxSpeakerEncoder) -> None:
    heard = recordings(read_people(shared / "data" / "voice").held)
    clean = Recordings(heard.clips, dict.fromkeys(heard.sounds, heard.sounds["clean"]))
    scored = next(
        scored
        for scored in scored_trials(
            partial(voice_of, encoder), encoder.cohort, clean, SEED, lengths=(10,)
        )
        if scored.name == "10 s, clean"
    )
    stated = encoder.manifest.measured["held-out people, 10 s, clean"]
    assert scored.speakers == stated.n_speakers
    assert scored.trials.target.sum() == stated.n_target
    assert error_rate(scored.normalised, scored.trials) == pytest.approx(stated.eer, abs=0.002)
