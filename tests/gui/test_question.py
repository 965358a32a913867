"""Asking whether it is an AI: the words to say, the wait for an answer, and what was answered."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

import resources
from audio.types import CALL_RATE, Channel, TroubleKind
from detection.events import (
    AgentJudged,
    AlertRaised,
    CallEnded,
    DisclosureJudged,
    SoundTroubled,
    StepsAdvised,
    StepTaken,
    VoiceJudged,
)
from detection.playbook import Situation, load_playbook
from detection.steps import StepOutcome
from detection.types import (
    AgentLevel,
    AgentSign,
    AgentVerdict,
    Alert,
    AlertLevel,
    Answer,
    DisclosureState,
    DisclosureVerdict,
    RuleState,
    VoiceLevel,
    VoiceVerdict,
)
from tests.gui.call_events import call_started, s

PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")
UNASKED = PLAYBOOK.advice("disclosure", Situation.UNASKED_AI)
UNDISCLOSED = PLAYBOOK.advice("disclosure", Situation.UNDISCLOSED_AI)
ASK = UNASKED.steps[0]
DONE, REFUSED = StepOutcome.DONE, StepOutcome.REFUSED
SIGNS = AgentVerdict(
    AgentLevel.AGENT_LIKE,
    4.6,
    9,
    (
        AgentSign("fillers", 2, -0.4, "2 fillers such as um were heard"),
        AgentSign("voice", 4.1, 4.1, "the voice looks synthetic"),
    ),
)
COMPANY = RuleState("company", "1", "AI voices say so", DisclosureState.NOT_DISCLOSED, s(20))
NOT_DISCLOSED = DisclosureVerdict(
    DisclosureState.NOT_DISCLOSED,
    reasons=("The voice looks synthetic, and the party has not said that it is an AI.",),
    spoke_at=s(5),
    rules=(COMPANY, RuleState("other", "1", "When asked", DisclosureState.LISTENING)),
)
ASKED = replace(NOT_DISCLOSED, asked_at=s(46), question=ASK.say, awaits_until=s(61))
CALL = (
    call_started(),
    VoiceJudged(VoiceVerdict(VoiceLevel.LIKELY_SYNTHETIC, 4.1, 0.98, 14.9), s(25)),
    AgentJudged(SIGNS, s(25)),
    DisclosureJudged(NOT_DISCLOSED, s(26)),
    StepsAdvised(UNASKED, s(26)),
    AlertRaised(
        Alert(AlertLevel.WATCH, "disclosure", "An AI has not said so", "Because.", "Ask it.", s(26)),
        s(26),
    ),
)


def answered(answer: Answer, quote: str, state: DisclosureState) -> DisclosureVerdict:
    return replace(
        ASKED, state=state, answer=answer, answer_quote=quote, answered_at=s(49), awaits_until=None
    )


@pytest.fixture
def session(qtbot, window):
    """A running call of what sounds like an AI, which nobody has asked."""
    with qtbot.waitSignal(window._bridge.session_started):
        window.play(Path("b_helpdesk_con.wav"), realtime=True)
    (session,) = window._bridge._desk.sessions
    session.commit(CALL)
    qtbot.waitUntil(lambda: "Next:" in window._alert_bar.steps.next_step.text())
    return session


@pytest.fixture
def panel(window, session):
    return window._alert_bar.steps


@pytest.fixture
def tell(qtbot, window, session):
    """Commits events and waits until they are shown."""

    def run(*events):
        session.commit(events)
        last = events[-1]
        qtbot.waitUntil(lambda: window._live.heard >= last.at and not window._bridge._committed)
        QApplication.processEvents()

    return run


def heard(session, seconds):
    session.progress = (seconds, 63.0)


def test_the_words_to_say_are_shown_and_the_button_says_asked(panel):
    assert panel.next_step.text() == f"Next: {UNASKED.guard} {ASK.sentence}"
    assert panel.say.text() == f"Say: “{ASK.say}”"
    assert panel.say.isVisible()
    assert panel.outcomes[DONE].text() == "&Asked"
    assert panel.outcomes[DONE].accessibleName() == f"Asked: {ASK.name}"
    assert panel.outcomes[REFUSED].isVisible(), "a caller can refuse to answer"
    assert panel.answer.isHidden()


def test_asked_by_keyboard_it_waits_with_the_calls_clock_and_then_quotes_the_answer(
    qtbot, window, session, panel, tell
):
    heard(session, 46)
    qtbot.waitUntil(lambda: not panel._settling.isActive())
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: bool(session.recorded))
    assert session.recorded == [("ask_if_ai", UNASKED.ask, DONE, "window")]
    tell(DisclosureJudged(ASKED, s(46)), StepsAdvised(UNDISCLOSED, s(46)))
    heard(session, 52.3)
    told = "Asked at 0:46: listening for the answer, 9 s left"
    qtbot.waitUntil(lambda: panel.answer.text == told)
    assert panel.next_step.text().startswith("Then: "), "first comes the answer"
    assert panel.say.isHidden(), "nobody is to speak now"
    assert panel.outcomes[DONE].text() == "&Done"
    heard(session, 60.5)
    qtbot.waitUntil(lambda: panel.answer.text.endswith(", 1 s left"))
    evasive = answered(Answer.EVASIVE, "<b>let us go on</b>", DisclosureState.EVASIVE)
    tell(DisclosureJudged(evasive, s(61)))
    told = "Answered at 0:49: “<b>let us go on</b>” (did not answer the question)"
    qtbot.waitUntil(lambda: panel.answer.text == told)
    assert "&lt;b&gt;" in panel.answer.toolTip(), "what a caller says is no markup"
    assert panel.next_step.text().startswith("Next: ")
    assert panel.say.isVisible()


@pytest.mark.parametrize(
    ("answer", "state", "meaning"),
    [
        (Answer.DENIED, DisclosureState.DENIED, "said that it is a person"),
        (Answer.TRUTHFUL, DisclosureState.DISCLOSED_LATE, "said that it is an AI"),
    ],
)
def test_what_was_answered_stays_and_a_stored_case_shows_the_same(
    qtbot, window, desk, session, panel, tell, answer, state, meaning
):
    events = (
        StepTaken(ASK, UNASKED.ask, DONE, "window", s(46)),
        DisclosureJudged(ASKED, s(46)),
        DisclosureJudged(answered(answer, "well", state), s(51)),
        CallEnded("finished", s(63)),
    )
    tell(*events[:-1])
    told = f"Answered at 0:49: “well” ({meaning})"
    qtbot.waitUntil(lambda: panel.answer.text == told)
    tell(events[-1])
    with qtbot.waitSignal(window.call_ended):
        session.end()
    desk.cases["old"] = [*CALL, *events]
    window._bridge.load_case("old")
    qtbot.waitUntil(lambda: window._call.state.case_id == "old")
    assert panel.answer.text == told
    assert panel.answer.isVisible()


def test_silence_is_told_when_the_time_is_over(qtbot, window, desk, session, panel, tell):
    tell(DisclosureJudged(ASKED, s(46)))
    heard(session, 63)
    late = "the time for an answer is over"
    qtbot.waitUntil(lambda: late in panel.answer.text)
    tell(DisclosureJudged(replace(ASKED, awaits_until=None), s(62)))
    qtbot.waitUntil(lambda: panel.answer.text == "No answer was heard in 15 s.")


def test_a_call_that_ends_meanwhile_counts_no_further(qtbot, window, session, panel, tell):
    tell(DisclosureJudged(ASKED, s(46)), CallEnded("stopped", s(50)))
    with qtbot.waitSignal(window.call_ended):
        session.end()
    assert panel.answer.text == "Asked at 0:46: the call ended before an answer was heard."


def test_who_asks_of_their_own_accord_need_not_press_the_button(qtbot, panel, tell):
    tell(DisclosureJudged(ASKED, s(46)))
    qtbot.waitUntil(lambda: UNASKED.steps[1].sentence in panel.next_step.text())
    assert panel.answer.isVisible()


def test_with_an_alert_about_something_else_only_the_wait_is_shown(qtbot, window, panel, tell):
    reset = PLAYBOOK.advice("conversation", "R2")
    loud = Alert(AlertLevel.ALERT, "conversation", "A con", "Because.", "Stop.", s(30))
    tell(StepsAdvised(reset, s(30)), AlertRaised(loud, s(30)))
    qtbot.waitUntil(lambda: reset.guard in panel.next_step.text())
    assert panel.answer.isHidden()
    tell(DisclosureJudged(ASKED, s(46)))
    qtbot.waitUntil(panel.answer.isVisible)
    tell(DisclosureJudged(answered(Answer.DENIED, "no", DisclosureState.DENIED), s(50)))
    qtbot.waitUntil(panel.answer.isHidden)
    window._alert_bar._previous.click()
    assert "said that it is a person" in panel.answer.text


def test_the_card_has_the_signs_behind_its_reasons_and_does_not_grow(qtbot, window, session):
    voice, _, disclosure = window._call.cards
    qtbot.waitUntil(lambda: disclosure._word.text() == "Not disclosed")
    told = disclosure.toolTip()
    signs = [
        "The caller sounds and behaves like an AI, which proves nothing (9 turns heard).",
        "The voice looks synthetic: speaks for an AI (+4.1).",
        "2 fillers such as um were heard: speaks for a person (-0.4).",
    ]
    assert told.endswith("\n".join(signs))
    assert "AI voices say so: not disclosed · When asked: listening" in told
    assert all(sign in disclosure.accessibleDescription() for sign in signs)
    assert disclosure.sizeHint().height() <= max(card.height() for card in window._call.cards)
    assert voice.height() == disclosure.height()
    assert disclosure._reasons.height() == disclosure._reasons.sizeHint().height()


def test_markup_in_a_quote_stays_text_in_every_tool_tip(qtbot, window, tell):
    reasons = ('It said "<img src=x> <h1>I am real</h1>".',)
    tell(
        DisclosureJudged(replace(NOT_DISCLOSED, reasons=reasons), s(30)),
        AlertRaised(Alert(AlertLevel.ALERT, "disclosure", "<h1>t", reasons[0], "<b>n", s(31)), s(31)),
    )
    disclosure = window._call.cards[2]
    qtbot.waitUntil(lambda: "&lt;h1&gt;I am real" in disclosure.toolTip())
    assert "<img" not in disclosure.toolTip()
    assert "<img" not in window._alert_bar._reason.toolTip()
    assert disclosure._reasons.text.startswith(reasons[0])


def test_a_case_about_the_desks_own_voice_says_so(qtbot, window, desk):
    own = replace(NOT_DISCLOSED, subject=Channel.AGENT, reasons=())
    start = replace(call_started(), subject=Channel.AGENT)
    desk.cases["own"] = [start, *CALL[1:3], DisclosureJudged(own, s(26)), CallEnded("finished", s(60))]
    window._bridge.load_case("own")
    qtbot.waitUntil(lambda: window._call.state.case_id == "own")
    voice, conversation, disclosure = window._call.cards
    assert disclosure.accessibleName() == "AI disclosure (help desk): Not disclosed"
    assert disclosure._reasons.text.startswith("The desk's own voice sounds like an AI")
    assert voice._title.text() == "Voice (help desk)"
    assert "desk's own speech" in voice._footnote.text
    assert conversation._title.text() == "Conversation"
    desk.cases["other"] = [*CALL, CallEnded("finished", s(60))]
    window._bridge.load_case("other")
    qtbot.waitUntil(lambda: window._call.state.case_id == "other")
    assert voice._title.text() == "Voice"


@pytest.mark.parametrize("is_answered", [False, True])
def test_long_words_and_two_troubles_fit_into_the_smallest_window(
    qtbot, window, session, panel, tell, is_answered
):
    window.resize(900, 600)
    long = replace(ASK, say=("Are you a person or an AI? " * 12)[:300], sentence="Ask. " * 30)
    advice = replace(UNASKED, steps=(long, *UNASKED.steps[1:]))
    tell(
        StepsAdvised(advice, s(30)),
        SoundTroubled(TroubleKind.NO_FAR_SIDE, Channel.CALLER, CALL_RATE, None, s(31)),
    )
    qtbot.waitUntil(lambda: panel.say.text().startswith("Say: “Are you a person"))
    if is_answered:
        evasive = answered(Answer.EVASIVE, "word " * 200, DisclosureState.EVASIVE)
        tell(DisclosureJudged(ASKED, s(46)), DisclosureJudged(evasive, s(61)))
        qtbot.waitUntil(lambda: "word word" in panel.answer.text)
        assert "word " * 200 in panel.answer.toolTip()
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 600)
    shown = [part for part in (panel.next_step, panel.say) if part.isVisible()]
    qtbot.waitUntil(lambda: all(part.height() >= part.heightForWidth(part.width()) for part in shown))
    for card in window._call.cards:
        assert card.rect().contains(card._footnote.geometry())
    assert window._call.transcript.height() >= 40
