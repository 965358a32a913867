"""A table of which a person picks one row."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget


class RowTable(QTableView):
    """Whole rows are selected, one at a time; nothing is edited. Window thread only.

    `widths` are those of the columns in pixels; the column `stretched` takes what room is left.
    """

    def __init__(
        self,
        model: QAbstractTableModel,
        widths: Sequence[int],
        stretched: int,
        row_height: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
