"""Choosing among devices."""

import sys
from collections.abc import Sequence

from audio.devices.tap import Devices
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind

_NOUN = {
    DeviceKind.INPUT: "microphone",
    DeviceKind.OUTPUT: "output",
    DeviceKind.APPLICATION: "program",
}


def input_devices() -> Devices:
    """The microphones of this machine.

    On Linux they are the sound server's, where one answers: PortAudio reaches it only through ALSA, by
    which a stream whose microphone is unplugged goes on with another source, without a word.
    """
    if sys.platform == "linux":
        from audio.devices.loopback.pulse import PulseInputs

        try:
            PulseInputs().list()
        except AudioError:
            pass
        else:
            return PulseInputs()
    from audio.devices.microphones import Microphones

    return Microphones()


def find(devices: Sequence[DeviceInfo], wanted: str) -> DeviceInfo:
    """The device whose id or name is `wanted`, else whose name alone contains it.

    Raises `AudioError` that lists what there is where none or several fit.
    """
    alike = [device for device in devices if wanted.casefold() in device.name.casefold()]
    for fits in (
        [device for device in devices if device.id == wanted],
        [device for device in devices if device.name == wanted],
        alike,
    ):
        if len(fits) == 1:
            return fits[0]
    if not devices:
        raise AudioError(f'"{wanted}" was not found, nor any other device: connect it and try again.')
    ids = ", ".join(device.id for device in devices)
    fits_what = "several devices" if alike else "no device"
    raise AudioError(f'"{wanted}" fits {fits_what}: choose one of {ids}.')


def pick(devices: Sequence[DeviceInfo], kind: DeviceKind) -> DeviceInfo:
    """The device of this kind that the system uses by default, else the first.

    Raises `AudioError` where there is none.
    """
    fitting = [device for device in devices if device.kind is kind]
    if not fitting:
        raise AudioError(f"No {_NOUN[kind]} was found: connect one and start again.")
    return next((device for device in fitting if device.is_default), fitting[0])
