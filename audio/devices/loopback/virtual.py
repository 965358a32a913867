"""macOS before 14.2: virtual devices, which give back as an input what is played to them."""

import re
from dataclasses import replace

from audio.devices.microphones import Microphones, MicrophoneTap
from audio.errors import AudioError
from audio.types import DeviceInfo, DeviceKind

_KNOWN = re.compile(r"blackhole|loopback|soundflower|vb-?cable|background music", re.IGNORECASE)
"""By name, since Core Audio's inputs through PortAudio do not tell what they are."""


class VirtualDevices:
    """The virtual devices among the inputs; the softphone has to be set to play to one of them."""

    def list(self) -> list[DeviceInfo]:
        """Those there are now. Raises `AudioError` where there is none."""
        found = [
            replace(device, kind=DeviceKind.OUTPUT)
            for device in Microphones().list()
            if _KNOWN.search(device.name)
        ]
        if not found:
            raise AudioError(
                "macOS before 14.2 lets nothing that it plays be heard: install a virtual device "
                "such as BlackHole and let the softphone play to it."
            )
        return found

    def tap(self, device: DeviceInfo) -> MicrophoneTap:
        """A tap of one of them, not started yet."""
        return Microphones().tap(device)
