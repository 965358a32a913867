"""Real words from a real Whisper-format model: ours, small enough to lie beside the tests."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

import resources
from audio.types import CALL_RATE, Channel
from detection.transcribe.live import LiveText, OpenSpeech
from detection.transcribe.phantoms import load_phantoms
from detection.transcribe.whisper import WhisperTranscriber
from detection.types import Segment, Utterance
from tests.sound import at_call_rate

MODEL = Path(__file__).parents[2] / "models" / "earwitness-whisper-tests"
CHANNELS = {"caller": Channel.CALLER, "agent": Channel.AGENT}
AROUND_S = 0.2
STEP_S = 0.9

WORD_ERRORS = 0.5
SETTLED = 40
WORDS = 100
SILENCE_S = 1.5
AGREEMENT = 0.8

normal = EnglishTextNormalizer()


@pytest.fixture(scope="module")
def transcriber() -> Iterator[WhisperTranscriber]:
    phantoms = load_phantoms(resources.ROOT / "transcript" / "phantoms.yaml")
    model = WhisperTranscriber(MODEL, phantoms=phantoms)
    yield model
    model.close()


@pytest.fixture(scope="module")
def turns(samples: Path) -> list[tuple[Segment, str]]:
    """Each turn of the sample calls and its text; a few short ones were learnt from, too."""
    found = []
    for path in sorted(samples.glob("*.wav")):
        sides = dict(zip(CHANNELS, at_call_rate(path), strict=True))
        for turn in json.loads(path.with_suffix(".truth.json").read_text(encoding="utf-8"))["turns"]:
            start = round((turn["start_s"] - AROUND_S) * CALL_RATE)
            end = round((turn["end_s"] + AROUND_S) * CALL_RATE)
            samples_of_turn = sides[turn["speaker"]][start:end]
            found.append((Segment(CHANNELS[turn["speaker"]], start, end, samples_of_turn), turn["text"]))
    return found


@pytest.fixture(scope="module")
def heard(
    transcriber: WhisperTranscriber, turns: list[tuple[Segment, str]]
) -> list[tuple[Segment, str, Utterance | None]]:
    results = [(segment, text, transcriber.transcribe(segment)) for segment, text in turns]
    return [(s, text, r if isinstance(r, Utterance) else None) for s, text, r in results]


def test_it_hears_the_words_of_the_sample_calls(heard):
    said = [normal(text) for _, text, _ in heard]
    found = [normal(utterance.text) if utterance else "" for _, _, utterance in heard]
    assert jiwer.wer(said, found) < WORD_ERRORS


def test_words_lie_in_order_where_somebody_speaks(
    transcriber: WhisperTranscriber, turns: list[tuple[Segment, str]]
):
    """Two turns with silence between them: no word is placed into it."""
    silence = np.zeros(round(SILENCE_S * CALL_RATE), np.float32)
    words, in_silence = 0, 0
    for (first, _), (second, _) in pairwise(turns):
        sound = np.concatenate([first.samples, silence, second.samples])
        if len(sound) > 12 * CALL_RATE:
            continue
        heard = transcriber.transcribe(Segment(Channel.CALLER, 0, len(sound), sound))
        if not isinstance(heard, Utterance):
            continue
        assert all(0 <= word.start <= word.end <= len(sound) for word in heard.words)
        assert all(one.start <= after.start for one, after in pairwise(heard.words))
        middles = np.array([(word.start + word.end) / 2 for word in heard.words])
        begin = len(first.samples)
        words += len(middles)
        in_silence += int(((middles > begin) & (middles < begin + len(silence))).sum())
    assert words > WORDS
    assert in_silence / words < 0.05


def test_text_while_a_person_speaks_agrees_with_the_text_when_they_have(
    transcriber: WhisperTranscriber, heard
):
    """Words once settled stay, and are those of the end but for a few."""
    settled, agreed = 0, 0
    for segment, _, utterance in heard:
        if utterance is None or segment.end - segment.start < 3 * CALL_RATE:
            continue
        live = LiveText(transcriber)
        words: list[str] = []
        step = round(STEP_S * CALL_RATE)
        for end in range(segment.start + step, segment.end, step):
            spoken = replace(segment, end=end, samples=segment.samples[: end - segment.start])
            now = live.hear(OpenSpeech(spoken)).settled.split()
            assert now[: len(words)] == words
            words = now
        if words:
            settled += len(words)
            agreed += jiwer.process_words(normal(utterance.text), normal(" ".join(words))).hits
    assert settled > SETTLED
    assert agreed / settled > AGREEMENT
