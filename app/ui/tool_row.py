"""The buttons beside the tabs."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget


def tool_row(primary: QAction, others: Iterable[QAction]) -> QWidget:
    """A button for each action that is visible; the one for `primary` stands out."""
    tools = QWidget()
    row = QHBoxLayout(tools)
    row.setContentsMargins(8, 0, 20, 0)
    row.addWidget(_button(primary, "primary"))
    for action in others:
        if action.isVisible():
            row.addWidget(_button(action, "tool"))
    return tools


def _button(action: QAction, look: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(look)
    button.setDefaultAction(action)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
