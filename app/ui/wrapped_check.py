"""A check box whose text may be long: Qt's own never wraps, and knows nothing of the two looks."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from app.ui.labels import label
from app.ui.theme import Theme

_SIZE = 18


class WrappedCheck(QWidget):
    """A box and its text beside it, which can be clicked as well."""

    toggled = Signal(bool)

    def __init__(self, theme: Theme, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = _Box(theme)
        self.box.toggled.connect(self.toggled)
        self._text = label("check_text", wraps=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(9)
        layout.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        self.set_text(text)

    @property
    def text(self) -> str:
        """What the box stands for."""
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Have the box stand for `text`."""
        self._text.setText(text)
        self.box.setAccessibleName(text)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.box.set_theme(theme)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._text.geometry().contains(event.position().toPoint()):
            self.box.setFocus()
            self.box.click()


class _Box(QCheckBox):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIZE, _SIZE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: object) -> bool:  # noqa: ARG002 - Qt's signature
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        theme, is_set = self._theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self.hasFocus() else 1.2
        edge = theme.text if self.hasFocus() else theme.accent if is_set else theme.muted
        painter.setPen(QPen(QColor(edge), width))
        painter.setBrush(QColor(theme.accent if is_set else theme.surface))
        painter.drawRoundedRect(QRectF(1.5, 1.5, _SIZE - 3, _SIZE - 3), 4, 4)
        if is_set:
            tick = QPen(QColor(theme.on_accent), 2)
            tick.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(tick)
            painter.drawPolyline([QPointF(5, 9.4), QPointF(7.8, 12.2), QPointF(13, 6.2)])
