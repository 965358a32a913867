"""What has to be decided before the window listens to a call."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.bridge import SessionBridge
from app.call.consent import ConsentRules
from app.call.setup import LiveChoice, SideDevices
from app.errors import EarwitnessError
from app.ui.consent_panel import ConsentPanel
from app.ui.device_box import DeviceBox
from app.ui.error_bar import ErrorBar
from app.ui.theme import Theme
from audio.types import Channel

REFRESH_MS = 2_000
PATIENCE_MS = 700
"""How long a press of a button may show nothing."""


class ListenDialog(QDialog):
    """Devices, recording and consent for one live call; nothing is captured while it is open.

    It is passed over where nothing has to be decided: the devices are there, and the site has a
    standing basis.
    """

    chosen = Signal(object)
    """The person wants to listen: a `LiveChoice`"""

    def __init__(self, bridge: SessionBridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Listen to a call")
        self.setModal(True)
        self.setMinimumWidth(560)
        self._layout = QVBoxLayout(self)
        self._bridge = bridge
        self._is_asking = False
        self._passes_over = False
        self._is_open = False
        self._has_devices = False
        self._is_settled = False
        self._error_bar = ErrorBar()
        self.boxes = {
            Channel.AGENT: DeviceBox("Your microphone", "microphone", theme),
            Channel.CALLER: DeviceBox("Where you hear the caller", "output", theme),
        }
        self.consent = ConsentPanel(theme)
        self._listen = QPushButton("Listen")
        self._listen.setObjectName("primary")
        self._listen.setDefault(True)
        self._cancel = QPushButton("Cancel")
        self._cancel.setAutoDefault(False)
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._lay_out()
        self._connect()
        self._show_possible()

    def ask(self, *, always: bool) -> None:
        """Find out what there is to decide and, unless it is nothing, show that; `always` shows it."""
        self._is_open = True
        self._has_devices = self._is_settled = False
        self._passes_over = not always
        self._error_bar.hide()
        for box in self.boxes.values():
            box.begin()
        self.consent.begin()
        self._list_devices()
        self._bridge.read_consent()
        if always:
            self.show()
        else:
            self._patience.start()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        for box in self.boxes.values():
            box.set_theme(theme)
        self.consent.set_theme(theme)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            wrapped = self._layout.hasHeightForWidth()
            self.setFixedHeight(
                self._layout.totalHeightForWidth(self.width())
                if wrapped
                else self._layout.totalSizeHint().height()
            )
        return handled

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._passes_over = False
        self._patience.stop()
        self._refresh.start()

    def done(self, result: int) -> None:
        self._is_open = False
        self._patience.stop()
        self._refresh.stop()
        super().done(result)

    def _connect(self) -> None:
        self._bridge.devices_listed.connect(self._on_devices)
        self._bridge.consent_read.connect(self._on_rules)
        self._bridge.setup_failed.connect(self._on_failed)
        for box in self.boxes.values():
            box.changed.connect(self._show_possible)
        self.consent.changed.connect(self._show_possible)
        self._refresh.timeout.connect(self._list_devices)
        self._patience.timeout.connect(self.show)
        self._listen.clicked.connect(self._begin)
        self._cancel.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._listen)
        layout = self._layout
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(14)
        layout.addWidget(self._error_bar)
        for box in self.boxes.values():
            layout.addWidget(box)
        layout.addWidget(self.consent)
        layout.addLayout(buttons)

    def _list_devices(self) -> None:
        """One request at a time: a sound server that is slow to answer is not asked in vain."""
        if not self._is_asking:
            self._is_asking = True
            self._bridge.list_devices()

    def _on_devices(self, sides: Mapping[Channel, SideDevices]) -> None:
        self._is_asking = False
        if not self._is_open:
            return
        said = ""
        for channel, box in self.boxes.items():
            side = sides[channel]
            box.show_side(side, is_said=bool(said) and side.problem == said)
            said = side.problem
        self._has_devices = True
        self._go_on()

    def _on_rules(self, rules: ConsentRules) -> None:
        if self._is_open:
            self.consent.show_rules(rules)
            self._go_on()
            self._focus()

    def _on_failed(self, error: Exception) -> None:
        self._is_asking = False
        if self._is_open:
            self._error_bar.show_error(error)
            self.show()

    def _go_on(self) -> None:
        """When all is known: begin where nothing has to be decided, else ask and get ready meanwhile."""
        if not self._has_devices or not self.consent.has_rules or self._is_settled:
            return
        self._is_settled = True
        if self._passes_over and self._can_begin:
            self._begin()
            return
        self.show()
        self._bridge.prepare()

    @property
    def _can_begin(self) -> bool:
        return self.consent.is_given and all(box.is_ready for box in self.boxes.values())

    def _begin(self) -> None:
        try:
            recording, acknowledgement = self.consent.acknowledge()
        except EarwitnessError as error:
            self._error_bar.show_error(error)
            self.show()
            return
        microphone, far_side = (self.boxes[side].choice for side in (Channel.AGENT, Channel.CALLER))
        self.accept()
        self.chosen.emit(LiveChoice(microphone, far_side, recording, acknowledgement))

    def _show_possible(self) -> None:
        self._listen.setEnabled(self._can_begin)

    def _focus(self) -> None:
        """Where the person goes on: at a device that is away, else at what has to be confirmed."""
        away = [box.combo for box in self.boxes.values() if self._has_devices and not box.is_ready]
        confirm = [self.consent.confirmation.box] if self.consent.asks else [self._listen]
        (away + confirm)[0].setFocus()
