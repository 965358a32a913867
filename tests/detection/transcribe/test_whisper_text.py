"""What becomes of a Whisper decoding: gates, words, languages, and speech decoded while it was open."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.transcribe import whisper
from detection.transcribe.gates import Gates
from detection.transcribe.transcriber import LiveTranscriber, Rejection
from detection.transcribe.whisper import AUTO, WhisperTranscriber
from detection.transcribe.window import Decoding, Encoded, TimedWord, WhisperWindow
from detection.types import Segment, Utterance

CALLER, AGENT = Channel.CALLER, Channel.AGENT


class ScriptedWindow:
    """Hears "hello there" in everything; what it was asked is kept."""

    languages = ("en", "de", "fr")

    def __init__(self, *_: Any) -> None:
        self.decoded: list[tuple[float, str, str]] = []
        self.spoken: tuple[str, float] = ("de", 0.9)
        self.detected = 0
        self.no_speech = 0.1

    def encode(self, samples: np.ndarray) -> Encoded:
        return Encoded(None, len(samples) // 160)

    def language(self, _: Encoded) -> tuple[str, float]:
        self.detected += 1
        return self.spoken

    def decode(self, encoded: Encoded, language: str, expected: str = "") -> Decoding:
        self.decoded.append((encoded.seconds, language, expected))
        return Decoding("hello there", (1, 2), -0.2, self.no_speech, 0.9, is_cut=False)

    def words(self, encoded: Encoded, *_: object) -> list[TimedWord]:
        return [TimedWord(" hello", 0.1, 0.5, 0.9), TimedWord(" there", 0.5, encoded.seconds + 1, 1.5)]

    def fitting(self, words: tuple[str, ...], _: str) -> tuple[str, ...]:
        return words[:2]

    def close(self) -> None: ...


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> ScriptedWindow:
    window = ScriptedWindow()
    monkeypatch.setattr(whisper, "WhisperWindow", lambda *_: window)
    return window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def speech(start_s: float, end_s: float, channel: Channel = CALLER) -> Segment:
    start, end = round(start_s * CALL_RATE), round(end_s * CALL_RATE)
    return Segment(channel, start, end, np.zeros(end - start, np.float32))


def test_words_have_the_times_of_the_call_and_stay_within_the_segment(
    window: ScriptedWindow, folder: Path
):
    heard = WhisperTranscriber(folder).transcribe(speech(10, 12))
    assert isinstance(heard, Utterance)
    assert heard.text == "hello there"
    first, last = heard.words
    assert (first.text, first.start, first.end) == (
        "hello",
        round(10.1 * CALL_RATE),
        round(10.5 * CALL_RATE),
    )
    assert (last.end, last.confidence) == (12 * CALL_RATE, 1.0)


def test_what_fails_a_gate_is_rejected_with_its_reason(window: ScriptedWindow, folder: Path):
    window.no_speech = 0.7
    heard = WhisperTranscriber(folder).transcribe(speech(0, 2))
    assert heard == Rejection("the recognizer heard no speech in it")


def test_words_to_expect_are_given_each_time_and_nothing_said_before_is(
    window: ScriptedWindow, folder: Path, caplog: pytest.LogCaptureFixture
):
    transcriber = WhisperTranscriber(folder, expected=("Acme", "Frodo", "Bilbo"))
    transcriber.transcribe(speech(0, 2))
    transcriber.transcribe(speech(3, 5))
    assert {expected for _, _, expected in window.decoded} == {"Acme, Frodo"}
    assert "2 of 3" in caplog.text


def test_speech_decoded_where_it_paused_is_not_decoded_again(window: ScriptedWindow, folder: Path):
    transcriber = WhisperTranscriber(folder)
    assert isinstance(transcriber, LiveTranscriber)
    paused = transcriber.transcribe_open(speech(0, 2))
    assert transcriber.transcribe(speech(0, 2)) == paused
    assert len(window.decoded) == 1
    transcriber.transcribe(speech(0, 2))
    assert len(window.decoded) == 2, "kept once too often"


CLEANED = replace(speech(0, 2), samples=np.full(2 * CALL_RATE, 0.1, np.float32))


@pytest.mark.parametrize(
    "ended",
    [speech(0, 2.2), speech(0.5, 2), speech(0, 2, AGENT), CLEANED],
    ids=["longer", "later", "other side", "an echo taken out of it"],
)
def test_other_speech_than_what_was_open_is_decoded(
    window: ScriptedWindow, folder: Path, ended: Segment
):
    transcriber = WhisperTranscriber(folder)
    transcriber.transcribe_open(speech(0, 2))
    transcriber.transcribe(ended)
    assert len(window.decoded) == 2


def test_nothing_is_kept_from_one_call_to_the_next(window: ScriptedWindow, folder: Path):
    transcriber = WhisperTranscriber(folder)
    transcriber.transcribe_open(speech(0, 2))
    transcriber.begin_call()
    transcriber.transcribe(speech(0, 2))
    assert len(window.decoded) == 2


def test_the_language_is_found_once_for_each_channel(window: ScriptedWindow, folder: Path):
    transcriber = WhisperTranscriber(folder, language=AUTO)
    transcriber.transcribe(speech(0, 3))
    window.spoken = ("fr", 0.9)
    transcriber.transcribe(speech(4, 7))
    transcriber.transcribe(speech(4, 7, AGENT))
    assert [language for _, language, _ in window.decoded] == ["de", "de", "fr"]
    assert window.detected == 2
    transcriber.begin_call()
    transcriber.transcribe(speech(0, 3))
    assert window.decoded[-1][1] == "fr"


@pytest.mark.parametrize(("seconds", "probability"), [(1.5, 0.9), (3.0, 0.4)])
def test_a_language_in_doubt_is_not_kept(
    window: ScriptedWindow, folder: Path, seconds: float, probability: float
):
    window.spoken = ("de", probability)
    transcriber = WhisperTranscriber(folder, language=AUTO)
    transcriber.transcribe(speech(0, seconds))
    transcriber.transcribe(speech(4, 4 + seconds))
    assert window.detected == 2


def test_open_speech_decides_no_language_unless_it_was_all(window: ScriptedWindow, folder: Path):
    transcriber = WhisperTranscriber(folder, language=AUTO)
    transcriber.transcribe_open(speech(0, 3))
    transcriber.transcribe_open(speech(0, 4))
    assert window.detected == 2
    transcriber.transcribe(speech(0, 4))
    transcriber.transcribe(speech(5, 8))
    assert window.detected == 2


def test_a_fixed_language_is_never_looked_for(window: ScriptedWindow, folder: Path):
    WhisperTranscriber(folder, language="fr").transcribe(speech(0, 3))
    assert not window.detected
    assert window.decoded[0][1] == "fr"


def test_a_language_that_the_model_does_not_know_is_refused(window: ScriptedWindow, folder: Path):
    with pytest.raises(DetectionError, match="'xx'"):
        WhisperTranscriber(folder, language="xx")


@pytest.fixture(scope="module")
def standin(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper-format model that always hears one sentence."""
    folder = tmp_path_factory.mktemp("whisper") / "scripted"
    maker = shared / "tools" / "standin_whisper.py"
    subprocess.run([sys.executable, maker, "scripted", folder], check=True, capture_output=True)
    return folder


def stated(standin: Path, folder: Path, **settings: object) -> Path:
    """A copy of `standin` whose preprocessor_config.json says so."""
    folder.mkdir()
    for file in standin.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
    return folder


def test_only_a_model_that_says_so_is_given_less_than_its_whole_window(standin: Path, tmp_path: Path):
    sound = np.zeros(2 * CALL_RATE, np.float32)
    usual = WhisperWindow(standin, 1).encode(sound)
    short = WhisperWindow(stated(standin, tmp_path / "short", short_context=True), 1).encode(sound)
    assert usual.storage.shape[1] == 1500
    assert short.storage.shape[1] == 100
    assert usual.seconds == short.seconds == 2.0


@pytest.mark.parametrize("said", ["yes", 1, None])
def test_a_statement_that_is_none_is_refused(standin: Path, tmp_path: Path, said: object):
    with pytest.raises(DetectionError, match="short_context"):
        WhisperWindow(stated(standin, tmp_path / "odd", short_context=said), 1)


def test_a_real_decoding_has_words_in_their_order(standin: Path):
    open_gates = Gates(no_speech=1.0, log_probability=-99)
    heard = WhisperTranscriber(standin, gates=open_gates).transcribe(speech(10, 15))
    assert isinstance(heard, Utterance)
    assert heard.text == "this is a test call and caller asked for callback"
    assert [word.text for word in heard.words] == heard.text.split()
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 10 * CALL_RATE
    assert times[-1] <= 15 * CALL_RATE
