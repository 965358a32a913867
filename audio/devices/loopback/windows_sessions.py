"""Windows: which devices are for calls, and which programs play, through pycaw.

Called on a thread on which COM may be initialised (`audio.devices.native_thread`). What pycaw cannot say
is only left out: nothing that is captured depends on it.
"""

import logging
from typing import Any

from audio.types import DeviceKind

_log = logging.getLogger(__name__)


def communications_device(kind: DeviceKind) -> str | None:
    """The name of the input or output that Windows uses for calls; None where it does not say."""
    from pycaw.constants import EDataFlow, ERole  # pyright: ignore[reportMissingImports]

    flow = EDataFlow.eCapture if kind is DeviceKind.INPUT else EDataFlow.eRender
    try:
        enumerator = _utilities().GetDeviceEnumerator()
        endpoint = enumerator.GetDefaultAudioEndpoint(flow.value, ERole.eCommunications.value)
        return _utilities().CreateDevice(endpoint).FriendlyName
    except _errors() as error:
        _log.warning("Windows does not name its %s for calls: %s", kind, error)
        return None


def playing() -> list[str]:
    """The binaries of the programs that play sound now, each once, in the order of the alphabet."""
    from pycaw.constants import AudioSessionState  # pyright: ignore[reportMissingImports]

    binaries = set()
    try:
        for session in _utilities().GetAllSessions():
            if session.State == AudioSessionState.Active and session.Process:
                binaries.add(session.Process.name())
    except _errors() as error:
        _log.warning("Windows does not say which programs play: %s", error)
    return sorted(binaries)


def _utilities() -> Any:
    from pycaw.utils import AudioUtilities  # pyright: ignore[reportMissingImports]

    return AudioUtilities


def _errors() -> tuple[type[Exception], ...]:
    from comtypes import COMError  # pyright: ignore[reportMissingImports]
    from psutil import Error  # pyright: ignore[reportMissingImports, reportMissingModuleSource]

    return OSError, COMError, Error
