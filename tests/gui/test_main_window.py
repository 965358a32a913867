"""The whole window on a scripted desk: what a person sees and can do, live and stored."""

from pathlib import Path
from time import thread_time

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QProgressBar,
    QTabBar,
    QTableView,
    QTextEdit,
)

from app.ui.main_window import MainWindow
from app.ui.theme import DARK, LIGHT
from detection.events import AlertRaised
from detection.types import AlertLevel

SAMPLE = Path("b_helpdesk_con.wav")
STALL_S = 0.05


@pytest.fixture
def play(qtbot, window, desk):
    """Starts a call in the window and returns its session."""

    def start(name: Path = SAMPLE):
        with qtbot.waitSignal(window._bridge.session_started):
            window.play(name, realtime=True)
        return desk.session

    return start


@pytest.fixture
def commit(qtbot, window):
    """Commits events of the running call and waits until the window has folded all of them."""

    def run(session, events):
        session.commit(events)
        qtbot.waitUntil(lambda: window._live is not None and not window._bridge._committed)

    return run


def words(window):
    return [card._word.text() for card in window._call.cards]


def open_case(qtbot, window, row):
    window._tabs.setCurrentIndex(1)
    table = window._cases
    place = table.visualRect(table.model().index(row, 0)).center()
    with qtbot.waitSignal(window._bridge.case_loaded):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_before_any_call_nothing_is_passed_off_as_checked(window):
    assert words(window) == ["Not checked"] * 3
    assert not window._stop.isEnabled()
    assert window._open.isEnabled()
    assert window._alert_bar.isHidden()


def test_the_engines_tool_tip_says_what_to_install(qtbot, desk):
    window = MainWindow(desk, ["The strong voice check is not installed.", "Nor is Whisper."])
    qtbot.addWidget(window)
    assert window._engines.toolTip() == "The strong voice check is not installed.\nNor is Whisper."


def test_a_call_is_folded_into_cards_alerts_and_transcript(window, play, commit, con):
    session = play()
    commit(session, con)
    assert words(window) == ["Likely synthetic", "Vishing pattern", "Denied when asked"]
    text = window._call.transcript.toPlainText()
    assert "Can you please reset my multi factor authentication and set up my new phone?" in text
    assert "Asks to reset or remove MFA" in text
    assert window._alert_bar.isVisible()
    assert "pocketsphinx" in window._engines.text() or "basic transcript" in window._engines.text()
    assert "cm-basic" in window._engines.text()


def test_a_loud_alert_shows_its_reason_with_the_quote_and_the_next_step(window, play, commit, con):
    loud = next(e.alert for e in con if isinstance(e, AlertRaised) and e.alert.level is AlertLevel.ALERT)
    commit(play(), con[: con.index(AlertRaised(loud, loud.at)) + 1])
    bar = window._alert_bar
    assert bar.property("level") == "alert"
    assert loud.title in bar._title.text()
    assert "do not call me back" in bar._reason.text
    assert loud.next_step in bar.steps.next_step.text()
    assert "Next: Do not reset" in bar.accessibleName()


def test_a_later_watch_does_not_push_a_loud_alert_aside(qtbot, window, play, commit, con):
    session = play()
    commit(session, con)
    watch = next(e for e in con if isinstance(e, AlertRaised) and e.alert.level is AlertLevel.WATCH)
    commit(session, [watch])
    bar = window._alert_bar
    assert bar.property("level") == "alert"
    assert bar._count.text() == "3 of 4"
    qtbot.mouseClick(bar._next, Qt.MouseButton.LeftButton)
    assert bar.property("level") == "watch"
    assert not bar._next.isEnabled()


def test_the_end_of_a_call_is_told_and_the_next_may_begin(qtbot, window, desk, play, commit, con):
    session = play()
    assert not window._open.isEnabled()
    assert window._stop.isEnabled()
    desk.cases["stored"] = con
    commit(session, con)
    with qtbot.waitSignal(window.call_ended) as ended:
        session.end()
    assert ended.args == [None]
    assert window._open.isEnabled()
    assert not window._stop.isEnabled()
    qtbot.waitUntil(lambda: window._cases.model().rowCount() == 1)
    assert "1:03 long" in window._call._when.text()


def test_stop_asks_the_session_and_nothing_waits(qtbot, window, play):
    session = play()
    with qtbot.waitSignal(window.call_ended):
        window._stop.trigger()
        assert session.stopped.is_set()


def test_what_ended_a_call_early_is_said_in_one_sentence(qtbot, window, play, con, commit):
    session = play()
    commit(session, con[:4])
    with qtbot.waitSignal(window.call_ended):
        session.end(OSError("disk full"))
    sentence = window._error_bar.sentence
    assert window._error_bar.isVisible()
    assert "disk full" in sentence
    assert "Traceback" not in sentence
    assert "What was stored is safe" in sentence


def test_a_recording_that_cannot_be_opened_leaves_the_window_ready(qtbot, window, desk):
    with qtbot.waitSignal(window.call_ended):
        window.play(Path("missing.wav"), realtime=False)
    assert window._error_bar.sentence == "missing.wav cannot be opened: check the name."
    assert window._open.isEnabled()
    with qtbot.waitSignal(window._bridge.session_started):
        window.play(SAMPLE, realtime=False)
    assert window._error_bar.isHidden()


def test_the_side_of_the_caller_is_passed_on(qtbot, window, desk):
    window._sides.actions()[1].trigger()
    with qtbot.waitSignal(window._bridge.session_started):
        window.play(SAMPLE, realtime=False)
    assert desk.started == [(SAMPLE, False, "right")]


def test_a_stored_case_opens_by_mouse_in_the_same_widgets(qtbot, window, desk, con, honest):
    desk.cases = {"one": con, "two": honest}
    window._bridge.list_cases(200)
    qtbot.waitUntil(lambda: window._cases.model().rowCount() == 2)
    open_case(qtbot, window, 0)
    assert window._tabs.currentWidget() is window._call
    assert words(window) == ["Likely synthetic", "Vishing pattern", "Denied when asked"]
    assert window._alert_bar.isVisible()
    open_case(qtbot, window, 1)
    assert words(window) == ["Sounds real", "Calm", "Human-like"]
    assert window._alert_bar.isHidden()
    assert "Daniel" not in window._call.transcript.toPlainText()


def test_a_stored_case_opens_by_keyboard(qtbot, window, desk, con, honest):
    desk.cases = {"one": con, "two": honest}
    window._bridge.list_cases(200)
    qtbot.waitUntil(lambda: window._cases.model().rowCount() == 2)
    window._tabs.setCurrentIndex(1)
    qtbot.keyClick(window._cases, Qt.Key.Key_Down)
    qtbot.keyClick(window._cases, Qt.Key.Key_Down)
    with qtbot.waitSignal(window._bridge.case_loaded):
        qtbot.keyClick(window._cases, Qt.Key.Key_Return)
    assert words(window)[0] == "Sounds real"


def test_a_stored_case_shows_what_the_live_call_showed(qtbot, window, desk, play, commit, con):
    session = play()
    commit(session, con)
    qtbot.waitUntil(lambda: not window._call.transcript._more.isActive())
    live = window._call.transcript.toPlainText(), words(window)
    with qtbot.waitSignal(window.call_ended):
        session.end()
    desk.cases["stored"] = con
    window._bridge.load_case("stored")
    qtbot.waitUntil(lambda: window._call.state.case_id == "stored")
    qtbot.waitUntil(lambda: (window._call.transcript.toPlainText(), words(window)) == live)


def test_an_alert_of_the_live_call_is_seen_while_a_stored_case_is_open(
    qtbot, window, desk, play, commit, con, honest
):
    session = play()
    commit(session, con[:4])
    desk.cases["old"] = honest
    window._bridge.load_case("old")
    qtbot.waitUntil(lambda: window._call.state.case_id == "old")
    assert window._call._return.isVisible()
    loud = next(e for e in con if isinstance(e, AlertRaised) and e.alert.level is AlertLevel.ALERT)
    commit(session, con[4 : con.index(loud)])
    assert window._call.state.case_id == "old"
    commit(session, [loud])
    assert window._call.state.case_id == session.case_id
    assert window._alert_bar.property("level") == "alert"
    assert not window._call._return.isVisible()


def test_back_to_the_live_call(qtbot, window, desk, play, commit, con, honest):
    session = play()
    commit(session, con[:4])
    desk.cases["old"] = honest
    window._bridge.load_case("old")
    qtbot.waitUntil(lambda: window._call.state.case_id == "old")
    qtbot.mouseClick(window._call._return, Qt.MouseButton.LeftButton)
    assert window._call.state.case_id == session.case_id
    assert "Daniel" in window._call.transcript.toPlainText()


def test_closing_stops_the_call_and_waits_for_it(qtbot, window, play):
    session = play()
    window.close()
    assert session.stopped.is_set()
    assert window._bridge._worker._shutdown


def test_closing_while_a_call_is_loading_stops_that_call(qtbot, window, desk):
    qtbot.waitUntil(lambda: bool(desk.asked))
    desk.gate.clear()
    window.play(SAMPLE, realtime=True)
    qtbot.waitUntil(lambda: not window._open.isEnabled())
    desk.gate.set()
    window.close()
    assert all(session.stopped.is_set() for session in desk.sessions)


def test_the_system_turning_dark_changes_all_colours(qtbot, window, play, commit, con, palette):
    commit(play(), con)
    palette("#202428")
    qtbot.waitUntil(lambda: window._theme is DARK)
    corner = window.grab().toImage().pixelColor(QPoint(5, window.height() - 5))
    assert corner.lightness() < 60
    assert "Daniel" in window._call.transcript.toPlainText()
    palette("#f0f0f0")
    qtbot.waitUntil(lambda: window._theme is LIGHT)


@pytest.mark.parametrize("size", [(1100, 720), (900, 600)])
def test_nothing_is_cut_off_at_either_size(window, play, commit, con, size):
    commit(play(), con)
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for card in window._call.cards:
        assert card._word.width() >= card._word.sizeHint().width()
        assert card.rect().contains(card._footnote.geometry())
    for button in window.findChildren(QAbstractButton, "tool"):
        assert button.height() >= button.sizeHint().height()
    assert window._call.transcript.height() > 100


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(window, play, commit, con):
    commit(play(), con)
    window._error_bar.show_error(ValueError("x"))
    controls = [
        control
        for kind in (QAbstractButton, QTableView, QTextEdit, QProgressBar)
        for control in window.findChildren(kind)
        # Parts of Qt's own: the tab bar's scroll arrows, the table's corner, the menu's overflow.
        if not control.objectName().startswith("qt_")
        and not isinstance(control.parent(), (QTabBar, QTableView))
    ]
    assert len(controls) >= 10
    for control in controls:
        text = control.text() if isinstance(control, QAbstractButton) else ""
        assert control.accessibleName() or text, control
        if not isinstance(control, QProgressBar):
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def test_the_window_is_never_held_up_by_a_flood_of_events(qtbot, window, play, many):
    session = play()
    session.commit(many(3_750))
    slices = []
    while window._bridge._committed or len(window._call.transcript._bubbles) < 3_750:
        before = thread_time()
        QApplication.sendPostedEvents(None, QEvent.Type.MetaCall)
        window._bridge._on_tick()
        slices.append(thread_time() - before)
        before = thread_time()
        window._call.transcript.refresh()
        slices.append(thread_time() - before)
        before = thread_time()
        window._call.transcript.grab()
        slices.append(thread_time() - before)
    assert max(slices) < STALL_S, f"{max(slices) * 1000:.0f} ms in {len(slices)} slices"
