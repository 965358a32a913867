"""Choosing what one side of a call is heard from, while devices come and go."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.call.setup import SideDevices
from app.ui.labels import label
from app.ui.marks import mark
from app.ui.theme import Theme
from app.words import Tone, printable
from audio.types import DeviceInfo, DeviceKind

_MARK_SIZE = 16
_Item = tuple[str, str | None]
"""What is shown for a device, and its id; None follows the system's default."""


class DeviceBox(QWidget):
    """A list of devices that keeps to what was chosen: where that is away, nothing else is taken."""

    changed = Signal()
    """What is chosen, or whether it is there, may have changed."""

    def __init__(self, title: str, noun: str, theme: Theme, parent: QWidget | None = None) -> None:
        """`title` names the box; `noun` is what is chosen in it, in a sentence."""
        super().__init__(parent)
        self._noun = noun
        self._items: list[_Item] | None = None
        self._wanted: str | None = None
        self._wanted_name = ""
        self.combo = _Combo(theme)
        self.combo.setPlaceholderText(f"Choose the {noun}")
        self.combo.setAccessibleName(title)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(24)
        self.combo.activated.connect(self._on_chosen)
        heading = label("field", title)
        heading.setBuddy(self.combo)
        self._mark = QLabel()
        self._note = label("field_note", wraps=True)
        note = QHBoxLayout()
        note.setSpacing(6)
        note.addWidget(self._mark)
        note.addWidget(self._note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addWidget(self.combo)
        layout.addLayout(note)
        self.set_theme(theme)
        self._say("Looking for devices\u2026", is_wrong=False)

    @property
    def choice(self) -> str | None:
        """The id of the chosen device; None follows the system's default."""
        return self._wanted

    @property
    def is_ready(self) -> bool:
        """Whether what is chosen is there."""
        return self.combo.currentIndex() >= 0

    @property
    def note(self) -> str:
        """What is said about the choice."""
        return self._note.text()

    def begin(self) -> None:
        """Forget what was chosen: the next devices that are shown say what was chosen before."""
        self._items = None

    def show_side(self, side: SideDevices, *, is_said: bool = False) -> None:
        """Show the devices that are there now; the choice stays, and so does an open list.

        `is_said`: what is wrong with the devices has been said elsewhere.
        """
        if self.combo.view().isVisible():
            return
        if self._items is None:
            self._wanted, self._wanted_name = side.wanted, side.wanted or ""
        if self._wanted and self._wanted == side.wanted and side.chosen:
            self._wanted = side.chosen.id
        items = _items_of(side)
        if items != self._items:
            self._items = items
            self.combo.clear()
            for number, (text, identity) in enumerate(items):
                self.combo.addItem(text, identity)
                self.combo.setItemData(number, identity or text, Qt.ItemDataRole.ToolTipRole)
        self._select(side)
        if is_said:
            self._say("")
        self.changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.combo.set_theme(theme)
        self._mark.setPixmap(mark(Tone.WATCH, theme.tone[Tone.WATCH], _MARK_SIZE))

    def _select(self, side: SideDevices) -> None:
        identities = [identity for _, identity in self._items or ()]
        here = identities.index(self._wanted) if self._wanted in identities else -1
        self.combo.setCurrentIndex(here)
        self.combo.setEnabled(bool(identities))
        self._wanted_name = next(
            (one.name for one in side.devices if one.id == self._wanted), self._wanted_name
        )
        if side.problem:
            self._say(side.problem)
        elif not identities:
            self._say(f"No {self._noun} was found: connect one, and it appears here.")
        elif here < 0 and self._wanted is None:
            self._say(f"No {self._noun} was found: connect one, or choose what is listed here.")
        elif here < 0:
            name = printable(self._wanted_name)
            self._say(
                f"The {self._noun} chosen before, \u201c{name}\u201d, is not there now: "
                "connect it or choose another."
            )
        else:
            self._say("")

    def _on_chosen(self, number: int) -> None:
        self._wanted = self.combo.itemData(number)
        self._wanted_name = self.combo.itemText(number)
        self._say("")
        self.changed.emit()

    def _say(self, sentence: str, *, is_wrong: bool = True) -> None:
        self._note.setText(sentence)
        self._note.setVisible(bool(sentence))
        self._mark.setVisible(bool(sentence) and is_wrong)
        self.combo.setAccessibleDescription(sentence)


class _Combo(QComboBox):
    """With an arrow of its own: a style sheet leaves none to a combo box whose frame it draws."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.text if self.isEnabled() else self._theme.border
        painter.setPen(QPen(QColor(colour), 1.6))
        x, y = self.width() - 18.0, self.height() / 2 + 2.0
        painter.drawPolyline([QPointF(x - 4.5, y - 4), QPointF(x, y), QPointF(x + 4.5, y - 4)])


def _items_of(side: SideDevices) -> list[_Item]:
    items: list[_Item] = []
    if side.default:
        items.append((f"System default ({printable(side.default.name)})", None))
    identities = (one.id for one in side.devices)
    return [*items, *zip(_names(side.devices), identities, strict=True)]


def _names(devices: Sequence[DeviceInfo]) -> list[str]:
    """What to call each: by name, and by its id too where two have one name."""
    counts = Counter(one.name for one in devices)
    return [
        printable(one.name)
        + (" (program)" if one.kind is DeviceKind.APPLICATION else "")
        + (f" [{printable(one.id)}]" if counts[one.name] > 1 else "")
        for one in devices
    ]
