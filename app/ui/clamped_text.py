"""Text of a few lines at most: what does not fit ends in an ellipsis."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import QSizePolicy, QWidget

_LINE_BREAK = "\u2028"
"""What `QTextLayout` takes for the end of a line."""


class ClampedText(QWidget):
    """Plain text, wrapped at words, in the colour and font of the style sheet.

    Takes the height of `lines` lines, so that nothing moves when the text changes; with `shrinks`,
    only that of the lines it needs.
    """

    def __init__(self, lines: int, *, shrinks: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = lines
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(shrinks)
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """All of the text, shown or not."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show `text`."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_lines(self, lines: int) -> None:
        """Take no more than `lines` lines from now on."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._lines * self.fontMetrics().lineSpacing())

    def heightForWidth(self, width: int) -> int:
        return self._laid_out(width).lineCount() * self.fontMetrics().lineSpacing()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        metrics = self.fontMetrics()
        layout = self._laid_out(self.width())
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            y = number * metrics.lineSpacing()
            if number < self._lines - 1:
                line.draw(painter, QPointF(0, y))
            else:
                rest = self._text[line.textStart() :].replace("\n", " ")
                elided = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, self.width())
                painter.drawText(QPointF(0, y + line.ascent()), elided)

    def _laid_out(self, width: int) -> QTextLayout:
        layout = QTextLayout(self._text.replace("\n", _LINE_BREAK), self.font(), self)
        layout.beginLayout()
        while layout.lineCount() < self._lines and (line := layout.createLine()).isValid():
            line.setLineWidth(width)
        layout.endLayout()
        return layout
