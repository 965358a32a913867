"""The window on a scripted desk, the calls it may be shown, and the system's look."""

import os
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from app.ui.main_window import MainWindow
from detection.events import Event
from tests.gui.call_events import CON, HONEST, long_call
from tests.gui.live_calls import LIVE, LIVE_END
from tests.gui.scripted_desk import ScriptedDesk

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def con() -> tuple[Event, ...]:
    return CON


@pytest.fixture
def honest() -> tuple[Event, ...]:
    return HONEST


@pytest.fixture
def live() -> tuple[Event, ...]:
    return LIVE


@pytest.fixture
def live_end() -> tuple[Event, ...]:
    return LIVE_END


@pytest.fixture
def many() -> Callable[[int], list[Event]]:
    return long_call


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def window(qtbot, desk) -> MainWindow:
    """The whole window on the scripted desk, shown."""
    window = MainWindow(desk)
    qtbot.addWidget(window, before_close_func=lambda _: desk.gate.set())
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def palette(qapp: QApplication) -> Iterator[Callable[[str], None]]:
    """Gives the system a look of one colour, until the test ends."""
    before = QApplication.palette()
    yield lambda colour: QApplication.setPalette(QPalette(QColor(colour)))
    QApplication.setPalette(before)
