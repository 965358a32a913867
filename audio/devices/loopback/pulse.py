"""Linux: what PulseAudio or PipeWire has, its outputs heard through their monitors."""

from audio.devices.loopback import libpulse as pa
from audio.devices.loopback.pulse_connection import PulseConnection
from audio.devices.loopback.pulse_tap import PulseTap
from audio.devices.tap import Tap
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind


class PulseOutputs:
    """The sound server's sinks, by name, and the programs that play into them, by binary.

    A program is listed so that a person sees what plays; it cannot be tapped by itself, since only
    PulseAudio proper keeps it apart from others (docs/capture.md).
    """

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where no server answers."""
        with PulseConnection() as connection:
            default, _ = _defaults(connection)
            outputs = _devices(connection, DeviceKind.OUTPUT, default)
            return _default_first(outputs) + _programs(connection)

    def tap(self, device: DeviceInfo) -> Tap:
        """A tap of an output, not started yet. Raises `AudioError` for a program."""
        if device.kind is not DeviceKind.OUTPUT:
            raise AudioError(
                f"{device.name} cannot be listened to by itself here: choose the output it plays to."
            )
        return PulseTap(f"{device.id}.monitor", device.name, device.rate)


class PulseInputs:
    """The sound server's sources, by name.

    Where there is no microphone, the monitors of outputs are listed: as outputs, so that none is taken
    for a microphone that nobody chose.
    """

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where no server answers."""
        with PulseConnection() as connection:
            _, default = _defaults(connection)
            return _default_first(_devices(connection, DeviceKind.INPUT, default))

    def tap(self, device: DeviceInfo) -> Tap:
        """A tap of one of them, not started yet."""
        return PulseTap(device.id, device.name, device.rate)


def _default_first(devices: list[DeviceInfo]) -> list[DeviceInfo]:
    return sorted(devices, key=lambda device: not device.is_default)


def _defaults(connection: PulseConnection) -> tuple[str, str]:
    """The names of the default sink and the default source."""
    names = ("", "")

    def take(info: pa.ServerInfo) -> None:
        nonlocal names
        names = (_text(info.default_sink_name), _text(info.default_source_name))

    connection.ask("pa_context_get_server_info", pa.ServerCallback, take)
    return names


def _devices(connection: PulseConnection, kind: DeviceKind, default: str) -> list[DeviceInfo]:
    """Every sink, or every source that is no monitor; where there is none, the monitors, as outputs."""
    found: list[DeviceInfo] = []
    monitors: list[DeviceInfo] = []

    def take(info: pa.DeviceInfo) -> None:
        name = _text(info.name)
        title = _text(info.description) or name
        is_monitor = kind is DeviceKind.INPUT and info.monitor != pa.UNSET
        own_kind = DeviceKind.OUTPUT if is_monitor else kind
        device = DeviceInfo(name, title, own_kind, info.sample_spec.rate, is_default=name == default)
        (monitors if is_monitor else found).append(device)

    which = "source" if kind is DeviceKind.INPUT else "sink"
    connection.ask(f"pa_context_get_{which}_info_list", pa.DeviceCallback, take)
    return found or monitors


def _programs(connection: PulseConnection) -> list[DeviceInfo]:
    """Each program that plays once, whatever the number of its streams."""
    found: dict[str, DeviceInfo] = {}

    def take(info: pa.SinkInputInfo) -> None:
        name = _property(info, "application.name") or _text(info.name)
        binary = _property(info, "application.process.binary") or name
        if not info.corked:
            found[binary] = DeviceInfo(
                binary, name, DeviceKind.APPLICATION, info.sample_spec.rate, is_default=False
            )

    connection.ask("pa_context_get_sink_input_info_list", pa.SinkInputCallback, take)
    return list(found.values())


def _property(info: pa.SinkInputInfo, name: str) -> str:
    return _text(pa.libpulse().pa_proplist_gets(info.proplist, name.encode()))


def _text(given: bytes | None) -> str:
    return (given or b"").decode(errors="replace")
