"""Before a live call: devices that come and go, consent, one press where nothing is to be decided."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QTextEdit

from app.call.consent import ConsentError
from app.ui import listen_dialog
from app.ui.theme import DARK, LIGHT
from app.words import printable
from audio.types import Channel, DeviceKind
from tests.gui.live_calls import ASKING, HEADSET, SPEAKERS, STANDING, WEBCAM, side

CALLER, AGENT = Channel.CALLER, Channel.AGENT
SILENT = "The sound server does not answer: start PulseAudio or PipeWire and try again."


@pytest.fixture
def dialog(window):
    window._before_listening._refresh.setInterval(50)
    return window._before_listening


@pytest.fixture
def ask(qtbot, window, dialog, desk):
    """Presses Listen and waits until the dialog knows everything."""

    def press(action=None):
        before = desk.prepared
        (action or window._listen).trigger()
        qtbot.waitUntil(lambda: desk.prepared > before and dialog.isVisible())
        return dialog

    return press


def listed(qtbot, desk):
    """Wait until devices that were just changed have been shown."""
    seen = desk.listings
    qtbot.waitUntil(lambda: desk.listings >= seen + 2)


def texts(box):
    return [box.combo.itemText(n) for n in range(box.combo.count())]


def choose(box, text):
    """As a person does: open the list, type, Enter."""
    box.combo.setFocus()
    box.combo.setCurrentIndex(box.combo.findText(text))
    box.combo.activated.emit(box.combo.currentIndex())


def test_nothing_is_listened_to_before_the_notice_is_confirmed(qtbot, window, desk, ask):
    dialog = ask()
    assert dialog.consent.notice.toPlainText() == ASKING.told
    assert dialog.consent.confirmation.text == ASKING.notice.confirmation
    assert not dialog._listen.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert desk.live == []
    dialog.consent.confirmation.box.click()
    with qtbot.waitSignal(window._bridge.session_started):
        qtbot.mouseClick(dialog._listen, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    (choice,) = desk.live
    assert (choice.microphone, choice.far_side, choice.recording) == (None, None, False)
    assert choice.acknowledgement.notice == ASKING.told
    assert choice.acknowledgement.confirmation == ASKING.notice.confirmation
    assert choice.acknowledgement.through == "window"


def test_a_confirmation_is_good_for_one_call(qtbot, window, desk, ask):
    dialog = ask()
    dialog.consent.confirmation.box.click()
    with qtbot.waitSignal(window._bridge.session_started):
        dialog._listen.click()
    with qtbot.waitSignal(window.call_ended):
        desk.session.end()
    ask()
    assert not dialog.consent.confirmation.box.isChecked()
    assert not dialog._listen.isEnabled()


def test_switching_the_recording_changes_the_notice_and_takes_the_confirmation_back(
    qtbot, window, desk, ask
):
    dialog = ask()
    assert dialog.consent._site.text().startswith("This site does not record calls")
    dialog.consent.confirmation.box.click()
    dialog.consent.recording.box.click()
    assert dialog.consent.notice.toPlainText() == replace(ASKING, keeps_audio=True).told
    assert not dialog.consent.confirmation.box.isChecked()
    assert not dialog._listen.isEnabled()
    dialog.consent.confirmation.box.click()
    with qtbot.waitSignal(window._bridge.session_started):
        dialog._listen.click()
    (choice,) = desk.live
    assert choice.recording
    assert ASKING.notice.recording in choice.acknowledgement.notice


def test_one_press_listens_where_nothing_has_to_be_decided(qtbot, window, desk, dialog):
    desk.rules = replace(STANDING, keeps_audio=True)
    with qtbot.waitSignal(window._bridge.session_started):
        window._listen.trigger()
    assert not dialog.isVisible()
    (choice,) = desk.live
    assert choice.acknowledgement is None
    assert choice.recording


def test_the_devices_can_be_chosen_where_nothing_has_to_be_confirmed(qtbot, window, desk, ask):
    desk.rules = STANDING
    dialog = ask(window._listen_with)
    assert "Works agreement 12, section 3" in dialog.consent.notice.toPlainText()
    assert dialog.consent.confirmation.isHidden()
    choose(dialog.boxes[AGENT], "Webcam")
    with qtbot.waitSignal(window._bridge.session_started):
        dialog._listen.click()
    assert desk.live[0].microphone == WEBCAM.id


def test_a_device_that_was_chosen_before_is_chosen_again(ask, desk):
    desk.sides[AGENT] = side(HEADSET, WEBCAM, wanted=WEBCAM.id)
    dialog = ask()
    assert dialog.boxes[AGENT].combo.currentText() == "Webcam"
    assert dialog.boxes[AGENT].choice == WEBCAM.id
    assert texts(dialog.boxes[AGENT]) == ["System default (Jabra Evolve2)", "Jabra Evolve2", "Webcam"]


def test_a_device_that_was_chosen_before_and_is_away_is_not_replaced(qtbot, window, desk, ask):
    desk.rules = STANDING
    desk.sides[AGENT] = side(HEADSET, wanted=WEBCAM.id)
    dialog = ask()  # although nothing is to be confirmed
    box = dialog.boxes[AGENT]
    assert box.combo.currentIndex() == -1
    assert box.note == (
        "The microphone chosen before, \u201calsa_input.webcam\u201d, is not there now: "
        "connect it or choose another."
    )
    assert box.combo.accessibleDescription() == box.note
    assert not dialog._listen.isEnabled()
    assert box.combo.hasFocus()
    desk.sides[AGENT] = side(HEADSET, WEBCAM, wanted=WEBCAM.id)
    qtbot.waitUntil(dialog._listen.isEnabled)
    assert box.combo.currentText() == "Webcam"
    assert box.note == ""
    assert desk.live == [], "a device that comes back does not start a call by itself"


def test_a_device_that_was_set_by_a_part_of_its_name_is_known_when_it_comes(qtbot, desk, ask):
    desk.rules = STANDING
    desk.sides[AGENT] = side(HEADSET, wanted="webc")
    box = ask().boxes[AGENT]
    assert "\u201cwebc\u201d, is not there now" in box.note
    desk.sides[AGENT] = replace(side(HEADSET, WEBCAM, wanted="webc"), chosen=WEBCAM)
    qtbot.waitUntil(lambda: box.is_ready)
    assert (box.choice, box.note) == (WEBCAM.id, "")


def test_a_device_that_vanishes_while_it_is_chosen_is_named_and_may_come_back(qtbot, desk, ask):
    dialog = ask()
    box = dialog.boxes[AGENT]
    dialog.consent.confirmation.box.click()
    choose(box, "Webcam")
    assert dialog._listen.isEnabled()
    desk.sides[AGENT] = side(HEADSET)
    qtbot.waitUntil(lambda: "\u201cWebcam\u201d, is not there now" in box.note)
    assert not dialog._listen.isEnabled()
    assert dialog.consent.confirmation.box.isChecked(), "what was confirmed still is"
    desk.sides[AGENT] = side(HEADSET, WEBCAM)
    qtbot.waitUntil(dialog._listen.isEnabled)
    assert box.choice == WEBCAM.id


def test_devices_that_come_leave_the_choice_and_an_open_list_alone(qtbot, desk, ask):
    desk.sides[AGENT] = side(HEADSET)
    dialog = ask()
    box = dialog.boxes[AGENT]
    choose(box, "Jabra Evolve2")
    box.combo.showPopup()
    desk.sides[AGENT] = side(WEBCAM, HEADSET)
    listed(qtbot, desk)
    qtbot.wait(150)
    assert texts(box) == ["System default (Jabra Evolve2)", "Jabra Evolve2"]
    box.combo.hidePopup()
    qtbot.waitUntil(lambda: len(texts(box)) == 3)
    assert texts(box)[0] == "System default (Webcam)"
    assert box.combo.currentText() == "Jabra Evolve2"


def test_a_sound_server_that_is_silent_is_said_once_and_waited_for(qtbot, desk, ask):
    desk.sides = {AGENT: side(problem=SILENT), CALLER: side(problem=SILENT)}
    dialog = ask()
    assert [box.note for box in dialog.boxes.values()] == [SILENT, ""]
    dialog.consent.confirmation.box.click()
    assert not dialog._listen.isEnabled()
    desk.sides = {AGENT: side(HEADSET), CALLER: side(SPEAKERS)}
    qtbot.waitUntil(dialog._listen.isEnabled)
    assert [box.note for box in dialog.boxes.values()] == ["", ""]


def test_that_there_is_no_device_at_all_is_said(ask, desk):
    desk.sides[AGENT] = side()
    box = ask().boxes[AGENT]
    assert box.note == "No microphone was found: connect one, and it appears here."
    assert not box.is_ready


def test_a_monitor_is_listed_as_a_microphone_and_never_taken_for_one(ask, desk):
    desk.sides[AGENT] = replace(side(SPEAKERS), default=None, chosen=None)
    dialog = ask()
    box = dialog.boxes[AGENT]
    assert texts(box) == ["Speakers"]
    assert box.note == "No microphone was found: connect one, or choose what is listed here."
    assert not box.is_ready
    choose(box, "Speakers")
    assert (box.is_ready, box.choice, box.note) == (True, SPEAKERS.id, "")


def test_a_site_whose_consent_settings_are_wrong_can_keep_no_call(qtbot, window, desk, dialog):
    desk.rules_error = ConsentError("consent is standing, but consent_basis is empty: name it.")
    window._listen.trigger()
    qtbot.waitUntil(dialog._error_bar.isVisible)
    assert dialog._error_bar.sentence == str(desk.rules_error)
    assert not dialog._listen.isEnabled()
    assert dialog.consent.isHidden()


def test_devices_of_one_name_and_names_of_bad_taste_are_told_apart(ask, desk):
    twin = replace(HEADSET, id="alsa_input.second", is_default=False)
    odd = replace(WEBCAM, name="Cam\u202e\x1b[31m")
    browser = replace(SPEAKERS, id="firefox", name="Firefox", kind=DeviceKind.APPLICATION)
    desk.sides[AGENT] = side(HEADSET, twin, odd)
    desk.sides[CALLER] = side(SPEAKERS, browser)
    dialog = ask()
    assert texts(dialog.boxes[AGENT])[1:] == [
        "Jabra Evolve2 [alsa_input.headset]",
        "Jabra Evolve2 [alsa_input.second]",
        printable(odd.name),
    ]
    assert texts(dialog.boxes[CALLER])[-1] == "Firefox (program)"


def test_the_keyboard_is_enough(qtbot, window, desk, ask):
    assert window._listen.shortcut() == QKeySequence("Ctrl+L")
    dialog = ask()
    qtbot.waitUntil(dialog.consent.confirmation.box.hasFocus)
    QTest.keyClick(dialog.consent.confirmation.box, Qt.Key.Key_Space)
    with qtbot.waitSignal(window._bridge.session_started):
        QTest.keyClick(dialog.consent.confirmation.box, Qt.Key.Key_Return)
    assert len(desk.live) == 1
    controls = [
        control
        for kind in (QComboBox, QAbstractButton, QTextEdit)
        for control in dialog.findChildren(kind)
        if not control.objectName().startswith("qt_") and control is not dialog._error_bar
    ]
    assert len(controls) >= 7
    for control in controls:
        text = control.text() if isinstance(control, QAbstractButton) else ""
        assert control.accessibleName() or text, control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def test_escape_ends_it_and_no_more_devices_are_asked_for(qtbot, window, desk, ask):
    dialog = ask()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    qtbot.wait(120)
    asked = desk.listings
    qtbot.wait(200)
    assert desk.listings == asked
    assert desk.live == []


def test_a_desk_that_is_slow_leaves_the_window_alone_and_is_asked_once(qtbot, window, desk, dialog):
    qtbot.waitUntil(lambda: bool(desk.asked))
    desk.gate.clear()
    window._listen.trigger()
    qtbot.waitUntil(dialog.isVisible, timeout=5 * listen_dialog.PATIENCE_MS)
    qtbot.wait(300)  # six times the interval of this test
    waiting, note = len(window._bridge._requests), dialog.boxes[AGENT].note
    can_begin = dialog._listen.isEnabled()
    desk.gate.set()
    assert waiting == 2
    assert note == "Looking for devices\u2026"
    assert not can_begin
    qtbot.waitUntil(lambda: desk.prepared == 1)
    assert not dialog.consent.isHidden()


def test_closing_the_window_closes_the_dialog_and_asks_no_more(qtbot, window, dialog, ask):
    ask()
    window.close()
    assert not dialog.isVisible()
    assert not dialog._refresh.isActive()


@pytest.mark.parametrize(("colour", "theme"), [("#202428", DARK), ("#f0f0f0", LIGHT)])
def test_it_follows_the_systems_look_and_nothing_is_cut_off(
    qtbot, window, ask, desk, palette, colour, theme
):
    desk.sides[AGENT] = side(HEADSET, wanted="a" * 300)
    palette(colour)
    qtbot.waitUntil(lambda: window._theme is theme)
    dialog = ask()
    QApplication.processEvents()
    image = dialog.grab().toImage()
    corner = image.pixelColor(4, image.height() - 4)
    assert abs(corner.lightness() - QColor(theme.window).lightness()) < 4
    for box in dialog.boxes.values():
        assert box._note.height() >= box._note.heightForWidth(box._note.width()) or box.note == ""
    confirm = dialog.consent.confirmation._text
    assert confirm.height() >= confirm.heightForWidth(confirm.width())
    notice = dialog.consent.notice
    assert notice.height() >= notice.document().size().height()
