"""The window on the real desk: real engines, a real recording, a real case log."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import Qt

from app.cases.verify import verify
from app.compose import build_desk, case_log_path
from app.settings import settings_with
from app.ui.main_window import MainWindow

ENGINES_AND_CALL_MS = 90_000


def test_a_recording_is_heard_shown_stored_and_shown_again(qtbot, samples: Path, tmp_path: Path):
    settings = settings_with(data_dir=tmp_path)
    with closing(build_desk(settings)) as desk:
        window = MainWindow(desk)
        qtbot.addWidget(window)
        window.show()
        with qtbot.waitSignal(window.call_ended, timeout=ENGINES_AND_CALL_MS) as ended:
            window.play(samples / "b_helpdesk_con.wav", realtime=False)
        assert ended.args == [None]
        live = [card._word.text() for card in window._call.cards]
        assert live == ["Likely synthetic", "Vishing pattern", "Denied when asked"]
        heard = window._call.transcript.toPlainText()
        assert "multi factor authentication" in heard
        assert window._alert_bar.isVisible()

        window._tabs.setCurrentIndex(1)
        table = window._cases
        qtbot.waitUntil(lambda: table.model().rowCount() == 1)
        window._live = None  # as after a restart: the case can only come from the log
        with qtbot.waitSignal(window._bridge.case_loaded):
            place = table.visualRect(table.model().index(0, 0)).center()
            qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert [card._word.text() for card in window._call.cards] == live
        assert window._call.transcript.toPlainText() == heard
        window.close()
    assert [check.ok for check in verify(case_log_path(settings))] == [True]


def test_a_file_that_is_no_recording_is_said_and_the_window_goes_on(
    qtbot, samples: Path, tmp_path: Path
):
    notes = tmp_path / "notes.wav"
    notes.write_text("call back later")
    with closing(build_desk(settings_with(data_dir=tmp_path / "data"))) as desk:
        window = MainWindow(desk)
        qtbot.addWidget(window)
        window.show()
        with qtbot.waitSignal(window.call_ended, timeout=ENGINES_AND_CALL_MS) as ended:
            window.play(notes, realtime=False)
        assert "notes.wav" in str(ended.args[0])
        assert window._error_bar.isVisible()
        assert window._open.isEnabled()
        window.close()
