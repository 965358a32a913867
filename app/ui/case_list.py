"""The stored cases, newest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.cases.records import CaseStatus, CaseSummary
from app.ui.marks import mark_icon
from app.ui.row_table import NOWHERE, Index, RowModel, RowTable
from app.ui.theme import Theme
from app.words import CONVERSATION, DISCLOSURE, VOICE, Phrase, Tone, local_time
from detection.clock import clock

PAGE = 200
"""Cases asked for at a time; the next page is asked for when the person gets there."""

_MARK_SIZE = 16
_ROW_HEIGHT = 36


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    phrase: Callable[[CaseSummary], Phrase]


def _plain(text: str) -> Phrase:
    return Phrase(text, Tone.UNKNOWN, "")


def _length(case: CaseSummary) -> Phrase:
    return _plain(clock(case.duration_s) + (" (cut)" if case.status is CaseStatus.INTERRUPTED else ""))


def _alerts(case: CaseSummary) -> Phrase:
    if case.alert_count:
        return Phrase(str(case.alert_count), Tone.ALERT, f"Alerts: {case.alert_count}")
    if case.watch_count:
        return Phrase(str(case.watch_count), Tone.WATCH, f"Worth watching: {case.watch_count}")
    return _plain("None")


_COLUMNS = (
    _Column("When", 140, lambda case: _plain(local_time(case.started_at))),
    _Column("Source", 114, lambda case: _plain(case.source)),
    _Column("Length", 72, _length),
    _Column("Voice", 150, lambda case: VOICE[case.voice_level]),
    _Column("Conversation", 150, lambda case: CONVERSATION[case.conversation_level]),
    _Column("AI disclosure", 166, lambda case: DISCLOSURE[case.disclosure_state]),
    _Column("Alerts", 70, _alerts),
)
_SOURCE = 1


class CaseListModel(RowModel):
    """Rows of `CaseSummary`; asks for more with `more_wanted` and is told with `add_page`."""

    more_wanted = Signal(int)
    """Offset of the first case that is not there yet."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__([column.title for column in _COLUMNS], parent)
        self._cases: list[CaseSummary] = []
        self._has_more = False
        self._icons = _icons(theme)

    def add_page(self, offset: int, cases: Sequence[CaseSummary]) -> None:
        """Take in the cases from `offset` on; a page at 0 replaces everything."""
        if offset == 0:
            self.beginResetModel()
            self._cases = list(cases)
            self._has_more = len(cases) == PAGE
            self.endResetModel()
        elif offset == len(self._cases) and cases:
            self.beginInsertRows(QModelIndex(), offset, offset + len(cases) - 1)
            self._cases += cases
            self._has_more = len(cases) == PAGE
            self.endInsertRows()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._icons = _icons(theme)
        if self._cases:
            last = self.index(len(self._cases) - 1, len(_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DecorationRole])

    def case_id(self, row: int) -> str:
        """Id of the case in `row`."""
        return self._cases[row].id

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._cases)

    def canFetchMore(self, parent: Index) -> bool:
        return self._has_more and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:  # noqa: ARG002 - Qt's signature
        if self._has_more:
            self._has_more = False
            self.more_wanted.emit(len(self._cases))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | QIcon | None:
        if role not in _SHOWN_ROLES:
            return None
        phrase = _COLUMNS[index.column()].phrase(self._cases[index.row()])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return phrase.word
            case Qt.ItemDataRole.DecorationRole:
                return self._icons[phrase.tone] if phrase.meaning else None
            case _:
                return phrase.meaning or phrase.word


class CaseList(RowTable):
    """Click a case, or press Enter on it, to open it."""

    case_chosen = Signal(str)
    """case_id"""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        rows = CaseListModel(theme)
        super().__init__(rows, [column.width for column in _COLUMNS], _SOURCE, _ROW_HEIGHT, parent)
        rows.setParent(self)
        self.cases = rows
        self.setObjectName("case_list")
        self.setAccessibleName("Stored cases")
        self.clicked.connect(lambda index: self.case_chosen.emit(self.cases.case_id(index.row())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.case_chosen.emit(self.cases.case_id(self.currentIndex().row()))
        else:
            super().keyPressEvent(event)


_SHOWN_ROLES = {
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.DecorationRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
}


def _icons(theme: Theme) -> dict[Tone, QIcon]:
    return {tone: mark_icon(tone, theme.tone[tone], _MARK_SIZE) for tone in Tone}
