"""Every value has words, and none of them passes off "not judged" as good news."""

from dataclasses import replace

import pytest

from app import words
from app.words import Tone
from audio.errors import AudioError
from audio.types import Channel
from detection.types import (
    CallStage,
    CheckState,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    EngineInfo,
    IdentityLevel,
    VerificationCheck,
    Verified,
    VoiceLevel,
    VoiceVerdict,
)


@pytest.mark.parametrize(
    ("phrases", "levels"),
    [
        (words.VOICE, VoiceLevel),
        (words.IDENTITY, IdentityLevel),
        (words.CONVERSATION, ConversationLevel),
        (words.DISCLOSURE, DisclosureState),
        (words.OWN_VOICE, VoiceLevel),
        (words.OWN_DISCLOSURE, DisclosureState),
    ],
)
def test_every_level_has_a_word_of_its_own(phrases, levels):
    assert set(phrases) == set(levels)
    assert len({phrase.word for phrase in phrases.values()}) == len(levels)
    for level, phrase in phrases.items():
        if level.value in {"not_checked", "not_enough_speech", "listening"}:
            assert phrase.tone is Tone.UNKNOWN


def test_verdicts_say_how_much_was_heard_and_when():
    voice = words.voice_text(VoiceVerdict(VoiceLevel.UNSURE, speech_s=12.4, reasons=("Because.",)), ())
    assert (voice.phrase.word, voice.reasons, voice.footnote, voice.judge) == (
        "Unsure",
        ("Because.",),
        "12 s of the caller's speech heard",
        "",
    )


def test_what_is_judged_is_named_where_it_is_not_the_caller():
    own = words.voice_text(VoiceVerdict(VoiceLevel.REAL, speech_s=12.4), (), Channel.AGENT)
    assert own.footnote == "12 s of the desk's own speech heard"
    for phrase in (*words.OWN_VOICE.values(), *words.OWN_DISCLOSURE.values()):
        assert "caller" not in phrase.meaning
    assert words.OWN_DISCLOSURE[DisclosureState.NOT_DISCLOSED].meaning == (
        "The desk's own voice sounds like an AI and has not said so."
    )
    assert words.of_subject("Voice", Channel.CALLER) == "Voice"
    assert words.of_subject("Voice", Channel.AGENT) == "Voice (help desk)"


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (EngineInfo("voice", "cm", "1", "basic voice check", "It misses many."), "It misses many."),
        (EngineInfo("voice", "cm", "1", "basic voice check"), "Judged by basic voice check."),
        (EngineInfo("voice", "cm", "1"), "Judged by cm."),
    ],
)
def test_the_voice_verdict_says_what_its_judge_can_do(engine, said):
    engines = (EngineInfo("vad", "silero", "6", scope="Not this."), engine)
    assert words.voice_text(VoiceVerdict(VoiceLevel.UNSURE), engines).judge == said


def test_a_suspect_voice_asks_for_less_attention_than_a_synthetic_one():
    assert words.VOICE[VoiceLevel.SUSPECT].tone is Tone.WATCH
    assert words.VOICE[VoiceLevel.LIKELY_SYNTHETIC].tone is Tone.ALERT


def test_engines_are_named_by_their_note_or_their_id():
    engines = (
        EngineInfo("vad", "silero", "6"),
        EngineInfo("transcript", "pocketsphinx", "5", "basic transcript: Whisper not installed"),
        EngineInfo("voice", "cm-basic", "1"),
    )
    assert words.engines_text(engines).split("   ·   ") == [
        "basic transcript: Whisper not installed",
        "voice check: cm-basic",
    ]


def test_a_known_error_is_its_own_sentence_and_a_fault_says_what_is_safe():
    assert words.error_text(AudioError("a.wav is empty.")) == "a.wav is empty."
    told = words.error_text(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError: division by zero" in told
    assert "What was stored is safe" in told


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\u202egnp", r"\u202egnp"),
        ("\x9b1m", r"\x9b1m"),
        ("\udcff", r"\udcff"),
        ("Zoë's Büro 電話 \U0001f469\u200d\U0001f4bb", "Zoë's Büro 電話 \U0001f469\u200d\U0001f4bb"),
    ],
)
def test_what_would_steer_a_terminal_is_spelt_out(raw, shown):
    assert words.printable(raw) == shown


def test_the_conversation_says_how_far_the_call_has_come_and_whether_the_caller_was_verified():
    check = VerificationCheck(
        "call_back", "Call-back", True, CheckState.DODGED, 40 * 16_000, 42 * 16_000, "that is old"
    )
    verdict = ConversationVerdict(
        ConversationLevel.WATCH, stage=CallStage.COMPLIANCE, verified=Verified.NO, checks=(check,)
    )
    said = "Stage: the agent is giving way · Verified: no; call-back dodged at 0:42"
    assert words.conversation_text(verdict, ()).progress == said
    calm = replace(verdict, level=ConversationLevel.CALM)
    assert words.progress_text(calm) == "Verified: no; call-back dodged at 0:42"
    assert words.progress_text(ConversationVerdict(ConversationLevel.WATCH)) == ""


def test_every_stage_and_state_has_a_word():
    assert set(words.CALL_STAGE) == set(CallStage)
    assert set(words.VERIFIED) == set(Verified)
    assert set(words.CHECK_STATE) == set(CheckState)
