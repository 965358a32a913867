"""What a person must know now: impossible to miss, never in the way."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.case_state import CaseState
from app.ui.clamped_text import ClampedText
from app.ui.labels import label
from app.ui.marks import mark
from app.ui.step_panel import StepPanel
from app.ui.theme import Theme
from app.ui.tips import plain_tip
from app.words import ALERT_TONE
from detection.clock import clock_at
from detection.events import CallLabel
from detection.types import Alert, AlertLevel

_MARK_SIZE = 34


class AlertBar(QFrame):
    """Shows one alert of the call: the newest of the loudest, the others a click away.

    With it come the next step and, while the call runs, the buttons that record what was done.
    """

    alert_shown = Signal(object)
    """An `Alert` of the loud kind has come."""
    labelled = Signal(str)
    """The `CallLabel` that the person gives the call."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("alert_bar")
        self._theme = theme
        self._state = CaseState("")
        self._is_running = False
        self._known = 0
        self._index = 0
        self._mark = QLabel()
        self._title = label("alert_title", wraps=True, selectable=True)
        self._reason = ClampedText(lines=2, shrinks=True)
        self._reason.setObjectName("alert_reason")
        self.steps = StepPanel()
        self.harmless = QPushButton("&Not a scam")
        self.harmless.clicked.connect(lambda: self.labelled.emit(self._label_offered))
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
        self._state = CaseState("")
        self.hide()

    def refresh(self, state: CaseState, *, is_running: bool) -> None:
        """Show the alerts of the case so far, a new loud one in front, and what is to be done.

        What is done can be recorded while the call runs.
        """
        self._state = state
        self._is_running = is_running
        if not state.alerts:
            return
        if len(state.alerts) > self._known:
            self._show_fresh()
        self._show_steps()

    def _show_fresh(self) -> None:
        alerts = self._state.alerts
        fresh = range(self._known, len(alerts))
        quiet_so_far = self._known == 0 or alerts[self._index].level is AlertLevel.WATCH
        self._known = len(alerts)
        loud = [number for number in fresh if alerts[number].level is AlertLevel.ALERT]
        if loud:
            self._show(loud[-1])
            self.alert_shown.emit(alerts[loud[-1]])
        else:
            self._show(fresh[-1] if quiet_so_far else self._index)
        self.show()

    def show_clock(self, heard: int) -> None:
        """The running call is at sample `heard`."""
        if self._is_running:
            self.steps.show_clock(heard)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        if self._state.alerts:
            self._show(self._index)

    def _show(self, index: int) -> None:
        self._index = index
        alert = self._state.alerts[index]
        loud = alert.level is AlertLevel.ALERT
        tone = ALERT_TONE[alert.level]
        self._mark.setPixmap(
            mark(tone, self._theme.on_alert_bar if loud else self._theme.tone[tone], _MARK_SIZE)
        )
        self._title.setText(f"{alert.title}   ({clock_at(alert.at)})")
        self._reason.set_text(alert.reason)
        self._reason.setToolTip(plain_tip(alert.reason))
        total = len(self._state.alerts)
        self._count.setText(f"{index + 1} of {total}")
        for widget in (self._previous, self._count, self._next):
            widget.setVisible(total > 1)
        self._previous.setEnabled(index > 0)
        self._next.setEnabled(index < total - 1)
        self.setProperty("level", alert.level.value)
        for widget in (self, *self.findChildren(QWidget)):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._show_steps()
        if loud:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._words(alert)))

    def _show_steps(self) -> None:
        alert = self._state.alerts[self._index]
        advice = self._state.advice(alert.subject)
        self.steps.show_steps(self._state, advice, alert.next_step, is_running=self._is_running)
        self._reason.set_lines(1 if self.steps.is_open else 2)
        self._reason.setVisible(not self.steps.has_challenge)
        self.harmless.setVisible(self._is_running)
        taken_back = self._label_offered == "withdrawn"
        self.harmless.setText("Take back “&not a scam”" if taken_back else "&Not a scam")
        self.harmless.setToolTip("Recorded with the case. It changes no verdict and ends no alert.")
        name = "Alert" if alert.level is AlertLevel.ALERT else "Watch"
        self.setAccessibleName(f"{name}: {self._words(alert)}")

    def _words(self, alert: Alert) -> str:
        return f"{alert.title}. {alert.reason} {self.steps.next_step.text()}"

    @property
    def _label_offered(self) -> CallLabel:
        return "withdrawn" if self._state.is_labelled_harmless else "not_a_scam"

    def _lay_out(self) -> None:
        pager = QHBoxLayout()
        pager.setSpacing(4)
        for widget in (self.harmless, self._previous, self._count, self._next):
            pager.addWidget(widget)
        layout = QGridLayout(self)
        layout.setContentsMargins(18, 8, 14, 8)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(4)
        layout.addWidget(self._mark, 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._title, 0, 1)
        layout.addLayout(pager, 0, 2, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._reason, 1, 1, 1, 2)
        layout.addWidget(self.steps, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)


def _step_button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
