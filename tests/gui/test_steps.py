"""What an agent does about an alert, by mouse and by keyboard, and what a finished case shows of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

import resources
from app.ui.step_panel import SETTLES_MS
from audio.types import CALL_RATE, Channel, TroubleKind
from detection.events import (
    AlertRaised,
    CallEnded,
    CallLabelled,
    ChallengeJudged,
    SoundTroubled,
    StepsAdvised,
    StepTaken,
)
from detection.playbook import Situation, load_playbook
from detection.steps import ChallengeVerdict, StepOutcome
from detection.types import AlertLevel

PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")
RESET = PLAYBOOK.advice("conversation", "R2")
VOICE = PLAYBOOK.advice("conversation", Situation.SYNTHETIC_VOICE)
DONE, REFUSED, SKIPPED = StepOutcome.DONE, StepOutcome.REFUSED, StepOutcome.SKIPPED
CALL_BACK = RESET.steps[0]


@pytest.fixture
def session(qtbot, window, con):
    """A running call with a loud alert about its conversation, and the steps for an MFA reset."""
    loud = next(e for e in con if isinstance(e, AlertRaised) and e.alert.level is AlertLevel.ALERT)
    with qtbot.waitSignal(window._bridge.session_started):
        window.play(Path("b_helpdesk_con.wav"), realtime=True)
    (session,) = window._bridge._desk.sessions
    session.commit([*con[: con.index(loud)], StepsAdvised(RESET, loud.at), loud])
    qtbot.waitUntil(lambda: "Next:" in window._alert_bar.steps.next_step.text())
    return session


@pytest.fixture
def panel(window, session):
    return window._alert_bar.steps


@pytest.fixture
def click(qtbot, panel):
    """Clicks a button of the bar once it can be answered."""

    def run(button):
        qtbot.waitUntil(lambda: not panel._settling.isActive())
        assert button.isVisible()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    return run


def commit(qtbot, window, session, *events):
    session.commit(events)
    qtbot.waitUntil(lambda: not window._bridge._committed)


def says(panel, text):
    return lambda: text in panel.next_step.text()


def test_the_alert_shows_what_not_to_do_what_to_do_and_what_to_say(panel):
    assert panel.next_step.text() == f"Next: {RESET.guard} {CALL_BACK.sentence}"
    assert panel.say.text() == f"Say: “{CALL_BACK.say}”"
    assert panel.recorded.isHidden()
    assert panel.give.isHidden(), "nobody has to say anything for a call-back"


def test_a_step_that_is_done_makes_way_for_the_next(qtbot, window, session, panel, click):
    click(panel.outcomes[DONE])
    qtbot.waitUntil(says(panel, RESET.steps[1].sentence))
    click(panel.outcomes[SKIPPED])
    qtbot.waitUntil(says(panel, RESET.steps[2].sentence))
    assert panel.outcomes[REFUSED].isHidden(), "the caller cannot refuse what is not asked of them"
    click(panel.outcomes[DONE])
    qtbot.waitUntil(says(panel, "Every step is recorded."))
    assert not any(button.isVisible() for button in panel.outcomes.values())
    assert session.recorded == [
        (step.id, "R2", outcome, "window")
        for step, outcome in zip(RESET.steps, (DONE, SKIPPED, DONE), strict=True)
    ]
    text = window._call.transcript.toPlainText()
    assert "0:45   A call-back on the number on file: done." in text
    assert "The manager's confirmation: skipped." in text


def test_a_refusal_leads_to_stopping_and_reporting(qtbot, panel, click):
    click(panel.outcomes[REFUSED])
    qtbot.waitUntil(says(panel, RESET.after_refusal[0].sentence))
    assert panel.recorded.isHidden(), "the transcript has it, and the next step needs the room"
    assert panel.recorded.text == "Recorded: A call-back on the number on file: refused by the caller."


def test_all_of_it_can_be_done_by_keyboard(qtbot, window, session, panel):
    qtbot.waitUntil(lambda: not panel._settling.isActive())
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window._alert_bar.harmless.setFocus()
    for _ in range(12):
        if QApplication.focusWidget() is panel.outcomes[REFUSED]:
            break
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is panel.outcomes[REFUSED]
    qtbot.keyClick(panel.outcomes[REFUSED], Qt.Key.Key_Space)
    qtbot.waitUntil(says(panel, RESET.after_refusal[0].sentence))
    qtbot.waitUntil(lambda: not panel._settling.isActive())
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(says(panel, RESET.after_refusal[1].sentence))
    assert [(step, outcome) for step, _, outcome, _ in session.recorded] == [
        (CALL_BACK.id, REFUSED),
        (RESET.after_refusal[0].id, DONE),
    ]


def test_a_second_click_does_not_answer_the_step_that_comes_after(qtbot, session, panel, click):
    click(panel.outcomes[DONE])
    qtbot.waitUntil(says(panel, RESET.steps[1].sentence))
    qtbot.mouseClick(panel.outcomes[DONE], Qt.MouseButton.LeftButton)
    qtbot.wait(SETTLES_MS // 2)
    assert len(session.recorded) == 1


def test_what_is_not_stored_is_not_shown_and_not_asked_for_twice(
    qtbot, window, session, panel, click, monkeypatch
):
    asked = []
    monkeypatch.setattr(session, "take_step", lambda *taken: asked.append(taken))
    click(panel.outcomes[DONE])
    click(panel.outcomes[REFUSED])
    qtbot.wait(SETTLES_MS)
    assert asked == [(CALL_BACK, "R2", DONE, "window")]
    assert says(panel, CALL_BACK.sentence)()
    assert panel.recorded.isHidden()
    commit(qtbot, window, session, StepTaken(CALL_BACK, "R2", DONE, "window", session.heard))
    qtbot.waitUntil(says(panel, RESET.steps[1].sentence))


def test_what_is_asked_for_next_brings_its_own_steps(qtbot, window, session, panel):
    remote = PLAYBOOK.advice("conversation", "R7")
    commit(qtbot, window, session, StepsAdvised(remote, session.heard))
    qtbot.waitUntil(says(panel, remote.guard))
    assert says(panel, remote.steps[0].sentence)()


def test_a_sentence_is_shown_big_and_then_what_became_of_it(qtbot, window, session, panel, click):
    commit(
        qtbot,
        window,
        session,
        StepsAdvised(VOICE, session.heard),
        StepTaken(CALL_BACK, VOICE.ask, SKIPPED, "window", session.heard),
    )
    qtbot.waitUntil(panel.give.isVisible)
    assert panel.expected.isHidden()
    click(panel.give)
    qtbot.waitUntil(panel.expected.isVisible)
    given = session.given[0]
    assert panel.expected.text() == given.expected
    assert panel.expected.font().pointSizeF() > panel.next_step.font().pointSizeF()
    assert panel.verdict.text().startswith("Listening.")
    late = ChallengeJudged(
        ChallengeVerdict.PASSED, 1.0, 6.25, 3.0, "the quiet", 1, 2, "6 of 6 words.", session.heard
    )
    commit(qtbot, window, session, late)
    told = (
        "The caller said it. 6 of 6 words. It began 6.2 s after the help desk had spoken: longer than "
        "most people take (3.0 s), which proves nothing."
    )
    qtbot.waitUntil(lambda: panel.verdict.text() == told)
    assert told in window._call.transcript.toPlainText()
    click(panel.give)
    qtbot.waitUntil(lambda: len(session.given) == 2)
    qtbot.waitUntil(lambda: panel.expected.text() == session.given[1].expected)
    assert panel.verdict.text().startswith("Listening."), "the verdict was on the sentence before"
    click(panel.outcomes[DONE])
    qtbot.waitUntil(panel.expected.isHidden)


def test_not_a_scam_is_recorded_and_changes_no_verdict(qtbot, window, session, panel, click):
    bar = window._alert_bar
    before = [card._word.text() for card in window._call.cards], bar._title.text()
    click(bar.harmless)
    qtbot.waitUntil(lambda: window._live.is_labelled_harmless)
    qtbot.waitUntil(lambda: "Take back" in bar.harmless.text())
    assert ([card._word.text() for card in window._call.cards], bar._title.text()) == before
    assert bar.isVisible()
    assert bar.property("level") == "alert"
    qtbot.waitUntil(lambda: "Marked as not a scam" in window._call.transcript.toPlainText())
    click(bar.harmless)
    qtbot.waitUntil(lambda: not window._live.is_labelled_harmless)
    labels = [e.label for e in window._live.handling if isinstance(e, CallLabelled)]
    assert labels == ["not_a_scam", "withdrawn"]


def test_a_finished_case_shows_what_was_recorded_and_records_no_more(
    qtbot, window, desk, session, panel, click
):
    click(panel.outcomes[REFUSED])
    qtbot.waitUntil(says(panel, RESET.after_refusal[0].sentence))
    commit(qtbot, window, session, CallEnded("finished", session.heard))
    with qtbot.waitSignal(window.call_ended):
        session.end()
    for button in (*panel.outcomes.values(), panel.give, window._alert_bar.harmless):
        assert button.isHidden()
    assert "refused by the caller" in panel.recorded.text
    assert "refused by the caller" in window._call.transcript.toPlainText()


def test_a_stored_case_is_only_looked_at_while_another_call_runs(
    qtbot, window, desk, session, panel, con
):
    desk.cases["old"] = (*con[:-1], StepsAdvised(RESET, con[-1].at), con[-1])
    window._bridge.load_case("old")
    qtbot.waitUntil(lambda: window._call.state.case_id == "old")
    assert window._alert_bar.isVisible()
    assert window._alert_bar.harmless.isHidden()
    assert not any(button.isVisible() for button in panel.outcomes.values())


def test_every_button_says_what_it_is_about(window, panel):
    assert panel.outcomes[REFUSED].accessibleName() == f"Refused: {CALL_BACK.name}"
    for button in (*panel.outcomes.values(), panel.give, window._alert_bar.harmless):
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert button.text()
    assert CALL_BACK.sentence in window._alert_bar.accessibleName()


@pytest.mark.parametrize("with_challenge", [False, True])
def test_steps_and_troubles_fit_into_the_smallest_window(
    qtbot, window, session, panel, click, with_challenge
):
    window.resize(900, 600)
    commit(
        qtbot,
        window,
        session,
        StepsAdvised(VOICE, session.heard),
        StepTaken(CALL_BACK, VOICE.ask, SKIPPED, "window", session.heard),
        SoundTroubled(TroubleKind.NO_FAR_SIDE, Channel.CALLER, CALL_RATE, None, 2 * CALL_RATE),
    )
    if not with_challenge:
        second = SoundTroubled(TroubleKind.NOT_HEARD, Channel.AGENT, CALL_RATE, None, 2 * CALL_RATE)
        commit(qtbot, window, session, second)
    else:
        click(panel.give)
        qtbot.waitUntil(panel.expected.isVisible)
        late = ChallengeJudged(
            ChallengeVerdict.PASSED, 1.0, 6.2, 3.0, "the quiet", 1, 2, "6 of 6 words.", session.heard
        )
        commit(qtbot, window, session, late)
        qtbot.waitUntil(lambda: "6 of 6" in panel.verdict.text())
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 600)
    texts = (panel.next_step, panel.say, panel.expected, panel.verdict)
    shown = [part for part in texts if part.isVisible()]
    qtbot.waitUntil(lambda: all(p.height() >= p.heightForWidth(p.width()) for p in shown))
    for button in (*panel.outcomes.values(), panel.give):
        assert button.width() >= button.sizeHint().width()
    for card in window._call.cards:
        assert card._reasons.height() >= card._reasons.sizeHint().height()
        assert card.rect().contains(card._footnote.geometry())
    assert window._call.transcript.height() >= 40


def test_what_a_site_writes_cannot_steer_the_window(qtbot, window, session, panel):
    evil = replace(CALL_BACK, name="x\u202ey\x1b[31m")
    commit(qtbot, window, session, StepTaken(evil, "R2", DONE, "window", session.heard))
    qtbot.waitUntil(lambda: bool(panel.recorded.text))
    assert "\\u202e" in panel.recorded.text
    assert "\u202e" not in window._call.transcript.toPlainText()
