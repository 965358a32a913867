"""How long the window keeps a person waiting during a call: `make bench-window`.

Plays the sample con through the real window in real time and lets a timer beat every 10 ms in the UI
thread. Prints how late the beats came (a stall), and how long the program took to show the window.
"""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.compose import build_desk
from app.settings import settings_with
from app.ui.main_window import MainWindow
from resources import ROOT

BEAT_S = 0.01
LIMIT_S = 0.05


def main() -> int:
    """Measure and print; exit status 1 where a stall was longer than the limit."""
    began = time.perf_counter()
    application = QApplication(sys.argv[:1])
    late: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(build_desk(settings_with(data_dir=Path(folder)))) as desk,
    ):
        window = MainWindow(desk)
        window.show()
        application.processEvents()
        print(f"window shown {time.perf_counter() - began:.2f} s after Qt was imported")  # noqa: T201
        last = time.perf_counter()

        def beat() -> None:
            nonlocal last
            now = time.perf_counter()
            late.append(max(0.0, now - last - BEAT_S))
            last = now

        timer = QTimer(interval=round(BEAT_S * 1000), timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(beat)
        timer.start()
        window.call_ended.connect(lambda _: application.quit())
        window.play(ROOT / "samples" / "b_helpdesk_con.wav", realtime=True)
        application.exec()
        timer.stop()
        window.close()
    stalls = np.array(late) * 1000
    p50, p99, worst = np.percentile(stalls, [50, 99, 100])
    print(  # noqa: T201
        f"{len(stalls)} beats, late by {p50:.1f} ms (median), {p99:.1f} (p99), {worst:.1f} (worst); "
        f"{int((stalls > LIMIT_S * 1000).sum())} over {LIMIT_S * 1000:.0f} ms"
    )
    return int(worst > LIMIT_S * 1000)


if __name__ == "__main__":
    sys.exit(main())
