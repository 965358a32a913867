"""One question about the call and its answer so far."""

from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from app.ui.clamped_text import ClampedText
from app.ui.labels import label
from app.ui.marks import mark
from app.ui.theme import Theme
from app.ui.tips import plain_tip
from app.words import VerdictText

MARK_SIZE = 30
REASON_LINES = 3
JUDGE_LINES = 3
"""What fits on a card; the tool tip has all of it."""


class VerdictCard(QFrame):
    """A verdict as a shape and a word, why, how much was heard, and what the judge of it can do.

    Details follow the reasons as far as these leave room; the tool tip has all of both.
    """

    def __init__(
        self, title: str, theme: Theme, shown: VerdictText, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._title = label("card_title", title)
        self._theme = theme
        self._shown = shown
        self._mark = QLabel()
        self._word = label("verdict")
        self._reasons = ClampedText(REASON_LINES)
        self._reasons.setObjectName("reasons")
        self._progress = ClampedText(lines=1)
        self._progress.setObjectName("footnote")
        self._footnote = ClampedText(lines=1)
        self._footnote.setObjectName("footnote")
        self._judge = ClampedText(JUDGE_LINES, shrinks=True)
        self._judge.setObjectName("judge")
        layout = QGridLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(6)
        layout.addWidget(self._title, 0, 0, 1, 2)
        layout.addWidget(self._mark, 1, 0)
        layout.addWidget(self._word, 1, 1)
        layout.addWidget(self._reasons, 2, 0, 1, 2)
        layout.addWidget(self._progress, 4, 0, 1, 2)
        layout.addWidget(self._footnote, 5, 0, 1, 2)
        layout.addWidget(self._judge, 6, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        layout.setRowStretch(3, 1)
        self._draw()

    def show_verdict(self, text: VerdictText, title: str = "") -> None:
        """Show `text` where it differs from what is shown, under another `title` where one is given."""
        title = title or self._title.text()
        if text != self._shown or title != self._title.text():
            self._shown = text
            self._title.setText(title)
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        phrase, reasons, details = self._shown.phrase, self._shown.reasons, self._shown.details
        self._mark.setPixmap(mark(phrase.tone, self._theme.tone[phrase.tone], MARK_SIZE))
        self._word.setText(phrase.word)
        self._reasons.set_text("\n".join((*(reasons or (phrase.meaning,)), *details)))
        self._progress.set_text(self._shown.progress)
        self._progress.setVisible(bool(self._shown.progress))
        self._footnote.set_text(self._shown.footnote)
        self._judge.set_text(self._shown.judge)
        self._judge.setVisible(bool(self._shown.judge))
        self.setProperty("tone", phrase.tone.value)
        for widget in (self, self._word):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        come = (self._shown.progress, self._shown.footnote)
        told = (phrase.meaning, *reasons, *come, *details, self._shown.judge)
        self.setToolTip(plain_tip("\n".join(filter(None, told))))
        self.setAccessibleName(f"{self._title.text()}: {phrase.word}")
        seen = " ".join(filter(None, (*reasons, *come)))
        rest = (seen or phrase.meaning, *details, self._shown.judge)
        self.setAccessibleDescription(" ".join(filter(None, rest)))
