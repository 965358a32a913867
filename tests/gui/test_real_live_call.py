"""The window on the real desk and a real sound server, into whose sinks a call is played."""

from contextlib import closing
from pathlib import Path

import pytest

from app.cases.verify import verify
from app.compose import build_desk, case_log_path
from app.settings import settings_with
from app.ui.main_window import MainWindow
from audio.types import Channel
from tests.live_program import playing, sides
from tests.pulse import PrivatePulse

HEARD_S = 12.5
SOON_MS = 90_000


def test_a_call_is_confirmed_listened_to_recorded_stored_and_shown_again(
    qtbot,
    pulse: PrivatePulse,
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PULSE_SERVER", pulse.env["PULSE_SERVER"])
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("EARWITNESS_RECORDING", "true")
    settings = settings_with(data_dir=tmp_path)
    with closing(build_desk(settings)) as desk:
        window = MainWindow(desk)
        qtbot.addWidget(window)
        window.show()
        window._listen.trigger()
        dialog = window._before_listening
        qtbot.waitUntil(lambda: dialog.boxes[Channel.CALLER].is_ready, timeout=SOON_MS)
        assert dialog.boxes[Channel.AGENT].note.startswith("No microphone was found")
        for channel, name in ((Channel.AGENT, "mic.monitor"), (Channel.CALLER, "far")):
            combo = dialog.boxes[channel].combo
            chosen = combo.findData(name)
            combo.setCurrentIndex(chosen)
            combo.activated.emit(chosen)
        qtbot.waitUntil(lambda: dialog.consent.has_rules, timeout=SOON_MS)
        assert list(tmp_path.glob("recordings/*")) == [], "nothing is kept before it is confirmed"
        dialog.consent.confirmation.box.click()
        with qtbot.waitSignal(window._bridge.session_started, timeout=SOON_MS):
            dialog._listen.click()
        qtbot.waitUntil(window._call.recording.isVisible)

        with playing(pulse, sides(samples / "a_disclosed_assistant.wav", HEARD_S, tmp_path)) as players:
            qtbot.waitUntil(lambda: all(player.poll() == 0 for player in players), timeout=SOON_MS)
        with qtbot.waitSignal(window.call_ended, timeout=SOON_MS) as ended:
            window._stop.trigger()
        assert ended.args == [None]
        qtbot.waitUntil(lambda: not window._call.transcript._more.isActive())
        heard = window._call.transcript.toPlainText()
        assert "artificial intelligence" in heard
        assert window._call.cards[2]._word.text() == "Disclosed"
        assert window._status.text == "Ready"

        case_id = window._call.state.case_id
        window._live = None  # as after a restart: the case can only come from the log
        with qtbot.waitSignal(window._bridge.case_loaded):
            window._bridge.load_case(case_id)
        qtbot.waitUntil(lambda: window._call.transcript.toPlainText() == heard)
        assert window._call.notes.summary.text.startswith("The sound of this call is kept.")
        state = window._call.state
        assert state.recording is not None
        assert state.recording.problem == ""
        assert {kept.file for kept in state.recording.files} == {
            file.name for file in tmp_path.glob("recordings/*.flac")
        }
        window.close()
    assert settings_with().far_side == "far"
    assert [check.ok for check in verify(case_log_path(settings))] == [True]
