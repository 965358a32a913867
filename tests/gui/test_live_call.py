"""A live call in the window: what is wrong with its sound, that it is recorded, on what basis."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from app.call.setup import LiveChoice
from app.trouble_words import trouble_text
from app.ui.case_notes_line import CaseNotesDialog
from app.ui.theme import DARK
from app.ui.verdict_card import MARK_SIZE
from audio.errors import AudioError
from audio.types import CALL_RATE, Channel, TroubleKind
from detection.events import ConsentRecorded, RecordingEnded, SoundTroubled
from tests.gui.live_calls import STANDING

CHOICE = LiveChoice(None, None, recording=True, acknowledgement=None)


@pytest.fixture
def session(qtbot, window, desk):
    """A live call that has just begun."""
    desk.rules = replace(STANDING, keeps_audio=True)
    with qtbot.waitSignal(window._bridge.session_started):
        window.listen(CHOICE)
    return desk.session


@pytest.fixture
def commit(qtbot, window, session):
    """Commits events of that call and waits until the window has folded all of them."""

    def run(events):
        session.commit(events)
        session.progress = (session.progress[0], None)
        qtbot.waitUntil(lambda: window._live is not None and not window._bridge._committed)
        qtbot.waitUntil(lambda: not window._call.transcript._more.isActive())

    return run


def open_troubles(events):
    latest = {(e.trouble, e.channel): e for e in events if isinstance(e, SoundTroubled)}
    return [trouble_text(event) for event in latest.values() if event.end is None]


def shown(window):
    return list(window._call.troubles.sentences)


def notes(qtbot, window):
    qtbot.mouseClick(window._call.notes.details, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(CaseNotesDialog)
    text = dialog.text.toPlainText()
    button = dialog.findChild(QPushButton)
    with qtbot.waitSignal(dialog.destroyed):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    return text


def test_it_says_what_it_listens_to_and_only_stop_is_left_to_do(window, commit, live):
    commit(live)
    assert window._status.text == "Listening to Speakers (caller), Jabra Evolve2 (agent)"
    assert window._stop.isEnabled()
    for action in (window._listen, window._listen_with, window._open):
        assert not action.isEnabled()
    assert window._call._progress.isHidden(), "how long a live call will be nobody knows"


def test_stop_ends_it_and_the_next_may_be_listened_to(qtbot, window, session, commit, live):
    commit(live)
    with qtbot.waitSignal(window.call_ended):
        window._stop.trigger()
    assert session.stopped.is_set()
    assert window._listen.isEnabled()
    assert window._status.text == "Ready"


def test_a_trouble_is_shown_until_it_is_over(qtbot, window, commit, live):
    muted = next(e for e in live if isinstance(e, SoundTroubled) and e.trouble is TroubleKind.MUTED)
    commit(live[:6])
    assert shown(window) == [trouble_text(muted)]
    commit(live[6:])
    assert shown(window) == open_troubles(live)
    assert trouble_text(muted) not in shown(window)
    assert len(shown(window)) == 1
    (line,) = window._call.troubles._lines.values()
    assert line.accessibleName() == f"Sound: {shown(window)[0]}"
    qtbot.waitUntil(line.isVisible)
    assert not line.findChild(QLabel).pixmap().isNull(), "a shape, not only a colour"
    far = next(e for e in live if isinstance(e, SoundTroubled) and e.channel is Channel.CALLER)
    commit([replace(far, end=far.start + CALL_RATE, at=far.start + CALL_RATE)])
    assert shown(window) == []
    assert window._call.troubles.isHidden()


def test_two_troubles_and_a_loud_alert_fit_into_the_smallest_window(window, commit, live, con):
    troubles = [
        SoundTroubled(kind, channel, CALL_RATE, None, 2 * CALL_RATE)
        for kind, channel in (
            (TroubleKind.NOT_HEARD, Channel.AGENT),
            (TroubleKind.NO_FAR_SIDE, Channel.CALLER),
        )
    ]
    window.resize(900, 600)
    commit([*live[:2], *con[1:-1], *troubles])
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 600)
    assert window._alert_bar.isVisible()
    assert len(shown(window)) == 2
    for card in window._call.cards:
        assert card._mark.height() >= MARK_SIZE
        assert card._reasons.height() >= card._reasons.sizeHint().height()
        assert card._reasons.geometry().bottom() < card._footnote.geometry().top()
        assert card._judge.isHidden() or card.rect().contains(card._judge.geometry())
    for line in window._call.troubles._lines.values():
        assert line.rect().contains(line.childrenRect())
    assert window._call.transcript.height() > 75


def test_the_recording_is_seen_while_it_goes_on(qtbot, window, session, commit, live, live_end):
    mark = window._call.recording
    assert mark.isHidden()
    commit(live)
    assert mark.isVisible()
    assert "recorded" in mark.accessibleName()
    commit(live_end)
    with qtbot.waitSignal(window.call_ended):
        session.end()
    assert mark.isHidden()


def test_a_call_whose_sound_is_not_kept_shows_no_recording(window, commit, live):
    commit([replace(e, keeps_audio=False) if isinstance(e, ConsentRecorded) else e for e in live])
    assert window._call.recording.isHidden()
    assert "The sound of this call is not kept" in window._call.notes.summary.text


def test_a_recording_that_fails_is_told_and_the_call_goes_on(window, commit, live):
    problem = "The recording cannot be written (No space left on device): make room."
    commit([*live, RecordingEnded((), problem, live[-1].at)])
    assert problem in shown(window)
    assert window._call.recording.isHidden()
    assert window._stop.isEnabled()


def test_an_echo_and_a_gap_stand_in_the_transcript(window, commit, live):
    commit(live)
    text = window._call.transcript.toPlainText()
    assert "0:02 to 0:04   Help desk: left out, the microphone heard the caller again" in text
    assert "0:09 to 0:10   Caller: sound lost, Speakers was lost" in text
    assert text.index("What time do you open") < text.index("left out") < text.index("sound lost")


def test_the_end_by_a_device_is_one_sentence_and_keeps_what_was_heard(
    qtbot, window, session, commit, live
):
    commit(live)
    with qtbot.waitSignal(window.call_ended):
        session.end(AudioError("Jabra Evolve2 is gone: connect it and listen again."))
    assert window._error_bar.sentence == "Jabra Evolve2 is gone: connect it and listen again."
    assert "Front desk" in window._call.transcript.toPlainText()
    assert shown(window) == [], "what was wrong then is not wrong now"
    assert window._listen.isEnabled()


def test_a_call_that_cannot_begin_says_why_and_the_next_try_takes_it_away(qtbot, window, desk):
    desk.rules = STANDING
    desk.live_error = AudioError("No microphone was found: connect one and start again.")
    with qtbot.waitSignal(window.call_ended):
        window._listen.trigger()
    assert window._error_bar.sentence == str(desk.live_error)
    desk.live_error = None
    with qtbot.waitSignal(window._bridge.session_started):
        window._listen.trigger()
    assert window._error_bar.isHidden()


def test_a_recording_that_was_begun_meanwhile_is_not_disturbed(qtbot, window, desk):
    desk.rules = STANDING
    qtbot.waitUntil(lambda: bool(desk.asked))
    desk.gate.clear()
    window._listen.trigger()
    window.play(Path("a.wav"), realtime=True)
    with qtbot.waitSignal(window._bridge.session_started):
        desk.gate.set()
    qtbot.wait(300)
    assert desk.live == []
    assert len(desk.sessions) == 1
    desk.session.end()


def test_a_stored_live_case_shows_its_basis_its_recording_and_its_troubles(
    qtbot, window, desk, live, live_end
):
    desk.cases["stored"] = (*live, *live_end)
    with qtbot.waitSignal(window._bridge.case_loaded):
        window._bridge.load_case("stored")
    assert window._call.recording.isHidden()
    assert shown(window) == []
    summary = window._call.notes.summary.text
    assert summary.startswith("The sound of this call is kept. anna confirmed (window, ")
    text = notes(qtbot, window)
    for expected in (
        "anna confirmed (window, ",
        "I have told the caller this, and they did not object.",
        "The notice (test-consent, revision 1)",
        f"Caller: 20261121-140000-0000-caller.flac, 0:12 long, SHA-256 {'a1' * 32}",
        "0:05 to 0:11   Help desk: Microphone muted",
        "0:06 to the end   Caller: ",
        "left out at 0:02 to 0:04.",
    ):
        assert expected in text
    assert "left out" in window._call.transcript.toPlainText()


def test_what_a_site_or_a_device_is_called_cannot_steer_the_window(qtbot, window, desk, live):
    evil = "Clause\u202e 7\x1b[31m"
    basis = ConsentRecorded(evil, None, keeps_audio=False)
    started = replace(live[0], source=evil)
    desk.cases["stored"] = (started, basis)
    with qtbot.waitSignal(window._bridge.case_loaded):
        window._bridge.load_case("stored")
    for text in (window._call.notes.summary.text, window._call._source.text, notes(qtbot, window)):
        assert "Clause\\u202e 7\\x1b[31m" in text


def test_a_recording_has_no_notes(window, qtbot, desk, con):
    desk.cases["file"] = con
    with qtbot.waitSignal(window._bridge.case_loaded):
        window._bridge.load_case("file")
    assert window._call.notes.isHidden()
    assert window._call.troubles.isHidden()


def test_long_names_of_devices_do_not_widen_the_window(window, commit, live):
    window.resize(900, 600)
    commit([replace(live[0], source="Monitor of Built-in Audio Analog Stereo " * 8), *live[1:]])
    QApplication.processEvents()
    assert window.width() == 900


def test_dark_turns_the_trouble_and_the_mark_too(qtbot, window, commit, live, palette):
    commit(live)
    (line,) = window._call.troubles._lines.values()
    parts = [
        lambda: line._mark.pixmap().toImage(),
        lambda: window._call.recording._disc.pixmap().toImage(),
    ]
    before = [part() for part in parts]
    palette("#202428")
    qtbot.waitUntil(lambda: window._theme is DARK)
    assert all(part() != was for part, was in zip(parts, before, strict=True))
