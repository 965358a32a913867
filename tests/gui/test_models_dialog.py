"""The window's models: a real store, a real hub on this machine, and a person who clicks."""

import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMessageBox, QPushButton

import resources
from app.models.store import ModelState, ModelStore
from app.settings import settings_with
from app.ui.main_window import MainWindow
from app.ui.models_dialog import ModelsDialog
from detection.models.catalogue import load_catalogue
from detection.models.shelf import ModelShelf
from tests.fakes import Deaf
from tests.hub import Hub, silent, stall_after, swapped

ID = "faster-whisper-base.en"
SOON_MS = 20_000


@pytest.fixture
def store(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(tmp_path / "settings.toml"))
    catalogue = load_catalogue(resources.ROOT / "models" / "catalogue.yaml")
    shelf = ModelShelf(tmp_path / "models")
    return ModelStore(catalogue, shelf, hub.address, lambda *_: None, lambda _: Deaf())


@pytest.fixture
def shown(qtbot, desk, store: ModelStore) -> MainWindow:
    """The main window, with models to be had."""
    window = MainWindow(desk, store.advice(), store)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def dialog(qtbot, shown: MainWindow) -> ModelsDialog:
    """The dialog, opened from the window and filled."""
    dialog = shown._models
    assert dialog
    with qtbot.waitSignal(dialog._bridge.listed):
        shown._open_models.trigger()
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def click(qtbot, button: QPushButton) -> None:
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def done(qtbot, dialog: ModelsDialog) -> None:
    """Wait until the task and the listing after it are over."""
    bridge = dialog._bridge
    qtbot.waitUntil(lambda: not bridge.is_busy and bridge._listing is None, timeout=SOON_MS)


def state(dialog: ModelsDialog, model_id: str = ID) -> ModelState:
    return next(row.state for row in dialog._list.models.rows if row.id == model_id)


def enabled(dialog: ModelsDialog) -> set[str]:
    buttons = (dialog._install, dialog._use, dialog._verify, dialog._remove, dialog._stop)
    return {button.text().rstrip("\u2026") for button in buttons if button.isEnabled()}


def test_the_recommended_model_is_selected_and_can_be_installed(dialog: ModelsDialog) -> None:
    row = dialog._list.selected
    assert row
    assert row.id == ID
    assert enabled(dialog) == {"Install"}
    assert "Systran/faster-whisper-base.en writes down English" in dialog._details.text()
    assert "74 million parameters" in dialog._details.text()
    installable = [row.is_installable for row in dialog._list.models.rows]
    assert installable == sorted(installable, reverse=True), "what can be had is first"


def test_installing_shows_progress_and_has_the_next_call_use_it(
    qtbot, dialog: ModelsDialog, shown: MainWindow, desk, hub: Hub
) -> None:
    assert "faster-whisper-base.en" in shown._engines.toolTip()
    said: list[str] = []
    dialog._bridge.progressed.connect(lambda *_: said.append(dialog._status.text()))
    click(qtbot, dialog._install)
    assert enabled(dialog) == {"Stop"}
    assert dialog._progress.isVisible()
    done(qtbot, dialog)
    assert state(dialog) is ModelState.USED
    assert "faster-whisper-base.en is installed and checked: 4 files" in dialog._status.text()
    assert not dialog._progress.isVisible()
    assert settings_with().whisper_model is not None
    qtbot.waitUntil(lambda: desk.used == [("whisper_model", settings_with().whisper_model)])
    assert "faster-whisper-base.en" not in shown._engines.toolTip()
    assert said
    assert enabled(dialog) == {"Install", "Verify", "Remove"}
    assert "Installed from http://127.0.0.1" in dialog._details.text()


def test_a_download_that_stalls_can_be_stopped_and_goes_on_later(
    qtbot, dialog: ModelsDialog, hub: Hub
) -> None:
    hub.fail("model.bin", stall_after(200_000))
    click(qtbot, dialog._install)
    qtbot.waitUntil(lambda: "0.2 MB of 0.3 MB" in dialog._status.text(), timeout=SOON_MS)
    assert 0 < dialog._progress.value() < dialog._progress.maximum()
    begun = time.monotonic()
    click(qtbot, dialog._stop)
    assert not dialog._stop.isEnabled()
    done(qtbot, dialog)
    assert time.monotonic() - begun < 10
    assert dialog._status.text().startswith("Stopped")
    assert dialog._error_bar.isHidden(), "a person who stops it needs no error"
    assert state(dialog) is ModelState.PARTIAL
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    assert state(dialog) is ModelState.USED
    assert hub.asked_for("model.bin?signature=abc")[-1].range == "bytes=200000-"


def test_an_error_is_one_sentence_and_the_next_task_puts_it_away(
    qtbot, dialog: ModelsDialog, hub: Hub
) -> None:
    hub.fail("config.json", swapped)
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    assert (
        "File config.json of model faster-whisper-base.en is not the one" in dialog._error_bar.sentence
    )
    assert dialog._error_bar.isVisible()
    assert "Install" in enabled(dialog)
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    assert dialog._error_bar.isHidden()
    assert state(dialog) is ModelState.USED


def test_the_window_never_waits_for_a_hub_that_does_not_answer(
    qtbot, dialog: ModelsDialog, hub: Hub
) -> None:
    hub.fail("listing", silent)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    timer = QTimer(interval=10)
    timer.timeout.connect(tick)
    timer.start()
    click(qtbot, dialog._install)
    qtbot.waitUntil(lambda: bool(hub.paths) and ticks > 20, timeout=SOON_MS)
    timer.stop()
    assert dialog._bridge.is_busy
    click(qtbot, dialog._stop)
    done(qtbot, dialog)


def test_a_model_is_verified_and_what_is_damaged_is_named(
    qtbot, dialog: ModelsDialog, store: ModelStore
) -> None:
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    click(qtbot, dialog._verify)
    done(qtbot, dialog)
    assert "faster-whisper-base.en is whole: 4 files" in dialog._status.text()
    (store.folder(ID) / "model.bin").write_bytes(b"swapped")
    click(qtbot, dialog._verify)
    done(qtbot, dialog)
    assert "File model.bin of model faster-whisper-base.en is damaged" in dialog._error_bar.sentence


def test_a_model_is_removed_only_after_a_yes(qtbot, dialog: ModelsDialog, desk) -> None:
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    for word, removed in (("Cancel", False), ("Delete", True)):
        click(qtbot, dialog._remove)
        question = dialog.findChild(QMessageBox)
        assert question
        assert ID in question.text()
        button = next(b for b in question.buttons() if word in b.text().replace("&", ""))
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        done(qtbot, dialog)
        assert (state(dialog) is ModelState.ABSENT) == removed
        qtbot.waitUntil(lambda: dialog.findChild(QMessageBox) is None)
    assert settings_with().whisper_model is None
    qtbot.waitUntil(lambda: desk.used[-1] == ("whisper_model", None))


def test_a_pack_is_imported_and_another_chosen_again(
    qtbot, dialog: ModelsDialog, tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    folder = tmp_path / "our-whisper"
    folder.mkdir()
    for name, content in whisper_files.items():
        (folder / name).write_bytes(content)
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    menu = dialog._import.menu()
    assert menu
    menu.actions()[0].trigger()
    chooser = dialog.findChild(QFileDialog)
    assert chooser
    assert chooser.fileMode() is QFileDialog.FileMode.Directory
    chooser.fileSelected.emit(str(folder))
    chooser.close()
    done(qtbot, dialog)
    assert state(dialog, "our-whisper") is ModelState.USED
    assert state(dialog) is ModelState.INSTALLED
    dialog._list.select(ID)
    assert "Use" in enabled(dialog)
    click(qtbot, dialog._use)
    done(qtbot, dialog)
    assert state(dialog) is ModelState.USED


def test_a_zip_that_is_none_is_told(qtbot, dialog: ModelsDialog, tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"no zip")
    dialog._bring_in(tmp_path / "model.zip")
    done(qtbot, dialog)
    assert "model.zip is no zip that can be read" in dialog._error_bar.sentence


def test_speed_is_measured_but_not_beside_a_call(
    qtbot, dialog: ModelsDialog, shown: MainWindow, desk
) -> None:
    click(qtbot, dialog._measure)
    done(qtbot, dialog)
    assert "install faster-whisper-tiny.en" in dialog._status.text()
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    click(qtbot, dialog._measure)
    done(qtbot, dialog)
    assert f"{ID} is the largest that keeps up" in dialog._status.text()
    with qtbot.waitSignal(shown._bridge.session_started):
        shown.play(Path("a.wav"), realtime=True)
    assert not dialog._measure.isEnabled()
    assert dialog._install.isEnabled()
    with qtbot.waitSignal(shown.call_ended):
        desk.session.end()
    assert dialog._measure.isEnabled()


def test_a_variable_that_wins_is_said_and_nothing_is_changed(
    qtbot, dialog: ModelsDialog, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARWITNESS_WHISPER_MODEL", "/elsewhere")
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    assert "EARWITNESS_WHISPER_MODEL is set in the environment and wins" in dialog._status.text()
    assert desk.used == []


def test_closing_the_dialog_leaves_the_task_and_closing_the_window_ends_it(
    qtbot, dialog: ModelsDialog, shown: MainWindow, hub: Hub
) -> None:
    hub.fail("model.bin", stall_after(100_000))
    click(qtbot, dialog._install)
    qtbot.waitUntil(lambda: bool(hub.asked_for("model.bin?signature=abc")), timeout=SOON_MS)
    click(qtbot, dialog._close)
    assert dialog.isHidden()
    assert dialog._bridge.is_busy
    begun = time.monotonic()
    shown.close()
    assert time.monotonic() - begun < 10
    assert not [t for t in threading.enumerate() if t.name.startswith("earwitness-models")]


def test_a_window_without_models_has_no_button_for_them(window) -> None:
    assert window._models is None
    texts = [button.text() for button in window.findChildren(QAbstractButton, "tool")]
    assert not [text for text in texts if "Models" in text]
    assert not window._open_models.isVisible()


def test_every_button_has_a_name_and_can_be_reached_by_keyboard(dialog: ModelsDialog) -> None:
    dialog._error_bar.show_error(ValueError("x"))
    buttons = [b for b in dialog.findChildren(QPushButton) if b.isVisible()]
    assert len(buttons) == 9
    for button in buttons:
        assert button.accessibleName(), button.text()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert button.width() >= button.sizeHint().width(), button.text()


def test_a_damaged_record_is_told(qtbot, dialog: ModelsDialog, store: ModelStore) -> None:
    click(qtbot, dialog._install)
    done(qtbot, dialog)
    store.folder(ID).with_name(f"{ID}.json").write_text("{")
    dialog.open_list()
    done(qtbot, dialog)
    assert "The install record" in dialog._error_bar.sentence


def test_it_follows_the_systems_colours(qtbot, dialog: ModelsDialog, palette) -> None:
    palette("#202428")
    qtbot.waitUntil(
        lambda: dialog.grab().toImage().pixelColor(QPoint(4, 4)).lightness() < 60, timeout=SOON_MS
    )
    palette("#f0f0f0")
    qtbot.waitUntil(lambda: dialog.grab().toImage().pixelColor(QPoint(4, 4)).lightness() > 200)
