"""That the sound of this call is being kept: steady, and as a word too."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.ui.labels import label
from app.ui.theme import Theme
from app.words import Tone

_SIZE = 10
_SCALE = 3
"""Pixels drawn per pixel shown: sharp at up to 300 %."""


class RecordingMark(QWidget):
    """A disc and "Recording"."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The sound of this call is being recorded")
        self.setToolTip(self.accessibleName())
        self._disc = QLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._disc)
        layout.addWidget(label("recording", "Recording"))
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        pixmap = QPixmap(_SIZE * _SCALE, _SIZE * _SCALE)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tone[Tone.ALERT]))
        painter.drawEllipse(pixmap.rect())
        painter.end()
        pixmap.setDevicePixelRatio(_SCALE)
        self._disc.setPixmap(pixmap)
