"""Speaker packs: what is loaded, how it embeds, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.models.manifest import Kind, Normalisation, SpeakerEncoderManifest, load_manifest
from detection.voice.encoder import (
    OnnxSpeakerEncoder,
    engine_of,
    likeness,
    load_encoder,
    prepared,
    windows_of,
)
from detection.voice.scoring import MIN_COHORT
from tests.tiny_encoder import BANDS, write_pack


def tone(hertz: float, seconds: float = 3.0) -> np.ndarray:
    time = np.arange(round(seconds * CALL_RATE)) / CALL_RATE
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "some-pack", cohort=40)


def replace_file(pack: Path, name: str, content: bytes) -> None:
    (pack / name).write_bytes(content)
    edit(pack, lambda m: m["files"].update({name: hashlib.sha256(content).hexdigest()}))


def edit(pack: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((pack / "manifest.json").read_text())
    change(manifest)
    (pack / "manifest.json").write_text(json.dumps(manifest))


def refusal(pack: Path) -> str:
    with pytest.raises(DetectionError) as caught:
        load_encoder(pack)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_embeddings_have_length_one_and_hear_what_differs(pack: Path):
    encoder = load_encoder(pack)
    windows = np.stack([tone(400), tone(400) * np.float32(0.2), tone(2500)])
    voices = encoder.embeddings(windows)
    assert voices.shape == (3, BANDS)
    np.testing.assert_allclose(np.linalg.norm(voices, axis=1), 1, atol=1e-6)
    assert voices[0] @ voices[1] > 0.95
    assert voices[0] @ voices[2] < 0.5


def test_long_speech_is_embedded_in_small_batches(pack: Path):
    encoder = load_encoder(pack)
    sizes = []
    inner = encoder._network
    encoder._network = lambda windows: (sizes.append(len(windows)), inner(windows))[1]
    speech = np.random.default_rng(0).uniform(-0.1, 0.1, 30 * CALL_RATE).astype(np.float32)
    windows = windows_of(speech, encoder.manifest.input)
    assert encoder.embeddings(windows).shape == (29, BANDS)
    assert max(sizes) == 8
    assert sum(sizes) == 29


def test_windows_begin_every_hop_and_short_speech_is_one(pack: Path):
    given = load_manifest(pack, SpeakerEncoderManifest).input
    speech = np.arange(5 * CALL_RATE, dtype=np.float32)
    windows = windows_of(speech, given)
    assert windows[:, 0].tolist() == [0, CALL_RATE, 2 * CALL_RATE, 3 * CALL_RATE]
    assert windows.shape[1] == 2 * CALL_RATE
    assert windows_of(speech[:20_000], given).shape == (1, 20_000)
    assert len(windows_of(speech[:15_999], given)) == 0


def test_windows_are_prepared_as_the_manifest_says(pack: Path):
    given = load_manifest(pack, SpeakerEncoderManifest).input
    sound = np.random.default_rng(0).normal(3, 0.5, (2, 20_000)).astype(np.float32)
    np.testing.assert_array_equal(prepared(sound, given), sound)
    fixed = prepared(sound, given.model_copy(update={"fixed_length": True}))
    assert fixed.shape == (2, 32_000)
    np.testing.assert_array_equal(fixed[:, 20_000:], sound[:, :12_000])
    change = {"normalisation": Normalisation.ZERO_MEAN_UNIT_VARIANCE}
    even = prepared(sound, given.model_copy(update=change))
    np.testing.assert_allclose(even.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(even.std(axis=1), 1, atol=1e-3)
    change = {"normalisation": Normalisation.PRE_EMPHASIS}
    sharp = prepared(np.array([[1.0, 1.0, 3.0]], np.float32), given.model_copy(update=change))
    np.testing.assert_allclose(sharp, [[1.0, 0.03, 2.03]], atol=1e-6)


def test_likeness_is_calibrated_and_normalised_where_there_is_a_cohort(pack: Path, tmp_path: Path):
    plain = load_encoder(write_pack(tmp_path / "plain"))
    normed = load_encoder(pack)
    voices = plain.embeddings(np.stack([tone(400), tone(900)]))
    cosine = float(voices[0].astype(float) @ voices[1])
    assert likeness(plain, voices[:1], voices[1:])[0, 0] == pytest.approx(100 * cosine - 93, abs=1e-3)
    assert normed.cohort is not None
    assert normed.cohort.shape == (40, BANDS)
    assert likeness(normed, voices[:1], voices[1:])[0, 0] != pytest.approx(100 * cosine - 93, abs=1)


def test_the_engine_is_named_for_a_call_s_record(pack: Path):
    engine = engine_of(load_encoder(pack))
    assert (engine.job, engine.id, engine.revision, engine.note) == (
        "speaker",
        "tiny-speaker",
        "1",
        "tiny comparison",
    )


def test_a_network_whose_output_points_nowhere_is_named(pack: Path):
    manifest = load_manifest(pack, SpeakerEncoderManifest)
    for value in (0.0, np.nan):

        def network(windows: np.ndarray, value: float = value) -> np.ndarray:
            return np.full((len(windows), BANDS), value, np.float32)

        encoder = OnnxSpeakerEncoder(manifest, network, None)
        with pytest.raises(DetectionError, match="tiny-speaker gave an embedding that is no voice"):
            encoder.embeddings(np.zeros((1, 32_000), np.float32))


def test_a_pack_for_another_rate_is_refused(pack: Path):
    edit(pack, lambda m: m["input"].update(rate_hz=8_000))
    assert "8000 Hz" in refusal(pack)


def test_another_number_of_dimensions_than_the_manifest_says_is_refused(pack: Path):
    edit(pack, lambda m: m.update(cohort=None))
    edit(pack, lambda m: m["output"].update(dimensions=192))
    assert "(batch, 192)" in refusal(pack)


def test_a_network_that_leaves_its_width_open_is_tried(pack: Path, monkeypatch: pytest.MonkeyPatch):
    def opened(*_: object) -> Callable[[np.ndarray], np.ndarray]:
        return lambda windows: np.ones((len(windows), BANDS + 1), np.float32)

    monkeypatch.setattr("detection.voice.encoder.load_network", opened)
    assert f"embeddings of shape (1, {BANDS + 1})" in refusal(pack)


@pytest.mark.parametrize("kind", [b"", b"not numpy", "pickle", "archive"])
def test_a_cohort_that_is_no_array_is_refused(pack: Path, tmp_path: Path, kind: bytes | str):
    if kind == "pickle":
        np.save(tmp_path / "other.npy", np.array([{"a": 1}], object), allow_pickle=True)
        kind = (tmp_path / "other.npy").read_bytes()
    elif kind == "archive":
        np.savez(tmp_path / "other.npz", rows=np.eye(40, BANDS, dtype=np.float32))
        kind = (tmp_path / "other.npz").read_bytes()
    assert isinstance(kind, bytes)
    replace_file(pack, "cohort.npy", kind)
    assert "cohort cohort.npy of model pack tiny-speaker" in refusal(pack).replace(
        "The cohort", "cohort"
    )


@pytest.mark.parametrize(
    "rows",
    [
        np.eye(40, BANDS - 1, dtype=np.float32),
        np.eye(MIN_COHORT - 1, BANDS, dtype=np.float32),
        np.eye(40, BANDS).astype(np.float64),
        np.full((40, BANDS), 0.5, np.float32),
        np.full((40, BANDS), np.nan, np.float32),
        np.ones(40, np.float32),
    ],
)
def test_a_cohort_of_another_shape_is_refused(pack: Path, tmp_path: Path, rows: np.ndarray):
    np.save(tmp_path / "rows.npy", rows)
    replace_file(pack, "cohort.npy", (tmp_path / "rows.npy").read_bytes())
    assert f"rows of {BANDS} float32 numbers" in refusal(pack)


def test_a_changed_or_missing_cohort_is_refused(pack: Path):
    content = (pack / "cohort.npy").read_bytes()
    (pack / "cohort.npy").write_bytes(content[:-1] + b"\x00")
    assert "cohort.npy" in refusal(pack)
    (pack / "cohort.npy").unlink()
    assert "lacks its file cohort.npy" in refusal(pack)


def test_a_whole_manifest_is_read_and_reads_back_the_same(pack: Path):
    manifest = load_manifest(pack, SpeakerEncoderManifest)
    assert (manifest.kind, manifest.spread) == (Kind.SPEAKER_ENCODER, None)
    assert SpeakerEncoderManifest.model_validate_json(manifest.model_dump_json()) == manifest
    with pytest.raises(ValidationError):
        manifest.revision = "2"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(surprise=1),
        lambda m: m.update(kind="countermeasure"),
        lambda m: m.pop("cohort"),
        lambda m: m.update(cohort="other.npy"),
        lambda m: m.update(cohort="../cohort.npy"),
        lambda m: m["output"].update(dimensions=0),
        lambda m: m["output"].update(dimensions="24"),
        lambda m: m["output"].update(meaning="logits"),
        lambda m: m["calibration"].update(scale=0),
        lambda m: m["calibration"].update(settle=0.5),
        lambda m: m["thresholds"].update(match_llr=-3.0),
        lambda m: m["thresholds"].update(enrol_speech_s=1.0),
        lambda m: m["thresholds"].pop("min_speech_s"),
        lambda m: m.update(spread={"low": 0.3, "high": 0.1}),
        lambda m: m.update(measured={"10 s": {"eer": 1.2}}),
    ],
)
def test_what_is_not_understood_is_refused(pack: Path, change: Callable[[dict[str, Any]], object]):
    edit(pack, change)
    assert "not valid" in refusal(pack)


def test_measured_figures_are_read(pack: Path):
    figures = {"eer": 0.05, "n_speakers": 60, "n_target": 100, "n_nontarget": 5000}
    edit(pack, lambda m: m.update(measured={"10 s, clean": figures}))
    assert load_manifest(pack, SpeakerEncoderManifest).measured["10 s, clean"].n_speakers == 60
