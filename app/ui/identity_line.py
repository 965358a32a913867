"""Whether the person that the caller claims to be is speaking, in one line under the cards."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.ui.clamped_text import ClampedText
from app.ui.labels import label
from app.ui.marks import mark
from app.ui.theme import Theme
from app.ui.tips import plain_tip
from app.words import IDENTITY, Tone, VerdictText
from detection.types import IdentityLevel

MARK_SIZE = 20
CLAIM_WIDTH = 280
"""Pixels a name may take; the tool tip has all of it."""
_TITLE = "Identity"


class IdentityLine(QFrame):
    """Hidden until somebody was named whom the caller claims to be."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        self._shown = VerdictText(IDENTITY[IdentityLevel.NOT_CHECKED])
        self._mark = QLabel()
        self._claim = label("card_title")
        self._word = label("identity")
        self._reasons = ClampedText(lines=1)
        self._reasons.setObjectName("reasons")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 8, 18, 8)
        layout.setSpacing(10)
        for widget in (self._mark, self._word, self._claim):
            layout.addWidget(widget)
        layout.addWidget(self._reasons, 1)
        self.hide()

    def show_verdict(self, text: VerdictText) -> None:
        """Show `text` where it differs from what is shown."""
        if text != self._shown:
            self._shown = text
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        phrase, reasons = self._shown.phrase, self._shown.reasons
        self.setVisible(phrase is not IDENTITY[IdentityLevel.NOT_CHECKED])
        self._mark.setPixmap(mark(phrase.tone, self._theme.tone[phrase.tone], MARK_SIZE))
        claim, elide = self._shown.footnote, Qt.TextElideMode.ElideRight
        self._claim.setText(self._claim.fontMetrics().elidedText(claim, elide, CLAIM_WIDTH))
        self._word.setText(phrase.word)
        self._reasons.set_text(" ".join(reasons) or phrase.meaning)
        quiet = phrase.tone in {Tone.UNKNOWN, Tone.UNSURE}
        self.setProperty("tone", "" if quiet else phrase.tone.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setToolTip(plain_tip("\n".join((claim, phrase.meaning, *reasons))))
        self.setAccessibleName(f"{_TITLE}: {phrase.word}. {claim}")
        self.setAccessibleDescription(" ".join(reasons) or phrase.meaning)
