"""What is wrong with the sound right now, a line for each thing, until it is over."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.clamped_text import ClampedText
from app.ui.marks import mark
from app.ui.theme import Theme
from app.ui.tips import plain_tip
from app.words import Tone

_MARK_SIZE = 18
_LINES = 2
"""What a sentence may take; the tool tip has all of it."""


class TroubleLines(QFrame):
    """Takes no room while there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("troubles")
        self._theme = theme
        self._lines: dict[str, _TroubleLine] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(14, 6, 14, 6)
        self._layout.setSpacing(4)
        self.hide()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is shown."""
        return tuple(self._lines)

    def show_sentences(self, sentences: Sequence[str]) -> None:
        """Show these and no others; one that is new is told to a screen reader."""
        wanted = dict.fromkeys(sentences)
        if tuple(wanted) == self.sentences:
            return
        for sentence in [known for known in self._lines if known not in wanted]:
            gone = self._lines.pop(sentence)
            self._layout.removeWidget(gone)
            gone.deleteLater()
        for sentence in wanted:
            if sentence not in self._lines:
                self._lines[sentence] = line = _TroubleLine(sentence, self._theme)
                self._layout.addWidget(line)
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(line, sentence))
        self.setVisible(bool(self._lines))

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        for line in self._lines.values():
            line.set_theme(theme)


class _TroubleLine(QWidget):
    def __init__(self, sentence: str, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(f"Sound: {sentence}")
        self.setToolTip(plain_tip(sentence))
        self._mark = QLabel()
        text = ClampedText(_LINES, shrinks=True)
        text.setObjectName("trouble_text")
        text.set_text(sentence)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(text, 1, Qt.AlignmentFlag.AlignVCenter)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._mark.setPixmap(mark(Tone.WATCH, theme.tone[Tone.WATCH], _MARK_SIZE))
