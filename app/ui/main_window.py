"""The window: puts the widgets together, folds the live call, and passes a person's wishes on."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.bridge import SessionBridge
from app.call.setup import LiveChoice
from app.case_state import CaseState
from app.desk_protocol import Desk
from app.models.store import ModelStore
from app.ui.alert_bar import AlertBar
from app.ui.call_view import CallView
from app.ui.case_list import PAGE, CaseList
from app.ui.clamped_text import ClampedText
from app.ui.error_bar import ErrorBar
from app.ui.labels import label
from app.ui.listen_dialog import ListenDialog
from app.ui.models_dialog import ModelsDialog
from app.ui.theme import Theme
from app.ui.tool_row import tool_row
from app.words import engines_text, printable
from audio.file_source import Caller
from audio.types import CALL_RATE
from detection.events import AlertRaised, ConsentRecorded, Event
from detection.types import AlertLevel, PartialText

_RECORDINGS = "Recordings (*.wav *.flac *.mp3 *.m4a *.ogg *.opus *.aac *.wma);;All files (*)"
_CALLER_SIDES: tuple[tuple[Caller | None, str], ...] = (
    (None, "Left of two channels, or the only one"),
    ("right", "Right of two channels"),
    ("mono", "All channels mixed to one"),
)


class MainWindow(QMainWindow):
    """Its state is a fold over committed events: a stored case and a live call look the same."""

    call_ended = Signal(object)
    """The error that ended the live call, or None."""

    def __init__(self, desk: Desk, advice: Sequence[str] = (), models: ModelStore | None = None) -> None:
        """`advice` says what to install; without `models` nothing can be."""
        super().__init__()
        self.setWindowTitle("Earwitness")
        self.resize(1100, 720)
        self.setMinimumSize(900, 600)
        self._theme = Theme.of(QApplication.palette())
        self._bridge = SessionBridge(desk, self)
        self._live: CaseState | None = None
        self._error_bar = ErrorBar()
        self._alert_bar = AlertBar(self._theme)
        self._call = CallView(self._theme)
        self._cases = CaseList(self._theme)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._status = ClampedText(lines=1)
        self._status.setObjectName("status")
        self._engines = label("status")
        self._show_advice(advice)
        self._models = ModelsDialog(models, self) if models else None
        self._before_listening = ListenDialog(self._bridge, self._theme, self)
        self._make_actions(desk.sample_calls())
        self._lay_out()
        self._connect()
        self.setStyleSheet(self._theme.style_sheet)
        self._show_running()
        self._bridge.list_cases(PAGE)

    def play(self, recording: Path, *, realtime: bool) -> None:
        """Begin a call from `recording`, at the speed of the call or as fast as it goes."""
        self._error_bar.hide()
        self._bridge.start_file(recording, realtime=realtime, caller=self._caller_side())
        self._show_running(f"Starting {recording.name}")

    def listen(self, choice: LiveChoice) -> None:
        """Begin a live call as the person decided, unless another call has begun meanwhile."""
        if self._bridge.is_busy:
            return
        self._error_bar.hide()
        self._bridge.start_live(choice)
        self._show_running("Starting to listen")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        theme = Theme.of(QApplication.palette())
        if event.type() is QEvent.Type.PaletteChange and theme is not self._theme:
            self._theme = theme
            self.setStyleSheet(theme.style_sheet)
            for part in (self._alert_bar, self._call, self._cases.cases, self._before_listening):
                part.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self._before_listening.reject()
        if self._models:
            self._models.shut_down()
        self._bridge.shut_down()
        super().closeEvent(event)

    def _make_actions(self, samples: Sequence[Path]) -> None:
        self._listen = QAction("Listen", self)
        self._listen.setShortcut("Ctrl+L")
        self._listen.setToolTip("Listen to the call on this machine (Ctrl+L)")
        self._listen.triggered.connect(lambda: self._before_listening.ask(always=False))
        self._listen_with = QAction("Listen with\u2026", self)
        self._listen_with.setShortcut("Ctrl+Shift+L")
        self._listen_with.triggered.connect(lambda: self._before_listening.ask(always=True))
        self._open = QAction("Open recording\u2026", self)
        self._open.setIconText(self._open.text())
        self._open.setShortcut(QKeySequence.StandardKey.Open)
        self._open.triggered.connect(self._choose_recording)
        self._samples = QMenu("Play sample call", self)
        for sample in samples:
            action = self._samples.addAction(sample.stem.replace("_", " ").capitalize())
            action.triggered.connect(lambda _=False, path=sample: self.play(path, realtime=True))
        self._stop = QAction("Stop", self)
        self._stop.setShortcut("Ctrl+.")
        self._stop.triggered.connect(self._on_stop)
        self._open_models = QAction("Models\u2026", self)
        self._open_models.setIconText(self._open_models.text())
        self._open_models.setVisible(self._models is not None)
        self._sides = QActionGroup(self)
        for side, title in _CALLER_SIDES:
            action = self._sides.addAction(title)
            action.setCheckable(True)
            action.setData(side)
        self._sides.actions()[0].setChecked(True)

    def _lay_out(self) -> None:
        call = self.menuBar().addMenu("&Call")
        call.addActions([self._listen, self._listen_with])
        call.addSeparator()
        call.addAction(self._open)
        call.addMenu(self._samples)
        call.addAction(self._stop)
        call.addSeparator()
        sides = call.addMenu("The caller is on")
        sides.addActions(self._sides.actions())
        call.addSeparator()
        call.addAction(self._open_models)
        call.addAction("Quit", QKeySequence(QKeySequence.StandardKey.Quit), self.close)

        others = (self._open, self._samples.menuAction(), self._stop, self._open_models)
        self._tabs.setCornerWidget(tool_row(self._listen, others), Qt.Corner.TopRightCorner)

        cases = QWidget()
        cases_layout = QVBoxLayout(cases)
        cases_layout.setContentsMargins(20, 14, 20, 14)
        cases_layout.addWidget(self._cases)
        self._tabs.addTab(self._call, "This call")
        self._tabs.addTab(cases, "Cases")
        page = QWidget()
        page.setObjectName("page")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._error_bar)
        layout.addWidget(self._alert_bar)
        layout.addWidget(self._tabs, 1)
        self.setCentralWidget(page)
        self.statusBar().addWidget(self._status, 1)
        self.statusBar().addPermanentWidget(self._engines)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(16, 0, 16, 4)

    def _connect(self) -> None:
        bridge = self._bridge
        bridge.session_started.connect(self._on_session_started)
        bridge.events_committed.connect(self._on_events_committed)
        bridge.levels_changed.connect(self._call.show_levels)
        bridge.partials_changed.connect(self._on_partials_changed)
        bridge.progress_changed.connect(self._on_progress_changed)
        bridge.session_ended.connect(self._on_session_ended)
        bridge.cases_listed.connect(self._cases.cases.add_page)
        bridge.case_loaded.connect(self._show_case)
        bridge.request_failed.connect(self._error_bar.show_error)
        self._before_listening.chosen.connect(self.listen)
        self._cases.case_chosen.connect(self._on_case_chosen)
        self._cases.cases.more_wanted.connect(lambda offset: bridge.list_cases(PAGE, offset))
        self._call.return_wanted.connect(self._show_live)
        self._alert_bar.steps.step_taken.connect(bridge.take_step)
        self._alert_bar.steps.challenge_wanted.connect(bridge.give_challenge)
        self._alert_bar.labelled.connect(bridge.label_call)
        self._alert_bar.alert_shown.connect(lambda _: QApplication.alert(self))
        if self._models:
            self._open_models.triggered.connect(self._models.open_list)
            self._models.model_chosen.connect(bridge.use_model)
            self._models.advice_changed.connect(self._show_advice)

    def _on_session_started(self, case_id: str) -> None:
        self._fold_of(case_id)
        self._show_running(self._listening)

    def _on_events_committed(self, case_id: str, events: Sequence[Event]) -> None:
        live = self._fold_of(case_id)
        for event in events:
            live.apply(event)
        if any(isinstance(e, AlertRaised) and e.alert.level is AlertLevel.ALERT for e in events):
            self._show_live()
        if self._call.state is live:
            self._refresh()
        if any(isinstance(event, ConsentRecorded) for event in events) and self._bridge.is_busy:
            self._show_running(self._listening)
        if live.ended:
            self._bridge.list_cases(PAGE)

    def _on_partials_changed(self, partials: list[PartialText], is_behind: bool) -> None:
        if self._call.state is self._live:
            self._call.show_partials(partials, is_behind=is_behind)

    def _on_progress_changed(self, heard_s: float, total_s: float | None) -> None:
        if self._call.state is self._live:
            self._call.show_progress(heard_s, total_s)
            self._alert_bar.show_clock(round(heard_s * CALL_RATE))

    def _on_session_ended(self, error: Exception | None) -> None:
        if error:
            self._error_bar.show_error(error)
        self._call.set_live(is_live=False)
        self._refresh()
        self._show_running()
        self.call_ended.emit(error)

    def _on_case_chosen(self, case_id: str) -> None:
        if self._live and self._live.case_id == case_id:
            self._show_live()
        else:
            self._bridge.load_case(case_id)

    def _on_stop(self) -> None:
        self._bridge.stop()
        self._show_running("Stopping. What was heard is still being judged.")
        self._stop.setEnabled(False)

    @property
    def _listening(self) -> str:
        """What is listened to: the devices of a live call are known with its first events."""
        live = self._live
        return f"Listening to {printable(live.source)}" if live and live.consent else "Listening"

    def _fold_of(self, case_id: str) -> CaseState:
        """The state of the live call, begun and shown with its first news."""
        if self._live is None or self._live.case_id != case_id:
            self._live = CaseState(case_id)
            self._show_case(self._live)
        return self._live

    def _show_live(self) -> None:
        if self._live and self._call.state is not self._live:
            self._show_case(self._live)
        self._tabs.setCurrentWidget(self._call)

    def _show_case(self, state: CaseState) -> None:
        runs = self._bridge.is_busy
        self._call.show_case(state)
        self._call.set_live(
            is_live=runs and state is self._live, is_elsewhere=runs and state is not self._live
        )
        self._alert_bar.show_case()
        self._refresh()
        self._tabs.setCurrentWidget(self._call)

    def _refresh(self) -> None:
        state = self._call.state
        self._call.refresh()
        is_running = self._bridge.is_busy and state is self._live and state.ended is None
        self._alert_bar.refresh(state, is_running=is_running)
        self._engines.setText(engines_text(state.engines))

    def _show_running(self, status: str = "") -> None:
        """Say what goes on and offer what can be done now."""
        busy = self._bridge.is_busy
        if self._models:
            self._models.set_in_call(in_call=busy)
        for action in (self._listen, self._listen_with, self._open, self._samples.menuAction()):
            action.setEnabled(not busy)
        self._stop.setEnabled(self._bridge.is_running)
        self._status.set_text(status or ("Listening" if busy else "Ready"))

    def _show_advice(self, advice: Sequence[str]) -> None:
        self._engines.setToolTip("\n".join(advice))

    def _caller_side(self) -> Caller | None:
        return self._sides.checkedAction().data()

    def _choose_recording(self) -> None:
        dialog = QFileDialog(self, "Open recording", filter=_RECORDINGS)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.play(Path(name), realtime=False))
        dialog.open()
