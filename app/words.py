"""Verdicts in plain words, the same in the window and on the terminal. No Qt in here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.errors import USER_ERRORS
from audio.types import Channel
from detection.clock import clock_at
from detection.types import (
    AlertLevel,
    CallStage,
    CheckState,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    EngineInfo,
    Finding,
    IdentityLevel,
    IdentityVerdict,
    Verified,
    VoiceLevel,
    VoiceVerdict,
)


class Tone(StrEnum):
    """How much attention a word asks for. Shown as shape and colour together, never colour alone."""

    UNKNOWN = "unknown"
    UNSURE = "unsure"
    CALM = "calm"
    WATCH = "watch"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A level as a person reads it: a word or three, its tone, and what it means in a sentence."""

    word: str
    tone: Tone
    meaning: str


@dataclass(frozen=True, slots=True)
class VerdictText:
    """A whole verdict as a person reads it.

    `footnote` says how much was heard, and is short; `judge` what judged, and what that can and cannot
    do, in one sentence; `progress` how far the call has come and whether the caller was verified, or
    where several rules stand; `details` what else speaks for it and against it, a sentence each.
    """

    phrase: Phrase
    reasons: tuple[str, ...] = ()
    footnote: str = ""
    judge: str = ""
    progress: str = ""
    details: tuple[str, ...] = ()


TONE_COLOUR = {
    Tone.UNKNOWN: "grey",
    Tone.UNSURE: "grey",
    Tone.CALM: "green",
    Tone.WATCH: "yellow",
    Tone.ALERT: "red",
}
"""Plain colour names, for a terminal."""

ALERT_TONE = {AlertLevel.WATCH: Tone.WATCH, AlertLevel.ALERT: Tone.ALERT}

CHANNEL_NAME = {Channel.CALLER: "Caller", Channel.AGENT: "Help desk"}

PARTY = {Channel.CALLER: "the caller", Channel.AGENT: "the desk's own voice"}
"""Whose voice and disclosure are judged, within a sentence."""

STAGE_NAME = {
    "transcript": "not transcribed",
    "voice": "voice not judged",
    "speaker": "voice not compared with known voices",
    "tactics": "not searched for tactics",
    "signs": "signs of an AI agent not weighed",
    "disclosure": "not searched for AI disclosure",
    "challenge": "not searched for what the caller was to say",
    "history": "earlier calls not looked up",
    "all": "not judged",
}
"""Stage of a `NotJudged` event -> what that means for the stretch of sound."""

VOICE = {
    VoiceLevel.NOT_CHECKED: Phrase(
        "Not checked", Tone.UNKNOWN, "The caller's voice has not been judged."
    ),
    VoiceLevel.NOT_ENOUGH_SPEECH: Phrase(
        "Not enough speech yet",
        Tone.UNKNOWN,
        "The caller has not spoken long enough to judge the voice.",
    ),
    VoiceLevel.REAL: Phrase(
        "Sounds real",
        Tone.CALM,
        "This audio sounds human. It does not say that the caller owns the account.",
    ),
    VoiceLevel.UNSURE: Phrase("Unsure", Tone.UNSURE, "The voice could be real or synthetic."),
    VoiceLevel.SUSPECT: Phrase(
        "May be synthetic",
        Tone.WATCH,
        "Parts of this audio sound as if a machine made it; that alone raises no alert.",
    ),
    VoiceLevel.LIKELY_SYNTHETIC: Phrase(
        "Likely synthetic", Tone.ALERT, "This audio sounds as if a machine made it."
    ),
}

OWN_VOICE = VOICE | {
    VoiceLevel.NOT_CHECKED: Phrase(
        "Not checked", Tone.UNKNOWN, "The desk's own voice has not been judged."
    ),
    VoiceLevel.NOT_ENOUGH_SPEECH: Phrase(
        "Not enough speech yet",
        Tone.UNKNOWN,
        "The desk's own voice has not spoken long enough to be judged.",
    ),
    VoiceLevel.REAL: Phrase("Sounds real", Tone.CALM, "This audio sounds human."),
}
"""`VOICE` where the help desk's side is judged."""

IDENTITY = {
    IdentityLevel.NOT_CHECKED: Phrase(
        "Not checked", Tone.UNKNOWN, "The voice has not been compared with an enrolled one."
    ),
    IdentityLevel.NOT_ENOUGH_SPEECH: Phrase(
        "Not enough speech yet",
        Tone.UNKNOWN,
        "The caller has not spoken long enough to compare the voice.",
    ),
    IdentityLevel.MATCHES: Phrase(
        "Sounds like them",
        Tone.CALM,
        "The voice sounds like the enrolled one, and human. That does not prove who is calling.",
    ),
    IdentityLevel.UNSURE: Phrase(
        "Unsure", Tone.UNSURE, "The voice could be the enrolled one, another one or a copy."
    ),
    IdentityLevel.DOES_NOT_MATCH: Phrase(
        "Does not match", Tone.WATCH, "The voice does not sound like the enrolled one."
    ),
    IdentityLevel.LIKELY_CLONE: Phrase(
        "Likely a clone",
        Tone.ALERT,
        "The voice sounds like the enrolled one, and as if a machine made it.",
    ),
}

CONVERSATION = {
    ConversationLevel.NOT_CHECKED: Phrase(
        "Not checked", Tone.UNKNOWN, "The conversation has not been judged."
    ),
    ConversationLevel.NOT_ENOUGH_SPEECH: Phrase(
        "Not enough speech yet", Tone.UNKNOWN, "Too little has been said to judge the conversation."
    ),
    ConversationLevel.CALM: Phrase("Calm", Tone.CALM, "Nothing said so far looks like voice phishing."),
    ConversationLevel.WATCH: Phrase("Watch", Tone.WATCH, "Parts of this call look like voice phishing."),
    ConversationLevel.VISHING: Phrase(
        "Vishing pattern", Tone.ALERT, "This call follows a voice-phishing pattern."
    ),
}


def _disclosure(who: str) -> dict[DisclosureState, Phrase]:
    """What is said of the disclosure of `who`, as in the middle of a sentence."""
    begin = who.capitalize()
    return {
        DisclosureState.NOT_CHECKED: Phrase(
            "Not checked", Tone.UNKNOWN, f"Whether {who} is an AI has not been judged."
        ),
        DisclosureState.NOT_APPLICABLE: Phrase(
            "Not applicable", Tone.UNKNOWN, f"No rule of this site asks anything of {who} today."
        ),
        DisclosureState.LISTENING: Phrase(
            "Listening",
            Tone.UNKNOWN,
            f"Nothing has been said so far that settles whether {who} is an AI.",
        ),
        DisclosureState.HUMAN: Phrase("Human-like", Tone.CALM, f"Nothing suggests that {who} is an AI."),
        DisclosureState.DISCLOSED: Phrase("Disclosed", Tone.CALM, f"{begin} said that it is an AI."),
        DisclosureState.DISCLOSED_LATE: Phrase(
            "Disclosed late", Tone.WATCH, f"{begin} said that it is an AI, later than the policy asks."
        ),
        DisclosureState.NOT_DISCLOSED: Phrase(
            "Not disclosed", Tone.ALERT, f"{begin} sounds like an AI and has not said so."
        ),
        DisclosureState.DENIED: Phrase(
            "Denied when asked", Tone.ALERT, f"{begin} sounds like an AI and said that it is a person."
        ),
        DisclosureState.EVASIVE: Phrase(
            "Did not answer", Tone.WATCH, f"{begin} sounds like an AI and did not answer when asked."
        ),
    }


DISCLOSURE = _disclosure(PARTY[Channel.CALLER])
OWN_DISCLOSURE = _disclosure(PARTY[Channel.AGENT])
"""`DISCLOSURE` where the help desk's side is judged."""

CALL_STAGE = {
    CallStage.CONTACT: "first contact",
    CallStage.DECEPTION: "the caller uses a pretext or pressure",
    CallStage.COMPLIANCE: "the agent is giving way",
    CallStage.EXTRACTION: "the agent has done what was wanted",
}
"""Stages of a call that may be a con."""

VERIFIED = {
    Verified.NOT_CHECKED: "not judged",
    Verified.NO: "no",
    Verified.WEAKLY: "only by what others could know",
    Verified.YES: "yes",
}

CHECK_STATE = {
    CheckState.ASKED: "asked for",
    CheckState.PASSED: "passed",
    CheckState.DODGED: "dodged",
    CheckState.REFUSED: "refused",
}

_JOB_NAME = {"transcript": "transcript", "voice": "voice check"}

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, line ends, marks that turn the direction of text, and bytes that are no text."""


def printable(text: str) -> str:
    r"""`text` on one line, with what would steer a terminal or hide text spelt out, such as \x1b."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def local_time(iso: str) -> str:
    """An ISO 8601 time as the wall clock here showed it: 20 Nov 2026 14:05."""
    return datetime.fromisoformat(iso).astimezone().strftime("%d %b %Y %H:%M").lstrip("0")


def of_subject(title: str, subject: Channel) -> str:
    """The title of a verdict on `subject`; who that is, is only said where it is not the caller."""
    return title if subject is Channel.CALLER else f"{title} ({CHANNEL_NAME[subject].lower()})"


def voice_text(
    verdict: VoiceVerdict, engines: Sequence[EngineInfo], subject: Channel = Channel.CALLER
) -> VerdictText:
    """The voice verdict on `subject`, with what that of `engines` which judged it can and cannot do."""
    phrases, whose = (
        (VOICE, "the caller's") if subject is Channel.CALLER else (OWN_VOICE, "the desk's own")
    )
    footnote = f"{verdict.speech_s:.0f} s of {whose} speech heard" if verdict.speech_s else ""
    judge = next((_judge_sentence(engine) for engine in engines if engine.job == "voice"), "")
    return VerdictText(phrases[verdict.level], verdict.reasons, footnote, judge)


def _judge_sentence(engine: EngineInfo) -> str:
    return engine.scope or f"Judged by {engine.note or engine.id}."


def identity_text(verdict: IdentityVerdict) -> VerdictText:
    """The identity verdict in words, with whom the caller claims to be."""
    footnote = f"Claims to be {verdict.claimed}" if verdict.claimed else ""
    return VerdictText(IDENTITY[verdict.level], verdict.reasons, footnote)


def conversation_text(verdict: ConversationVerdict, findings: Sequence[Finding]) -> VerdictText:
    """The conversation verdict in words, with the latest of `findings` as its footnote."""
    footnote = f"Latest sign at {clock_at(findings[-1].start)}: {findings[-1].title}" if findings else ""
    phrase = CONVERSATION[verdict.level]
    return VerdictText(phrase, verdict.reasons, footnote, progress=progress_text(verdict))


def progress_text(verdict: ConversationVerdict) -> str:
    """How far a suspicious call has come, and whether the caller was verified; empty for neither."""
    parts = []
    if verdict.stage and verdict.level in {ConversationLevel.WATCH, ConversationLevel.VISHING}:
        parts.append(f"Stage: {CALL_STAGE[verdict.stage]}")
    if verdict.checks or verdict.acts:
        parts.append(_verified_text(verdict))
    return " · ".join(parts)


def _verified_text(verdict: ConversationVerdict) -> str:
    """Whether the caller was verified, and what became of the check that says most."""
    said = f"Verified: {VERIFIED[verdict.verified]}"
    telling = [
        check
        for state in (CheckState.PASSED, CheckState.REFUSED, CheckState.DODGED, CheckState.ASKED)
        for check in sorted(verdict.checks, key=lambda check: not check.is_strong)
        if check.state is state
    ]
    if not telling:
        return said
    check = telling[0]
    title = check.title[:1].lower() + check.title[1:]
    return f"{said}; {title} {CHECK_STATE[check.state]} at {clock_at(check.at)}"


def engines_text(engines: Sequence[EngineInfo]) -> str:
    """Which engines judge what a person most relies on: the transcript and the voice."""
    return "   ·   ".join(
        engine.note or f"{_JOB_NAME[engine.job]}: {engine.id}"
        for engine in engines
        if engine.job in _JOB_NAME
    )


def error_text(error: Exception) -> str:
    """What to tell a person: the error's own sentence, or for a fault of the program what to do."""
    if isinstance(error, USER_ERRORS):
        return str(error)
    return (
        f"Earwitness itself failed here ({type(error).__name__}: {error}). What was stored is safe; "
        "earwitness.log in the data folder says more."
    )
