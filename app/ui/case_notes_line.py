"""On what basis a live call is kept, in one line, and all notes of it a click away."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.case_notes import Notes, notes_of, summary_of
from app.case_state import CaseState
from app.ui.clamped_text import ClampedText
from app.ui.tips import plain_tip
from app.words import printable


class CaseNotesLine(QWidget):
    """Hidden for a call that came from a recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = CaseState("")
        self.summary = ClampedText(lines=1)
        self.summary.setObjectName("footnote")
        self.details = QPushButton("Details\u2026")
        self.details.setObjectName("small")
        self.details.setAccessibleName("Consent, recording and sound of this call")
        self.details.clicked.connect(self._show_details)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.summary, 1)
        layout.addWidget(self.details)
        self.hide()

    def show_case(self, state: CaseState) -> None:
        """Show what is known of `state` now."""
        self._state = state
        text = printable(summary_of(state))
        self.summary.set_text(text)
        self.summary.setToolTip(plain_tip(text))
        self.setVisible(bool(text))

    def _show_details(self) -> None:
        dialog = CaseNotesDialog(notes_of(self._state), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


class CaseNotesDialog(QDialog):
    """The notes as they were when it was opened; they can be selected and copied."""

    def __init__(self, notes: Notes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Consent, recording and sound")
        self.resize(640, 420)
        self.text = QTextEdit()
        self.text.setObjectName("transcript")
        self.text.setAccessibleName(self.windowTitle())
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.document().setDocumentMargin(14)
        self._write(notes)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 14)
        layout.setSpacing(12)
        layout.addWidget(self.text)
        layout.addWidget(buttons)

    def _write(self, notes: Notes) -> None:
        cursor = self.text.textCursor()
        plain, bold = cursor.charFormat(), cursor.charFormat()
        bold.setFontWeight(600)
        apart, close = cursor.blockFormat(), cursor.blockFormat()
        apart.setTopMargin(14)
        close.setTopMargin(4)
        for number, (heading, sentences) in enumerate(notes):
            if number:
                cursor.insertBlock(apart)
            cursor.insertText(heading, bold)
            for sentence in sentences:
                cursor.insertBlock(close)
                cursor.insertText(printable(sentence), plain)
        cursor.movePosition(cursor.MoveOperation.Start)
        self.text.setTextCursor(cursor)
