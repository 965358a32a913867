"""From the command line to a window and back out, cleanly."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

import app.entry
from app.entry import main, run_window
from app.errors import DataFolderError
from app.settings import Settings
from app.ui.main_window import MainWindow


@pytest.fixture
def built(qtbot, monkeypatch, desk):
    """The entry point on the scripted desk; notes when the desk is closed."""
    closed = []
    desk.close = lambda: closed.append(True)
    monkeypatch.setattr(app.entry, "build_desk", lambda _settings: desk)
    return closed


def when_started(desk, then):
    """Call `then` in the event loop as soon as the call runs."""
    timer = QTimer(interval=20)

    def look():
        if desk.sessions:
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start()
    return timer


@pytest.mark.parametrize(("error", "status"), [(None, 0), (OSError("disk full"), 1)])
def test_it_quits_with_the_call_and_says_how_that_ended(built, desk, error, status):
    timer = when_started(desk, lambda: desk.session.end(error))
    assert run_window(Settings(), play=Path("a.wav"), quit_when_done=True) == status
    assert desk.started == [(Path("a.wav"), True, None)]
    assert built == [True]
    timer.deleteLater()


def test_it_quits_where_the_recording_cannot_be_opened(built, desk):
    assert run_window(Settings(), play=Path("missing.wav"), quit_when_done=True) == 1
    assert built == [True]


def test_closing_the_window_ends_the_program_and_its_threads(built, desk):
    def close():
        windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
        next(window for window in windows if window.isVisible()).close()

    before = set(threading.enumerate())
    timer = when_started(desk, close)
    assert main(["--sample", "b_helpdesk_con"]) == 0
    assert desk.session.stopped.is_set()
    assert built == [True]
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("earwitness")]
    timer.deleteLater()


def test_a_window_that_cannot_start_says_why(qtbot, monkeypatch):
    def fail(_settings):
        raise DataFolderError("The data folder x is a file; choose a folder with --data-dir.")

    said = []
    monkeypatch.setattr(app.entry, "build_desk", fail)
    monkeypatch.setattr(QMessageBox, "critical", lambda *words: said.append(words[-1]))
    assert main([]) == 1
    assert said == ["The data folder x is a file; choose a folder with --data-dir."]


def test_an_unknown_sample_is_bad_use(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--sample", "nothing"])
    assert end.value.code == 2
    assert "b_helpdesk_con" in capsys.readouterr().err
