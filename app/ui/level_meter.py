"""How loud each side of the call is."""

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QWidget

from app.ui.labels import label
from app.words import CHANNEL_NAME
from audio.types import Channel

FLOOR_DBFS = -60


class LevelMeter(QWidget):
    """A bar and a figure in dBFS for each channel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(4)
        self._rows = {
            channel: self._add_row(layout, row, channel) for row, channel in enumerate(Channel)
        }

    def show_channels(self, channels: Sequence[Channel]) -> None:
        """Show a row for each channel that the call has, silent until levels come."""
        for channel, row in self._rows.items():
            for widget in row:
                widget.setVisible(channel in channels)
        self.show_levels(dict.fromkeys(Channel, -math.inf))

    def show_levels(self, levels: Mapping[Channel, float]) -> None:
        """Show levels in dBFS (-inf to 0)."""
        for channel, level in levels.items():
            _, bar, figure = self._rows[channel]
            bar.setValue(round(max(level, FLOOR_DBFS)))
            figure.setText(f"{level:.0f} dBFS" if level > FLOOR_DBFS else "silent")

    @staticmethod
    def _add_row(layout: QGridLayout, row: int, channel: Channel) -> tuple[QLabel, QProgressBar, QLabel]:
        name = label("footnote", CHANNEL_NAME[channel])
        bar = QProgressBar()
        bar.setObjectName(f"level_{channel}")
        bar.setTextVisible(False)
        bar.setRange(FLOOR_DBFS, 0)
        bar.setFixedSize(110, 8)
        bar.setAccessibleName(f"Level of the {CHANNEL_NAME[channel].lower()}, dBFS")
        figure = label("footnote")
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        figure.setMinimumWidth(figure.fontMetrics().horizontalAdvance("-60 dBFS "))
        for column, widget in enumerate((name, bar, figure)):
            layout.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)
        return name, bar, figure
