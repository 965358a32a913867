"""What is committed of a call: every kind of event, as a real call has them."""

from audio.types import CALL_RATE, Channel
from detection.events import (
    AlertRaised,
    CallEnded,
    CallStarted,
    ConversationJudged,
    DisclosureJudged,
    Event,
    FindingMade,
    GapHeard,
    NotJudged,
    UtteranceHeard,
    VoiceJudged,
)
from detection.types import (
    Alert,
    AlertLevel,
    Answer,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Finding,
    Utterance,
    VoiceLevel,
    VoiceVerdict,
)

CALLER, AGENT = Channel.CALLER, Channel.AGENT


def s(seconds: float) -> int:
    return round(seconds * CALL_RATE)


def said(channel: Channel, start_s: float, end_s: float, text: str) -> UtteranceHeard:
    return UtteranceHeard(Utterance(channel, s(start_s), s(end_s), text, 0.9), s(end_s))


def sign(
    tactic: str, title: str, quote: str, start_s: float, end_s: float, *, weight: float, channel=CALLER
) -> FindingMade:
    finding = Finding(
        tactic, title, quote, channel, s(start_s), s(end_s), weight, "earwitness-tactics-en", "1"
    )
    return FindingMade(finding, s(end_s))


def call_started(source: str = "b_helpdesk_con.wav") -> CallStarted:
    engines = (
        EngineInfo("vad", "silero-vad", "v6"),
        EngineInfo(
            "transcript", "pocketsphinx-en-us", "5.1.1", "basic transcript: Whisper not installed"
        ),
        EngineInfo("voice", "cm-basic", "1"),
    )
    return CallStarted(source, "2026-11-20T12:33:00.000+00:00", (CALLER, AGENT), engines)


CON: tuple[Event, ...] = (
    call_started(),
    ConversationJudged(ConversationVerdict(ConversationLevel.NOT_ENOUGH_SPEECH), s(4)),
    said(AGENT, 0.6, 4.2, "Thank you for calling the help desk. How can I help you?"),
    said(CALLER, 4.9, 10.6, "Hello, this is Daniel from sales. I got a new phone and I cannot log in."),
    VoiceJudged(VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH, speech_s=5.7), s(10.6)),
    DisclosureJudged(DisclosureVerdict(DisclosureState.LISTENING), s(10.6)),
    ConversationJudged(ConversationVerdict(ConversationLevel.CALM, llr=-1.0), s(10.6)),
    said(
        CALLER,
        11.2,
        15.9,
        "Can you please reset my multi factor authentication and set up my new phone?",
    ),
    sign(
        "R2",
        "Asks to reset or remove MFA",
        "reset my multi factor authentication",
        11.2,
        15.9,
        weight=2.1,
    ),
    sign("R3", "Asks to enrol a new device", "set up my new phone", 11.2, 15.9, weight=1.4),
    ConversationJudged(
        ConversationVerdict(
            ConversationLevel.WATCH,
            llr=1.2,
            score=0.6,
            reasons=(
                "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
            ),
        ),
        s(15.9),
    ),
    AlertRaised(
        Alert(
            AlertLevel.WATCH,
            "conversation",
            "Parts of this call look like voice phishing",
            "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
            "Do not reset or remove MFA on this call. Call back on the number on file and confirm.",
            s(15.9),
        ),
        s(15.9),
    ),
    said(AGENT, 16.7, 20.1, "I can help with that. Can you tell me your employee number?"),
    said(CALLER, 21.2, 25.7, "I do not remember my employee number, and I do not have it with me."),
    sign("P7", "Dodges verification", "I do not remember my employee number", 21.2, 25.7, weight=1.6),
    VoiceJudged(
        VoiceVerdict(
            VoiceLevel.LIKELY_SYNTHETIC,
            llr=4.1,
            score=0.98,
            speech_s=14.9,
            model_id="cm-basic",
            model_revision="1",
            reasons=("14.9 s of the caller's speech sound synthetic: likelihood ratio 60 to 1.",),
        ),
        s(25.7),
    ),
    NotJudged("transcript", AGENT, s(26.4), s(27.2), "no words were recognized in this speech", s(27.2)),
    NotJudged("transcript", AGENT, s(27.4), s(28.2), "no words were recognized in this speech", s(28.2)),
    GapHeard(CALLER, s(28.4), s(28.9), "the recording is damaged here", s(28.9)),
    said(CALLER, 29.1, 32.5, "I cannot do a video call. The camera is broken."),
    said(CALLER, 33.0, 38.5, "I am in a hurry. I have a board meeting in ten minutes."),
    sign("P1", "Urgency or deadline", "I am in a hurry", 33.0, 38.5, weight=1.1),
    said(AGENT, 39.1, 41.6, "I can call you back on the number we have on file."),
    said(CALLER, 42.4, 45.7, "Please do not call me back. My old phone is broken."),
    sign("P6", "Keeps the agent from checking", "do not call me back", 42.4, 45.7, weight=2.4),
    ConversationJudged(
        ConversationVerdict(
            ConversationLevel.VISHING,
            llr=6.3,
            score=0.99,
            reasons=(
                "0:42 Caller keeps the agent from checking: “do not call me back”.",
                "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”.",
                "0:21 Caller dodges verification: “I do not remember my employee number”.",
            ),
        ),
        s(45.7),
    ),
    AlertRaised(
        Alert(
            AlertLevel.ALERT,
            "conversation",
            "This call follows a voice-phishing pattern",
            "0:42 Caller keeps the agent from checking: “do not call me back”. "
            "0:11 Caller asks to reset or remove MFA: “reset my multi factor authentication”. "
            "0:21 Caller dodges verification: “I do not remember my employee number”.",
            "Do not reset or remove MFA on this call. Call back on the number on file and confirm "
            "with the manager.",
            s(45.7),
        ),
        s(45.7),
    ),
    said(AGENT, 46.6, 48.4, "Am I speaking to a real person?"),
    said(CALLER, 49.1, 50.9, "Yes, I am a real person."),
    DisclosureJudged(
        DisclosureVerdict(
            DisclosureState.DENIED,
            asked_at=s(46.6),
            question="am I speaking to a real person",
            answer=Answer.DENIED,
            answer_quote="yes, I am a real person",
            answered_at=s(49.1),
            rule_id="company-policy",
            rule_revision="1",
            reasons=(
                "Asked at 0:46, the caller said “yes, I am a real person”; the voice says otherwise.",
            ),
        ),
        s(50.9),
    ),
    AlertRaised(
        Alert(
            AlertLevel.ALERT,
            "disclosure",
            "The caller sounds like an AI and said it is a person",
            "Asked at 0:46, the caller said “yes, I am a real person”; the voice says otherwise.",
            "Ask for a person, or call back on the number on file. Do not act on what this caller asks.",
            s(50.9),
        ),
        s(50.9),
    ),
    CallEnded("finished", s(63)),
)
"""A whole con call, about a minute."""

HONEST: tuple[Event, ...] = (
    call_started("honest.wav"),
    said(AGENT, 0.5, 2.0, "Front desk. How can I help you?"),
    said(CALLER, 2.5, 4.0, "What time do you open on Friday?"),
    VoiceJudged(VoiceVerdict(VoiceLevel.REAL, llr=-3.0, score=0.05, speech_s=9.0), s(4)),
    ConversationJudged(ConversationVerdict(ConversationLevel.CALM, llr=-2.0), s(4)),
    DisclosureJudged(DisclosureVerdict(DisclosureState.HUMAN), s(4)),
    CallEnded("finished", s(6)),
)
"""A short harmless call with another source."""


def long_call(count: int) -> list[Event]:
    """A call of that many utterances, each third with a sign in it, and its end."""
    events: list[Event] = [call_started("long.wav")]
    for number in range(count):
        side = (CALLER, AGENT)[number % 2]
        start = number * 3.0
        text = f"This is sentence number {number}, and please reset my password right away."
        events.append(said(side, start, start + 2.5, text))
        if number % 3 == 0:
            events.append(
                sign(
                    "R1",
                    "Asks to reset a password",
                    "reset my password",
                    start,
                    start + 2,
                    weight=1.0,
                    channel=side,
                )
            )
    events.append(CallEnded("finished", s(count * 3.0)))
    return events
