"""Written calls spoken by the system's synthesizer and heard by the real walk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.errors import EvaluationError
from app.evaluation import synthesizers
from app.evaluation.heard_talk import outcome
from app.evaluation.spoken_calls import Line, SpokenTurn, speak_call
from app.evaluation.synthesizers import (
    ESPEAK,
    FLITE,
    SPEECH_RATE,
    Synthesizer,
    sayable,
    system_synthesizer,
)
from app.evaluation.talk_calls import TalkCall
from audio.types import CALL_RATE, Channel
from detection.events import ConversationJudged, Event, FindingMade, UtteranceHeard
from detection.types import ConversationLevel, ConversationVerdict, Finding, Utterance

INSTALLED = [each for each in (FLITE, ESPEAK) if each.is_here]
needs_one = pytest.mark.skipif(not INSTALLED, reason="needs flite or espeak-ng")


@pytest.fixture(params=INSTALLED, ids=lambda each: each.name)
def synthesizer(request: pytest.FixtureRequest) -> Synthesizer:
    return request.param


@needs_one
def test_every_voice_speaks_and_differs_from_the_others(synthesizer: Synthesizer):
    spoken = [synthesizer.speak(voice, "reset my password") for voice in synthesizer.voices]
    for sound in spoken:
        assert 0.5 < len(sound) / SPEECH_RATE < 3
        assert 20 * np.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(-23, abs=0.1)
    spectra = [
        np.log(np.abs(np.fft.rfft(sound, 2**14))[300:6800].reshape(-1, 20).mean(axis=1))
        for sound in spoken
    ]
    alike = np.corrcoef(spectra)[~np.eye(len(spectra), dtype=bool)]
    assert alike.max() < 0.9, "a voice that is not there is spoken by another one"


@needs_one
@pytest.mark.parametrize("text", ["$(touch {0})", "`touch {0}`", "hi; touch {0}", "--help", "-o {0} hi"])
def test_no_text_is_a_command_or_an_option(synthesizer: Synthesizer, text: str, tmp_path: Path):
    made = tmp_path / "made"
    assert len(synthesizer.speak(synthesizer.voices[0], text.format(made))) > 0
    assert not made.exists()


@needs_one
def test_what_cannot_be_said_is_silent(synthesizer: Synthesizer):
    assert len(synthesizer.speak(synthesizer.voices[0], "\x00 ")) == 0


def test_text_becomes_plain_ascii_without_phonemes_and_markup():
    said = sayable("I\N{RIGHT SINGLE QUOTATION MARK}m Zoë \x1b[31m [[h@l@U]] <mark/> 50%\n")
    assert said == "I'm Zoe 31m h@l@U mark/ 50%"


def test_a_system_without_a_synthesizer_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(EvaluationError, match=r"neither flite nor espeak-ng .* install one"):
        system_synthesizer()


def test_a_synthesizer_that_fails_is_named(monkeypatch: pytest.MonkeyPatch):
    broken = Synthesizer("false", ("v",), lambda *_: ("false",))
    with pytest.raises(EvaluationError, match="false could not speak"):
        broken.speak("v", "hello")
    mute = Synthesizer("true", ("v",), lambda *_: ("true",))
    with pytest.raises(EvaluationError, match="true gave no speech"):
        mute.speak("v", "hello")
    monkeypatch.setattr(synthesizers, "_LONGEST_S", 0.1)
    slow = Synthesizer("sleep", ("v",), lambda *_: ("sleep", "5"))
    with pytest.raises(EvaluationError, match="sleep could not speak"):
        slow.speak("v", "hello")


@needs_one
def test_sides_are_apart_and_turns_where_they_are_said_to_be(synthesizer: Synthesizer):
    voices = synthesizer.voices
    lines = [
        Line(Channel.AGENT, voices[0], "Help desk, hello.", 0.6),
        Line(Channel.CALLER, voices[1], "Hello, reset my password.", 0.6),
    ]
    sound, turns = speak_call(lines, synthesizer, 1)
    for channel, turn in enumerate(reversed(turns)):
        here = slice(round(turn.start_s * SPEECH_RATE), round(turn.end_s * SPEECH_RATE))
        assert np.sqrt(np.mean(sound[channel, here] ** 2)) > 0.03
        assert np.sqrt(np.mean(sound[1 - channel, here] ** 2)) < 0.001
    assert turns[1].start_s - turns[0].end_s == pytest.approx(0.6, abs=0.001)


TURNS = [
    SpokenTurn(Channel.AGENT, "v", "Hello.", 0.6, 2.0),
    SpokenTurn(Channel.CALLER, "v", "Reset my MFA.", 2.6, 5.0),
    SpokenTurn(Channel.CALLER, "v", "Right now.", 5.6, 7.0),
    SpokenTurn(Channel.AGENT, "v", "It is done.", 7.6, 9.0),
]
CALL = TalkCall.model_validate(
    {
        "id": "x",
        "label": "vishing",
        "turns": [{"speaker": turn.speaker, "text": turn.text} for turn in TURNS],
    }
)


def heard(channel: Channel, start_s: float, end_s: float) -> Event:
    start, end = round(start_s * CALL_RATE), round(end_s * CALL_RATE)
    return UtteranceHeard(Utterance(channel, start, end, "words", 1.0), end)


def found(tactic: str, channel: Channel, start_s: float, end_s: float) -> Event:
    start, end = round(start_s * CALL_RATE), round(end_s * CALL_RATE)
    return FindingMade(Finding(tactic, tactic, "words", channel, start, end, 1.0, "p", "1"), end)


def judged(level: ConversationLevel) -> Event:
    return ConversationJudged(ConversationVerdict(level), 0)


def test_alerts_and_findings_are_matched_to_the_turns_by_time():
    """One utterance spans both turns of the caller, with the padding of its segment."""
    made = outcome(
        CALL,
        TURNS,
        [
            heard(Channel.AGENT, 0.4, 2.2),
            judged(ConversationLevel.CALM),
            heard(Channel.CALLER, 2.4, 7.2),
            found("R2", Channel.CALLER, 2.5, 3.0),
            found("P1", Channel.CALLER, 6.9, 7.2),
            judged(ConversationLevel.VISHING),
            heard(Channel.AGENT, 7.4, 9.2),
            judged(ConversationLevel.WATCH),
            judged(ConversationLevel.VISHING),
        ],
    )
    assert made.alert
    assert (made.alert.turn, made.alert.at_s) == (2, 7.2)
    assert made.tactics == (frozenset(), {"R2"}, {"P1"}, frozenset())
    assert made.ends_s == (2.0, 5.0, 7.0, 9.0)
    assert made.watched


def test_a_watch_is_no_alert():
    made = outcome(CALL, TURNS, [heard(Channel.CALLER, 2.4, 5.2), judged(ConversationLevel.WATCH)])
    assert made.watched
    assert made.alert is None
    calm = outcome(CALL, TURNS, [heard(Channel.CALLER, 2.4, 5.2), judged(ConversationLevel.CALM)])
    assert not calm.watched
