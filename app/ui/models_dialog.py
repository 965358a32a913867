"""The window's shelf of models: install, import, check, choose and remove them."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.models.store import ModelRow, ModelState, ModelStore
from app.models.words import progress_text
from app.ui.error_bar import ErrorBar
from app.ui.labels import label
from app.ui.model_list import ModelList
from app.ui.models_bridge import Listing, ModelsBridge, Outcome
from app.words import printable
from detection.models.shelf import megabytes
from detection.models.watch import Progress, StoppedError

_PER_MILLE = 1000
_PICK_ONE = "Select a model to see what it does."
_PRIVATE = (
    "Only Install goes to the network, for a model's files. Nothing of a call leaves this machine."
)


class ModelsDialog(QDialog):
    """Closing it leaves a task running; `shut_down` ends that."""

    model_chosen = Signal(str, object)
    """The setting that names a model, and the folder it names now (a path or None)."""
    advice_changed = Signal(list)
    """Sentences: what to install for each job that only built-in models do so far."""

    def __init__(self, store: ModelStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.resize(820, 560)
        self._in_call = False
        self._about = ""
        self._bridge = ModelsBridge(store, self)
        self._list = ModelList()
        self._error_bar = ErrorBar()
        self._details = label("model_details", _PICK_ONE, wraps=True, selectable=True)
        self._details.setMinimumHeight(54)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(6)
        self._progress.setAccessibleName("How much of the model is done")
        self._status = label("status", _PRIVATE, wraps=True, selectable=True)
        self._install = _button("Install", "Download the selected model, check it and use it")
        self._use = _button("Use", "Use the selected model from the next call on")
        self._verify = _button("Verify", "Check every file of the selected model")
        self._remove = _button("Remove\u2026", "Delete the files of the selected model")
        self._import = _button("Import", "Import a model from this machine, without the network")
        self._measure = _button("Measure speed", "Find the largest Whisper model that keeps up here")
        self._stop = _button("Stop", "Stop what is going on; what was downloaded is kept")
        self._close = _button("Close", "Close this window; what is going on goes on")
        self._lay_out()
        self._connect()
        self._show_possible()

    def open_list(self) -> None:
        """Show the models as they are now."""
        if not self._bridge.is_busy:
            self._bridge.list_models()
        self.show()
        self.raise_()
        self.activateWindow()

    def set_in_call(self, *, in_call: bool) -> None:
        """While a call runs, nothing can be measured beside it."""
        self._in_call = in_call
        self._show_possible()

    def shut_down(self) -> None:
        """End what is going on, and wait for that."""
        self._bridge.shut_down()

    def _connect(self) -> None:
        bridge = self._bridge
        bridge.listed.connect(self._on_listed)
        bridge.progressed.connect(self._on_progressed)
        bridge.ended.connect(self._on_ended)
        bridge.failed.connect(self._on_failed)
        self._list.selectionModel().currentChanged.connect(lambda *_: self._show_possible())
        self._install.clicked.connect(lambda: self._begin_with_selected(bridge.install))
        self._use.clicked.connect(lambda: self._begin_with_selected(bridge.use))
        self._verify.clicked.connect(lambda: self._begin_with_selected(bridge.verify))
        self._remove.clicked.connect(self._ask_to_remove)
        self._measure.clicked.connect(lambda: self._begin("Whisper models", bridge.measure))
        self._stop.clicked.connect(self._on_stop)
        self._close.clicked.connect(self.close)
        menu = QMenu(self)
        menu.addAction("From a folder\u2026", lambda: self._choose(QFileDialog.FileMode.Directory))
        menu.addAction("From a zip\u2026", lambda: self._choose(QFileDialog.FileMode.ExistingFile))
        self._import.setMenu(menu)

    def _lay_out(self) -> None:
        actions = QHBoxLayout()
        actions.setSpacing(8)
        for button in (self._install, self._use, self._verify, self._remove):
            actions.addWidget(button)
        actions.addStretch(1)
        for button in (self._import, self._measure):
            actions.addWidget(button)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self._status, 1)
        below.addWidget(self._stop)
        below.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self._error_bar)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._details)
        layout.addLayout(actions)
        layout.addWidget(self._progress)
        layout.addLayout(below)

    def _begin_with_selected(self, start: Callable[[str], None]) -> None:
        row = self._list.selected
        if row is not None:
            self._begin(row.id, lambda: start(row.id))

    def _begin(self, what: str, start: Callable[[], None]) -> None:
        """Start a task on `what`, as the status line will call it."""
        self._about = what
        self._error_bar.hide()
        self._status.setText(printable(what))
        self._progress.setRange(0, 0)
        start()
        self._show_possible()

    def _choose(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, "Import a model", filter="Zips (*.zip);;All files (*)")
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self._bring_in(Path(name)))
        dialog.open()

    def _bring_in(self, path: Path) -> None:
        self._begin(path.name, lambda: self._bridge.bring_in(path))

    def _ask_to_remove(self) -> None:
        row = self._list.selected
        if row is None:
            return
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Question)
        question.setText(f"Delete the files of {row.id} ({megabytes(row.size)})?")
        question.setStandardButtons(QMessageBox.StandardButton.Cancel)
        yes = question.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        yes.clicked.connect(lambda: self._begin(row.id, lambda: self._bridge.remove(row.id)))
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.open()

    def _on_stop(self) -> None:
        self._bridge.stop()
        self._stop.setEnabled(False)

    def _on_listed(self, listing: Listing) -> None:
        selected = self._list.selected
        rows = listing.rows
        self._list.models.show_rows(rows)
        if selected is None and rows:
            recommended = [
                row for row in rows if row.is_installable and row.entry and row.entry.recommended
            ]
            here = [row for row in rows if row.state is ModelState.USED]
            self._list.select((here or recommended or rows)[0].id)
        self.advice_changed.emit(listing.advice)
        self._show_possible()

    def _on_progressed(self, progress: Progress, rate: float | None) -> None:
        self._status.setText(f"{printable(self._about)}: {progress_text(progress, rate)}")
        if progress.total:
            self._progress.setRange(0, _PER_MILLE)
            self._progress.setValue(round(_PER_MILLE * progress.done / progress.total))
        else:
            self._progress.setRange(0, 0)

    def _on_ended(self, outcome: Outcome) -> None:
        self._status.setText(outcome.sentence)
        self._show_possible()
        choice = outcome.choice
        if choice and choice.overridden_by is None:
            self.model_chosen.emit(choice.setting, choice.folder)

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, StoppedError):
            self._status.setText(str(error))
        else:
            self._status.setText("")
            self._error_bar.show_error(error)
        self._show_possible()

    def _show_possible(self) -> None:
        """Offer what can be done with the selected model now."""
        row, busy = self._list.selected, self._bridge.is_busy
        self._details.setText(_details(row) if row else _PICK_ONE)
        self._install.setEnabled(not busy and row is not None and row.is_installable)
        self._use.setEnabled(not busy and row is not None and row.state is ModelState.INSTALLED)
        self._verify.setEnabled(not busy and row is not None and row.is_here)
        removable = row is not None and (row.is_here or row.state is ModelState.PARTIAL)
        self._remove.setEnabled(not busy and removable)
        self._import.setEnabled(not busy)
        self._measure.setEnabled(not busy and not self._in_call)
        self._stop.setEnabled(busy)
        self._progress.setVisible(busy)


def _details(row: ModelRow) -> str:
    """What the selected model is, and where it is or comes from."""
    if row.record is not None:
        where = f"Installed from {printable(row.record.origin)}"
        where += f" at commit {row.record.commit[:12]}." if row.record.commit else "."
    elif row.is_installable or row.entry is None:
        where = ""
    elif row.entry.made_with:
        where = f"A pack has to be made of it with {row.entry.made_with} first; then import that."
    else:
        where = "No part of this program uses it yet."
    if row.entry is None:
        return f"{printable(row.title)}. {where}"
    entry = row.entry
    does = f"{entry.hub} {entry.does}; {entry.parameters_m:,.0f} million parameters."
    figures = "; ".join(f"{figure.what} {figure.value} ({figure.source})" for figure in entry.published)
    return " ".join(part for part in (does, f"Published: {figures}." if figures else "", where) if part)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text.rstrip("\u2026"))
    button.setAutoDefault(False)
    return button
