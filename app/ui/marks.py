"""The shape of each tone, so that colour is never the only signal."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from app.words import Tone

_SCALE = 3
"""Pixels drawn per pixel shown: sharp at up to 300 %."""

_OCTAGON = ((8, 2), (16, 2), (22, 8), (22, 16), (16, 22), (8, 22), (2, 16), (2, 8))


def mark(tone: Tone, colour: str, size: int) -> QPixmap:
    """A ring (unknown), a ring with a bar (unsure), a ticked disc (calm), a triangle or an octagon."""
    pixmap = QPixmap(QSize(size, size) * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size * _SCALE / 24, size * _SCALE / 24)
    _draw(painter, tone, QColor(colour))
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap


def mark_icon(tone: Tone, colour: str, size: int) -> QIcon:
    """The same as an icon, for tables."""
    return QIcon(mark(tone, colour, size))


def _draw(painter: QPainter, tone: Tone, colour: QColor) -> None:
    """Draw on a canvas of 24 x 24; signs on a filled shape are cut out of it."""
    painter.setPen(_pen(colour, 2.2))
    match tone:
        case Tone.UNKNOWN:
            dashes = _pen(colour, 2.2)
            dashes.setDashPattern([1.6, 2.0])
            painter.setPen(dashes)
            painter.drawEllipse(QRectF(3, 3, 18, 18))
        case Tone.UNSURE:
            painter.drawEllipse(QRectF(3, 3, 18, 18))
            painter.drawLine(QPointF(8, 12), QPointF(16, 12))
        case Tone.CALM:
            painter.setBrush(colour)
            painter.drawEllipse(QRectF(3, 3, 18, 18))
            _cut(painter)
            painter.drawPolyline(_points((7.5, 12.4), (10.8, 15.6), (16.6, 8.8)))
        case Tone.WATCH:
            painter.setBrush(colour)
            painter.drawPolygon(_points((12, 3.4), (21.6, 20), (2.4, 20)))
            _cut(painter)
            painter.drawLine(QPointF(12, 9), QPointF(12, 13.4))
            painter.drawPoint(QPointF(12, 17.2))
        case Tone.ALERT:
            painter.setBrush(colour)
            painter.drawPolygon(_points(*_OCTAGON))
            _cut(painter)
            painter.drawLine(QPointF(12, 6.6), QPointF(12, 12.8))
            painter.drawPoint(QPointF(12, 17.2))


def _cut(painter: QPainter) -> None:
    painter.setPen(_pen(QColor("black"), 2.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _points(*pairs: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in pairs])
