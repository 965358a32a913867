"""`earwitness devices`, from the command line to a sound server."""

import io
import json

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import app.cli.devices
from app.cli.commands import cli
from audio.errors import AudioError
from audio.types import Channel, DeviceInfo, DeviceKind
from tests.fakes import Listed
from tests.pulse import PrivatePulse

HEADSET = DeviceInfo("alsa_input.usb-Jabra_65-00.mono", "Jabra 65", DeviceKind.INPUT, 16000, True)
WEBCAM = DeviceInfo("alsa_input.usb-Webcam", "Web\x1b[31mcam", DeviceKind.INPUT, 44100, False)
EARPHONE = DeviceInfo("alsa_output.usb-Jabra_65-00", "Jabra 65", DeviceKind.OUTPUT, 48000, True)
SOFTPHONE = DeviceInfo("softphone", "Soft 電話", DeviceKind.APPLICATION, 48000, False)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    def have(near: Listed, far: Listed) -> None:
        sides = {Channel.AGENT: near, Channel.CALLER: far}
        monkeypatch.setattr(app.cli.devices, "call_devices", lambda: sides)

    return have


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["devices", *arguments])


def printed(width: int) -> list[str]:
    text = io.StringIO()
    app.cli.devices._print(Console(file=text, width=width), app.cli.devices._listed())
    return text.getvalue().splitlines()


def test_devices_stand_below_what_they_are_with_the_default_marked(machine):
    machine(Listed(HEADSET, WEBCAM), Listed(EARPHONE, SOFTPHONE))
    assert printed(100) == [
        "Microphones",
        "  Jabra 65        default  16 kHz    alsa_input.usb-Jabra_65-00.mono",
        "  Web\\x1b[31mcam           44.1 kHz  alsa_input.usb-Webcam",
        "",
        "Outputs that the caller can be heard from",
        "  Jabra 65        default  48 kHz    alsa_output.usb-Jabra_65-00",
        "",
        "Programs that play sound (heard through their output only)",
        "  Soft 電話                          softphone",
    ]


def test_where_the_terminal_is_narrow_the_id_stands_below(machine):
    machine(Listed(HEADSET), Listed(EARPHONE))
    assert printed(50)[:3] == [
        "Microphones",
        "  Jabra 65  default  16 kHz",
        "      alsa_input.usb-Jabra_65-00.mono",
    ]


def test_what_there_is_none_of_is_said(machine):
    machine(Listed(), Listed())
    assert [line for line in printed(80) if line.startswith("  ")] == [
        "  none: connect a microphone",
        "  none: connect an output",
        "  none at the moment",
    ]


def test_json_lines_hold_each_device(machine):
    machine(Listed(HEADSET), Listed(EARPHONE, SOFTPHONE))
    objects = [json.loads(line) for line in run("--json").output.splitlines()]
    assert objects[0] == {
        "id": "alsa_input.usb-Jabra_65-00.mono",
        "name": "Jabra 65",
        "kind": "input",
        "rate": 16000,
        "is_default": True,
        "can_be_heard_by_itself": True,
    }
    assert [one["kind"] for one in objects] == ["input", "output", "application"]
    assert [one["can_be_heard_by_itself"] for one in objects] == [True, True, False]


def test_a_side_that_cannot_be_listed_is_told_of_and_the_other_shown(machine):
    machine(Listed(HEADSET), Listed(error=AudioError("The sound server does not answer: restart it.")))
    result = run()
    assert result.exit_code == 0
    assert "Jabra 65" in result.stdout
    assert "Outputs" not in result.stdout
    assert "The sound server does not answer: restart it." in result.stderr


def test_where_no_side_can_be_listed_the_error_is_the_answer(machine):
    silent = AudioError("The sound server does not answer.")
    machine(Listed(error=AudioError("No sound system was found.")), Listed(error=silent))
    result = run()
    assert isinstance(result.exception, AudioError)
    assert str(result.exception) == "No sound system was found."


def test_a_real_sound_servers_devices_are_listed(pulse: PrivatePulse, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PULSE_SERVER", pulse.env["PULSE_SERVER"])
    objects = [json.loads(line) for line in run("--json").output.splitlines()]
    assert {one["id"] for one in objects} >= {"mic.monitor", "far.monitor", "mic", "far"}
    assert "  far " in run().output
