"""The built-in encoder on a real telephone call: one voice stays one, and a hand-over is found."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

import resources
from app.evaluation.hearing import segments
from audio.types import CALL_RATE, Channel
from detection.types import Segment
from detection.vad import SileroVad
from detection.voice.encoder import SpeakerEncoder, load_encoder
from detection.voice.enrolment import voiceprint
from detection.voice.speaker import EmbeddingJudge

PACK = resources.ROOT / "models" / "earwitness-speaker-small"


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    if not PACK.is_dir():
        pytest.skip(f"needs the built-in speaker pack, which is not at {PACK}")
    return load_encoder(PACK)


@pytest.fixture(scope="module")
def parties(shared: Path) -> dict[Channel, list[Segment]]:
    call = shared / "data" / "calls" / "auto_repairs_40.flac"
    return {side: list(segments(call, SileroVad(), side)) for side in Channel}


def judged(encoder: SpeakerEncoder, speech: Iterable[Segment]) -> EmbeddingJudge:
    judge = EmbeddingJudge(encoder)
    for segment in speech:
        judge.hear(segment)
    judge.finish()
    return judge


@pytest.mark.parametrize("side", Channel)
def test_one_person_is_one_voice_for_a_whole_call(encoder, parties, side):
    assert list(judged(encoder, parties[side]).changes) == []
    assert voiceprint(encoder, "somebody", parties[side]).speech_s > 90


def test_a_colleague_who_takes_over_is_found(encoder, parties):
    caller, colleague = parties[Channel.CALLER][:20], parties[Channel.AGENT][:20]
    after = caller[-1].end
    later = [replace(s, start=s.start + after, end=s.end + after) for s in colleague]
    (change,) = judged(encoder, [*caller, *later]).changes
    assert change.start / CALL_RATE == pytest.approx(later[0].start / CALL_RATE, abs=6)
