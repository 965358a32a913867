"""What a live call can be heard from here, and what a person has chosen before it begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from app.call.consent import ConsentRules
from app.call.listening import LiveBasis
from app.settings import Settings
from audio.devices.choose import find, pick
from audio.devices.tap import Devices
from audio.errors import AudioError
from audio.source import AudioSource
from audio.types import Channel, DeviceInfo, DeviceKind
from detection.events import Acknowledgement, ConsentRecorded

_DEFAULT_KIND = {Channel.AGENT: DeviceKind.INPUT, Channel.CALLER: DeviceKind.OUTPUT}


@dataclass(frozen=True, slots=True)
class SideDevices:
    """What one side of a call can be heard from now.

    `default` is what a call follows that names no device, None where there is none. `wanted` is what
    was chosen before, by id or name, None being the default; `chosen` the device that is meant by it.
    `problem` is a sentence for the user: why the devices cannot be told.
    """

    devices: tuple[DeviceInfo, ...] = ()
    default: DeviceInfo | None = None
    wanted: str | None = None
    chosen: DeviceInfo | None = None
    problem: str = ""

    @classmethod
    def of(cls, channel: Channel, devices: Devices, wanted: str | None, *, programs: bool) -> Self:
        """Those of `devices` that can be listened to; programs only where `programs`. May block."""
        try:
            there = devices.list()
        except AudioError as error:
            return cls(wanted=wanted, problem=str(error))
        usable = [one for one in there if programs or one.kind is not DeviceKind.APPLICATION]
        default = _or_none(lambda: pick(usable, _DEFAULT_KIND[channel]))
        chosen = _or_none(lambda: find(usable, wanted)) if wanted is not None else default
        return cls(tuple(usable), default, wanted, chosen)


@dataclass(frozen=True, slots=True)
class LiveChoice:
    """What a person decided on for one live call; devices by id, None follows the default."""

    microphone: str | None
    far_side: str | None
    recording: bool
    acknowledgement: Acknowledgement | None


@dataclass(frozen=True, slots=True)
class LiveParts:
    """How the parts of a live call are made (`app.compose`). All but `devices` raise user errors.

    `taps_programs`: one program can be listened to by itself on this system.
    """

    devices: Callable[[], Mapping[Channel, Devices]]
    source: Callable[[Settings], AudioSource]
    rules: Callable[[Settings], ConsentRules]
    basis: Callable[[Settings, ConsentRecorded], LiveBasis]
    taps_programs: bool


def _or_none(choose: Callable[[], DeviceInfo]) -> DeviceInfo | None:
    try:
        return choose()
    except AudioError:
        return None
