"""Labels that the style sheet knows by name."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def label(name: str, text: str = "", *, wraps: bool = False, selectable: bool = False) -> QLabel:
    """A label of plain text whose look is `#name` in the style sheet."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
