"""The other side of the call: what the machine plays, one module per system."""

import platform
import sys

from audio.devices.tap import Devices


def _has_process_taps() -> bool:
    version = platform.mac_ver()[0] if sys.platform == "darwin" else ""
    return tuple(int(part) for part in version.split(".")[:2] if part) >= (14, 2)


TAPS_PROGRAMS = _has_process_taps()
"""Whether a program can be tapped by itself here; elsewhere programs are listed only."""


def loopback_devices() -> Devices:
    """The outputs of this machine, each with what plays to it, and the programs that play."""
    if sys.platform == "win32":
        from audio.devices.loopback.windows import WindowsOutputs

        return WindowsOutputs()
    if sys.platform == "darwin":
        if not _has_process_taps():
            from audio.devices.loopback.virtual import VirtualDevices

            return VirtualDevices()
        from audio.devices.loopback.macos import MacOutputs

        return MacOutputs()
    from audio.devices.loopback.pulse import PulseOutputs

    return PulseOutputs()
