"""What the shipped detector says of whole calls, and what it costs."""

from pathlib import Path

import pytest

import resources
from audio.types import CALL_RATE, AudioChunk, Channel
from detection.models.manifest import CountermeasureManifest, load_manifest
from detection.segmenter import Segmenter
from detection.types import VoiceLevel, VoiceVerdict
from detection.vad import SileroVad
from detection.voice.countermeasure import load_countermeasure
from detection.voice.judge import CountermeasureJudge
from tests.sound import at_call_rate

BUILT_IN = resources.ROOT / "models" / "earwitness-cm-small"


def judged(path: Path) -> list[VoiceVerdict]:
    """Every verdict over the call, as voice activity cuts it."""
    judge = CountermeasureJudge(load_countermeasure(BUILT_IN))
    segmenter = Segmenter(Channel.CALLER, SileroVad().stream())
    segments = segmenter.push(AudioChunk(Channel.CALLER, 0, CALL_RATE, at_call_rate(path)[0]))
    verdicts = [judge.hear(segment) for segment in segments + segmenter.flush()]
    return [verdict for verdict in verdicts if verdict] + [judge.finish()]


@pytest.mark.parametrize("name", ["a_disclosed_assistant", "b_helpdesk_con"])
def test_the_sample_calls_synthesizer_is_recognized(samples: Path, name: str) -> None:
    verdicts = judged(samples / f"{name}.wav")
    assert verdicts[-1].level is VoiceLevel.LIKELY_SYNTHETIC
    assert VoiceLevel.REAL not in {verdict.level for verdict in verdicts}


def test_a_real_telephone_caller_never_looks_synthetic(shared: Path) -> None:
    verdicts = judged(shared / "data" / "calls" / "auto_repairs_40.flac")
    assert verdicts[-1].speech_s > 60
    assert VoiceLevel.LIKELY_SYNTHETIC not in {verdict.level for verdict in verdicts}
    assert not [reason for reason in verdicts[-1].reasons if "left out" in reason]


def test_the_pack_states_what_was_measured_on_systems_it_never_heard() -> None:
    manifest = load_manifest(BUILT_IN, CountermeasureManifest)
    clean, telephone = (manifest.measured[f"evaluation part, {name}"] for name in ("clean", "g711"))
    assert clean.n_real > 100
    assert clean.n_synthetic > 300
    assert (telephone.n_real, telephone.n_synthetic) == (clean.n_real, clean.n_synthetic)
