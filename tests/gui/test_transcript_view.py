"""The transcript: only what is new is drawn, nothing lost is hidden, and it keeps its place."""

import pytest
from PySide6.QtGui import QColor, QTextCursor

from app.case_state import CaseState
from app.ui.theme import LIGHT
from app.ui.transcript_view import TranscriptView
from app.words import Tone
from audio.types import CALL_RATE, Channel
from detection.events import CallEnded, FindingMade, UtteranceHeard
from detection.types import PartialText
from tests.gui import call_events


@pytest.fixture
def view(qtbot):
    view = TranscriptView(LIGHT)
    qtbot.addWidget(view)
    view.resize(600, 300)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def grow(qtbot, view):
    """Folds events into the view's case, one refresh for all of them, and waits until they are drawn."""
    state = CaseState("case")
    view.show_case(state)

    def run(events):
        for event in events:
            state.apply(event)
        view.refresh()
        qtbot.waitUntil(lambda: not view._more.isActive())

    return run


def lines(view):
    return view.toPlainText().splitlines()


def test_each_side_is_named_and_timed(view, grow, con):
    grow(con[:4])
    assert lines(view) == [
        "Help desk   0:00",
        "Thank you for calling the help desk. How can I help you?",
        "Caller   0:04",
        "Hello, this is Daniel from sales. I got a new phone and I cannot log in.",
    ]
    sides = [view.document().findBlockByNumber(number) for number in (1, 3)]
    assert sides[0].blockFormat().leftMargin() > sides[1].blockFormat().leftMargin()


def test_a_sign_is_marked_in_the_words_and_named_below_them(view, grow, con):
    grow(con[:9])
    assert lines(view)[-1].endswith("Asks to reset or remove MFA")
    marked = view.document().find("multi factor")
    assert marked.charFormat().fontUnderline() or marked.charFormat().underlineStyle().value
    assert "Asks to reset or remove MFA" in marked.charFormat().toolTip()
    assert not view.document().find("Can you please").charFormat().toolTip()


def test_a_sign_that_comes_late_goes_to_the_words_it_quotes(view, grow, con):
    said = [event for event in con if isinstance(event, UtteranceHeard)]
    signs = [event for event in con if isinstance(event, FindingMade)]
    grow(said)
    grow(signs)
    shown = lines(view)
    for sign in signs:
        named = next(i for i, line in enumerate(shown) if line.endswith(sign.finding.title))
        spoken = next(i for i, line in enumerate(shown) if sign.finding.quote in line)
        assert 1 <= named - spoken <= 2


def test_growing_by_pieces_and_all_at_once_look_the_same(qtbot, view, grow, con):
    for event in con:
        grow([event])
    by_pieces = view.toHtml()
    view.show_case(CaseState.of("again", con))
    qtbot.waitUntil(lambda: view.toHtml() == by_pieces)


def test_gaps_and_unjudged_stretches_are_seen_and_repeats_are_merged(view, grow, con):
    grow(con)
    shown = lines(view)
    assert "0:26 to 0:28   Help desk: not transcribed, no words were recognized in this speech" in shown
    assert view.toPlainText().count("not transcribed") == 1
    assert "0:28 to 0:28   Caller: sound lost, the recording is damaged here" in shown


def test_it_follows_the_call_unless_the_person_has_scrolled_up(qtbot, view, grow, many):
    bar = view.verticalScrollBar()
    events = many(60)
    grow(events[:40])
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    grow(events[40:50])
    assert bar.value() == place
    bar.setValue(bar.maximum())
    grow(events[50:])
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_a_stored_case_is_shown_from_its_beginning(qtbot, view, many):
    view.show_case(CaseState.of("stored", many(100)))
    qtbot.waitUntil(lambda: "sentence number 99" in view.toPlainText())
    assert view.verticalScrollBar().value() == 0


def test_what_was_drawn_is_not_drawn_again(view, grow, con):
    grow(con[:4])
    first = QTextCursor(view.document().firstBlock())
    first.insertText("*")
    grow(con[4:])
    assert lines(view)[0].startswith("*")


def test_bubbles_lie_behind_the_words_in_view_only(view, grow, many):
    grow(many(100))
    visible = view._visible_bubbles()
    assert 2 <= len(visible) < 12
    assert all(rect.right() <= view.viewport().width() and rect.left() >= 0 for _, rect in visible)


def test_text_that_looks_like_markup_is_only_text(view, grow, con):
    utterance = con[2].utterance
    evil = UtteranceHeard(type(utterance)(utterance.channel, 0, 10, "<b>bold</b> <img src=x>", 0.5), 10)
    grow([con[0], evil])
    assert "<b>bold</b> <img src=x>" in view.toPlainText()


def open_speech(start_s, text, channel=Channel.CALLER):
    start = round(start_s * CALL_RATE)
    return PartialText(channel, start, start + CALL_RATE, text, "")


def test_what_is_being_said_is_grey_and_its_line_takes_its_place(view, grow, con):
    grow(con[:3])
    view.show_partials([open_speech(4.9, "Hello this is")], is_behind=False)
    assert lines(view)[-2:] == ["Caller   0:04", "Hello this is"]
    shown = view.document().find("Hello this is").charFormat()
    assert shown.foreground().color() == QColor(LIGHT.muted)
    assert not shown.fontItalic()
    view.show_partials([open_speech(4.9, "Hello, this is Daniel from")], is_behind=False)
    assert view.toPlainText().count("Hello") == 1
    grow(con[3:4])
    assert lines(view)[2:] == ["Caller   0:04", con[3].utterance.text]
    line = view.document().find("Hello").charFormat()
    assert line.foreground().color() == QColor(LIGHT.text)


def test_both_sides_may_be_speaking(view, grow, con):
    grow(con[:3])
    both = [open_speech(6.0, "one", Channel.AGENT), open_speech(5.0, "two")]
    view.show_partials(both, is_behind=False)
    assert lines(view)[2:] == ["Caller   0:05", "two", "Help desk   0:06", "one"]
    view.show_partials([], is_behind=False)
    assert len(lines(view)) == 2


def test_what_was_being_said_goes_where_it_was_not_understood(view, grow, con):
    rejected = next(event for event in con if event.kind == "not_judged")
    grow(con[:3])
    view.show_partials([open_speech(26.4, "invented words", Channel.AGENT)], is_behind=False)
    grow([rejected])
    assert "invented" not in view.toPlainText()
    mark = view.document().find("not transcribed").charFormat()
    assert mark.foreground().color() not in (QColor(LIGHT.text), QColor(LIGHT.tone[Tone.WATCH]))


def test_that_the_program_is_behind_is_said_as_long_as_it_is(view, grow, con):
    view.show_partials([], is_behind=True)
    grow(con[:3])
    assert "behind" in lines(view)[-1]
    view.show_partials([], is_behind=False)
    assert "behind" not in view.toPlainText()


def test_a_call_that_has_ended_has_nothing_open(view, grow, con):
    grow(con[:3])
    view.show_partials([open_speech(4.9, "Hello this is")], is_behind=True)
    grow([CallEnded("stopped", 6 * CALL_RATE)])
    assert "Hello" not in view.toPlainText()
    assert "behind" not in view.toPlainText()


def test_signs_that_come_while_somebody_speaks_go_to_their_words(view, grow, con):
    view.show_partials([open_speech(40, "still talking")], is_behind=False)
    grow(con[:9])
    assert lines(view)[-1] == "still talking"
    assert lines(view)[-3].endswith("Asks to reset or remove MFA") or "Asks" in lines(view)[-3]


def test_a_sign_that_nobody_said_waits_for_the_first_words(view, grow, con):
    grow([con[0], call_events.sign("P13", "Repeated calls", "call 3 about Ann", 0, 0, weight=1.0)])
    assert lines(view) == []
    grow(con[1:4])
    assert lines(view)[2].endswith("Repeated calls")
