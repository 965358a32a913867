"""The table of models: which there are, how large, under which licence, and what is here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from app.models.store import ModelRow, ModelState
from app.models.words import JOB_NAME, state_text
from app.ui.row_table import NOWHERE, Index, RowModel, RowTable
from detection.models.shelf import megabytes

_ROW_HEIGHT = 30


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    text: Callable[[ModelRow], str]


_COLUMNS = (
    _Column("Model", 224, lambda row: row.id),
    _Column("State", 146, lambda row: _begun(state_text(row))),
    _Column("Size", 88, lambda row: megabytes(row.size)),
    _Column("For", 150, lambda row: JOB_NAME[row.job]),
    _Column("Licence", 130, lambda row: row.licence),
)
"""What matters most comes first, where a narrow window shows it."""

_LAST = len(_COLUMNS) - 1
_TEXT_ROLES = {
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
}


class ModelListModel(RowModel):
    """Rows of `ModelRow`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([column.title for column in _COLUMNS], parent)
        self.rows: Sequence[ModelRow] = ()

    def show_rows(self, rows: Sequence[ModelRow]) -> None:
        """Put `rows` in place of those there were; where they are the same models, in their places."""
        if [row.id for row in rows] == [row.id for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, _LAST))
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | QFont | None:
        row = self.rows[index.row()]
        if role in _TEXT_ROLES:
            return _COLUMNS[index.column()].text(row)
        if role == Qt.ItemDataRole.FontRole and row.state is ModelState.USED:
            bold = QFont()
            bold.setBold(True)
            return bold
        return None


class ModelList(RowTable):
    """One model can be selected; the selection stays when states change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        rows = ModelListModel()
        super().__init__(rows, [column.width for column in _COLUMNS], _LAST, _ROW_HEIGHT, parent)
        rows.setParent(self)
        self.models = rows
        self.setObjectName("model_list")
        self.setAccessibleName("Models")

    @property
    def selected(self) -> ModelRow | None:
        """The model that is selected."""
        index = self.currentIndex()
        return self.models.rows[index.row()] if index.isValid() else None

    def select(self, model_id: str) -> None:
        """Select a model that is in the list."""
        row = next(n for n, row in enumerate(self.models.rows) if row.id == model_id)
        self.setCurrentIndex(self.models.index(row, 0))
