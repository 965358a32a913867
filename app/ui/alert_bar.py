"""What a person must know now: impossible to miss, never in the way."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QWidget

from app.ui.clamped_text import ClampedText
from app.ui.labels import label
from app.ui.marks import mark
from app.ui.theme import Theme
from app.words import ALERT_TONE
from detection.clock import clock_at
from detection.types import Alert, AlertLevel

_MARK_SIZE = 34


class AlertBar(QFrame):
    """Shows one alert of the call: the newest of the loudest, the others a click away."""

    alert_shown = Signal(object)
    """An `Alert` of the loud kind has come."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("alert_bar")
        self._theme = theme
        self._alerts: Sequence[Alert] = ()
        self._known = 0
        self._index = 0
        self._mark = QLabel()
        self._title = label("alert_title", wraps=True, selectable=True)
        self._reason = ClampedText(lines=2, shrinks=True)
        self._reason.setObjectName("alert_reason")
        self._next_step = label("alert_next", wraps=True, selectable=True)
        self._previous = _step_button("\u2039", "Earlier alert")
        self._previous.clicked.connect(lambda: self._show(self._index - 1))
        self._next = _step_button("\u203a", "Later alert")
        self._next.clicked.connect(lambda: self._show(self._index + 1))
        self._count = label("alert_count")
        self._lay_out()
        self.hide()

    def show_case(self) -> None:
        """Begin again with another case."""
        self._known = 0
        self._alerts = ()
        self.hide()

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Show the alerts of the case so far; a new loud one comes to the front."""
        fresh = range(self._known, len(alerts))
        if not fresh:
            return
        quiet_so_far = self._known == 0 or self._alerts[self._index].level is AlertLevel.WATCH
        self._alerts = alerts
        self._known = len(alerts)
        loud = [number for number in fresh if alerts[number].level is AlertLevel.ALERT]
        if loud:
            self._show(loud[-1])
            self.alert_shown.emit(alerts[loud[-1]])
        else:
            self._show(fresh[-1] if quiet_so_far else self._index)
        self.show()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        if self._alerts:
            self._show(self._index)

    def _show(self, index: int) -> None:
        self._index = index
        alert = self._alerts[index]
        loud = alert.level is AlertLevel.ALERT
        tone = ALERT_TONE[alert.level]
        self._mark.setPixmap(
            mark(tone, self._theme.on_alert_bar if loud else self._theme.tone[tone], _MARK_SIZE)
        )
        self._title.setText(f"{alert.title}   ({clock_at(alert.at)})")
        self._reason.set_text(alert.reason)
        self._reason.setToolTip(alert.reason)
        self._next_step.setText(f"Next: {alert.next_step}")
        total = len(self._alerts)
        self._count.setText(f"{index + 1} of {total}")
        for widget in (self._previous, self._count, self._next):
            widget.setVisible(total > 1)
        self._previous.setEnabled(index > 0)
        self._next.setEnabled(index < total - 1)
        self.setProperty("level", alert.level.value)
        for widget in (self, *self.findChildren(QWidget)):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        words = f"{alert.title}. {alert.reason} Next: {alert.next_step}"
        self.setAccessibleName(f"{'Alert' if loud else 'Watch'}: {words}")
        if loud:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _lay_out(self) -> None:
        pager = QHBoxLayout()
        pager.setSpacing(4)
        for widget in (self._previous, self._count, self._next):
            pager.addWidget(widget)
        layout = QGridLayout(self)
        layout.setContentsMargins(18, 12, 14, 12)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(4)
        layout.addWidget(self._mark, 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._title, 0, 1)
        layout.addLayout(pager, 0, 2, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._reason, 1, 1, 1, 2)
        layout.addWidget(self._next_step, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)


def _step_button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
