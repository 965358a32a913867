"""Where the window starts, and where it ends cleanly."""

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

import resources
from app.compose import build_desk, open_models
from app.settings import Settings, settings_with
from app.ui.main_window import MainWindow
from app.words import error_text

_log = logging.getLogger(__name__)

FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Start the window from the desktop; `argv` lacks the program's name. Returns the exit status."""
    options = _parse(argv)
    application = _application()
    try:
        return run_window(settings_with(data_dir=options.data_dir), options.play)
    except Exception as error:  # noqa: BLE001 - there is no window to say it in, often no terminal
        _log.exception("the window could not start")
        QMessageBox.critical(None, application.applicationName(), error_text(error))
        return FAILED


def run_window(settings: Settings, play: Path | None = None, quit_when_done: bool = False) -> int:
    """Show the window until it is closed, or until `play` was heard where `quit_when_done`.

    `play` is heard at the speed of the call. Returns the exit status: 1 where the call failed and the
    window was to quit by itself. Raises what `build_desk` raises where the window cannot start.
    """
    application = _application()
    with closing(build_desk(settings)) as desk:
        models = open_models()
        window = MainWindow(desk, models.advice(), models)
        if quit_when_done:
            window.call_ended.connect(lambda error: application.exit(FAILED if error else 0))
        window.show()
        if play:
            window.play(play, realtime=True)
        with _quitting_on_signals(application):
            status = application.exec()
        window.close()
    return status


@contextmanager
def _quitting_on_signals(application: QApplication) -> Iterator[None]:
    """Ctrl-C and the system's request to end close the window; its timer lets Python see them."""
    asked = (signal.SIGINT, signal.SIGTERM)
    # Not at once: the signal may come in the middle of what the window is doing.
    before = [signal.signal(each, lambda *_: QTimer.singleShot(0, application.quit)) for each in asked]
    try:
        yield
    finally:
        for each, handler in zip(asked, before, strict=True):
            signal.signal(each, handler)


def _application() -> QApplication:
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Earwitness")
    return application


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earwitness-window", description="The Earwitness window.")
    play = parser.add_mutually_exclusive_group()
    play.add_argument("--sample", metavar="NAME", type=_sample, dest="play", help="play a sample call")
    play.add_argument("--file", metavar="PATH", type=Path, dest="play", help="play a recording")
    parser.add_argument("--data-dir", metavar="PATH", type=Path, help="folder of the case log")
    return parser.parse_args(argv)


def _sample(name: str) -> Path:
    samples = {path.stem: path for path in sorted((resources.ROOT / "samples").glob("*.wav"))}
    if name not in samples:
        raise argparse.ArgumentTypeError(f"there is no sample {name!r}; choose {', '.join(samples)}")
    return samples[name]
