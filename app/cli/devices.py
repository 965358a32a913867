"""`earwitness devices`: the microphones, and what the caller's side can be heard from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from app.cli.common import printing, warn
from app.compose import call_devices
from app.words import printable
from audio.devices.loopback import TAPS_PROGRAMS
from audio.errors import AudioError
from audio.types import Channel, DeviceInfo, DeviceKind

_HEADING = {
    DeviceKind.INPUT: "Microphones",
    DeviceKind.OUTPUT: "Outputs that the caller can be heard from",
    DeviceKind.APPLICATION: "Programs that play sound"
    + ("" if TAPS_PROGRAMS else " (heard through their output only)"),
}

_NONE = {
    DeviceKind.INPUT: "none: connect a microphone",
    DeviceKind.OUTPUT: "none: connect an output",
    DeviceKind.APPLICATION: "none at the moment",
}

_INDENT = _GAP = "  "


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per device and line.")
def devices(as_json: bool) -> None:
    """List microphones, outputs, and programs that play sound.

    `listen` takes the id of one, its name, or a part of the name that fits no other.
    """
    found = _listed()
    with printing(rows=True) as console:
        if as_json:
            for device in (device for of_kind in found.values() for device in of_kind):
                click.echo(json.dumps(_as_object(device)))
        else:
            _print(console, found)


def _listed() -> dict[DeviceKind, list[DeviceInfo]]:
    """What there is, by what it would be used as; what cannot be listed is left out, with a warning.

    Raises `AudioError` where none can be listed.
    """
    found: dict[DeviceKind, list[DeviceInfo]] = {}
    errors: list[AudioError] = []
    for channel, devices_of_side in call_devices().items():
        try:
            there = devices_of_side.list()
        except AudioError as error:
            errors.append(error)
            continue
        if channel is Channel.AGENT:
            found[DeviceKind.INPUT] = [_as_microphone(device) for device in there]
        else:
            for kind in (DeviceKind.OUTPUT, DeviceKind.APPLICATION):
                found[kind] = [device for device in there if device.kind is kind]
    if not found:
        raise errors[0]
    for error in errors:
        warn(str(error))
    return found


def _as_microphone(device: DeviceInfo) -> DeviceInfo:
    """What an output plays can be listened to as a microphone, but is nobody's default one."""
    return device if device.kind is DeviceKind.INPUT else replace(device, is_default=False)


def _as_object(device: DeviceInfo) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": device.name,
        "kind": device.kind.value,
        "rate": device.rate,
        "is_default": device.is_default,
        "can_be_heard_by_itself": TAPS_PROGRAMS or device.kind is not DeviceKind.APPLICATION,
    }


def _print(console: Console, found: Mapping[DeviceKind, Sequence[DeviceInfo]]) -> None:
    """Each device below its kind, its id beside it or, where the terminal is too narrow, below it."""
    rows = {device: _cells(device, kind) for kind, of_kind in found.items() for device in of_kind}
    widths = [max(map(cell_len, column)) for column in zip(*rows.values(), strict=True)]
    is_wide = len(_INDENT) + sum(widths) + len(_GAP) * len(widths) <= console.width
    for number, (kind, of_kind) in enumerate(found.items()):
        if number:
            console.print()
        console.print(Text(_HEADING[kind], "bold"))
        if not of_kind:
            console.print(f"{_INDENT}{_NONE[kind]}")
        for device in of_kind:
            *cells, identity = map(set_cell_size, rows[device], widths)
            line = _INDENT + _GAP.join(cells)
            below = _GAP if is_wide else f"\n{_INDENT * 3}"
            console.print(Text(line + below + identity.rstrip()), soft_wrap=True)


def _cells(device: DeviceInfo, kind: DeviceKind) -> tuple[str, str, str, str]:
    """Name, whether the default or of another kind, rate and id."""
    rate = "" if device.kind is DeviceKind.APPLICATION else f"{device.rate / 1000:g} kHz"
    what = "default" if device.is_default else "" if device.kind is kind else "an output"
    return printable(device.name), what, rate, printable(device.id)
