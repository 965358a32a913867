"""What became of the question whether the caller is an AI; the time for an answer is counted down."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from app.case_state import CaseState
from app.question_words import question_text
from app.ui.clamped_text import ClampedText
from app.ui.tips import plain_tip
from app.words import printable

_LINES = 2
"""What a quoted answer may take; the tool tip has all of it."""


class QuestionLine(ClampedText):
    """Takes no room where nobody asked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_LINES, shrinks=True, parent=parent)
        self.setObjectName("alert_answer")
        self._state = CaseState("")
        self._heard = 0
        self._is_shown = False
        self._is_running = False
        self._was_awaited = False

    @property
    def is_awaiting(self) -> bool:
        """Whether an answer may still come."""
        return self._is_running and self._state.disclosure.awaits_until is not None

    def show_question(self, state: CaseState, *, is_shown: bool, is_running: bool) -> None:
        """Take in what became of the question in `state`, and show it where `is_shown`."""
        if state is not self._state:
            self._heard = 0
        self._state = state
        self._is_shown = is_shown
        self._is_running = is_running
        self._draw()

    def show_clock(self, heard: int) -> None:
        """Count down to sample `heard` of the running call."""
        self._heard = heard
        if self.is_awaiting:
            self._draw()

    def _draw(self) -> None:
        told = question_text(self._state, self._heard, is_running=self._is_running)
        text = printable(told) if self._is_shown else ""
        has_changed = bool(text) and (not self.text or self.is_awaiting is not self._was_awaited)
        self._was_awaited = self.is_awaiting
        self.set_text(text)
        self.setToolTip(plain_tip(text))
        self.setVisible(bool(text))
        if has_changed and self.isVisible():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
