"""Nobody speaks, and nothing is written: what a call carries besides speech, through voice activity and
real recognizers with their gates."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.segmenter import Segmenter
from detection.transcribe.live import LiveText, OpenSpeechWatch
from detection.transcribe.phantoms import load_phantoms
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber
from detection.transcribe.transcriber import LiveTranscriber, Transcriber
from detection.transcribe.whisper import WhisperTranscriber
from detection.types import Segment, Utterance
from detection.vad import SileroVad
from tests.call_noises import Sound, babble, hold_music, keypad, line_noise, silence, tones, typing
from tests.fakes import chunks_of
from tests.sound import at_call_rate

CALLER = Channel.CALLER
SECONDS = 20.0
MODEL = Path(__file__).parents[2] / "models" / "earwitness-whisper-tests"

NOISES: dict[str, Callable[[], Sound]] = {
    "silence": lambda: silence(SECONDS),
    "ring-back, North America": lambda: tones(SECONDS, (440, 480), 2, 4),
    "ring-back, Europe": lambda: tones(SECONDS, (425,), 1, 4),
    "ring-back, United Kingdom": lambda: tones(SECONDS, (400, 450), 0.4, 0.2),
    "busy": lambda: tones(SECONDS, (480, 620), 0.5, 0.5),
    "dial tone": lambda: tones(SECONDS, (350, 440), SECONDS, 0),
    "keypad": lambda: keypad(SECONDS),
    "hold music": lambda: hold_music(SECONDS),
    "other hold music": lambda: hold_music(SECONDS, seed=1),
    "typing": lambda: typing(SECONDS),
    **{
        f"line noise at {level} dBFS": partial(line_noise, SECONDS, level)
        for level in (-70, -55, -40, -30, -20)
    },
}


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


@pytest.fixture(scope="module")
def voices(samples: Path) -> Sound:
    """All that is said in the sample calls, one after the other."""
    calls = [at_call_rate(path) for path in sorted(samples.glob("*.wav"))]
    said = np.concatenate([side for call in calls for side in call])
    return said[said != 0]


@pytest.fixture(scope="module", params=["pocketsphinx", "whisper"])
def transcriber(request: pytest.FixtureRequest) -> Iterator[Transcriber]:
    if request.param == "pocketsphinx":
        engine: Transcriber = PocketSphinxTranscriber(resources.ROOT / "transcript")
    else:
        phantoms = load_phantoms(resources.ROOT / "transcript" / "phantoms.yaml")
        engine = WhisperTranscriber(MODEL, phantoms=phantoms)
    yield engine
    engine.close()


def written(transcriber: Transcriber, vad: SileroVad, sound: Sound) -> list[str]:
    """All text that would be stored, or shown before, for `sound` on one channel."""
    segmenter = Segmenter(CALLER, vad.stream())
    live = LiveText(transcriber) if isinstance(transcriber, LiveTranscriber) else None
    watch = OpenSpeechWatch(segmenter, live) if live else None
    texts = []
    ended: list[Segment] = []
    for chunk in chunks_of(CALLER, sound):
        ended += segmenter.push(chunk)
        if live and watch and (speech := watch.due(chunk.end)):
            texts.append(live.hear(speech).text)
    for segment in ended + segmenter.flush():
        heard = transcriber.transcribe(segment)
        texts.append(heard.text if isinstance(heard, Utterance) else "")
    return [text for text in texts if text]


@pytest.mark.parametrize("noise", NOISES)
def test_a_noise_of_calls_gives_no_words(transcriber: Transcriber, vad: SileroVad, noise: str):
    assert written(transcriber, vad, NOISES[noise]()) == []


@pytest.mark.parametrize("talkers", [16, 32])
@pytest.mark.parametrize("level_dbfs", [-25, -45])
def test_babble_gives_no_words(
    transcriber: Transcriber,
    vad: SileroVad,
    voices: Sound,
    talkers: int,
    level_dbfs: float,
    request: pytest.FixtureRequest,
):
    if isinstance(transcriber, WhisperTranscriber) and (talkers, level_dbfs) == (16, -45):
        reason = "the small model for tests hears one of the talkers (docs/transcripts.md)"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    together = babble(voices, SECONDS, talkers) * 10 ** ((level_dbfs + 25) / 20)
    assert written(transcriber, vad, together.astype(np.float32)) == []


def test_speech_does_give_words(transcriber: Transcriber, vad: SileroVad, voices: Sound):
    """Without this, a recognizer that is deaf would pass all of the above."""
    assert written(transcriber, vad, voices[: round(SECONDS * CALL_RATE)])


@pytest.mark.parametrize("noise", ["typing", "line noise at -30 dBFS"])
def test_noise_that_voice_activity_lets_through_gives_no_words(transcriber: Transcriber, noise: str):
    """The gates alone, should voice activity ever take such a thing for speech."""
    sound = NOISES[noise]()[: 4 * CALL_RATE]
    heard = transcriber.transcribe(Segment(CALLER, 0, len(sound), sound))
    assert not isinstance(heard, Utterance), heard
