"""Live calls: what they may be heard from, what callers are told, and what is committed of one."""

from dataclasses import replace

from app.call.consent import ConsentNotice, ConsentRules
from app.call.setup import SideDevices
from audio.types import DeviceInfo, DeviceKind, TroubleKind
from detection.events import (
    Acknowledgement,
    CallEnded,
    ConsentRecorded,
    EchoHeard,
    Event,
    GapHeard,
    RecordingEnded,
    SoundKept,
    SoundTroubled,
)
from tests.gui.call_events import AGENT, CALLER, call_started, s, said

HEADSET = DeviceInfo("alsa_input.headset", "Jabra Evolve2", DeviceKind.INPUT, 48_000, is_default=True)
WEBCAM = DeviceInfo("alsa_input.webcam", "Webcam", DeviceKind.INPUT, 16_000, is_default=False)
SPEAKERS = DeviceInfo("alsa_output.pci", "Speakers", DeviceKind.OUTPUT, 48_000, is_default=True)

NOTICE = ConsentNotice(
    id="test-consent",
    revision="1",
    notice="A program on our computer listens to this call and writes down what is said.",
    recording="The sound of this call is kept as well.",
    confirmation="I have told the caller this, and they did not object.",
)
ASKING = ConsentRules(NOTICE, "", keeps_audio=False)
STANDING = ConsentRules(NOTICE, "Works agreement 12, section 3", keeps_audio=False)


def side(*devices: DeviceInfo, wanted: str | None = None, problem: str = "") -> SideDevices:
    """What one side can be heard from, the first being the default; `wanted` is an id."""
    default = devices[0] if devices else None
    chosen = next((one for one in devices if one.id == wanted), None) if wanted else default
    return SideDevices(devices, default, wanted, chosen, problem)


_GIVEN = Acknowledgement(
    NOTICE.id,
    NOTICE.revision,
    ASKING.told,
    NOTICE.confirmation,
    "anna",
    "window",
    "2026-11-21T14:00:00.000+00:00",
)
_MUTED = SoundTroubled(TroubleKind.MUTED, AGENT, s(5), None, s(7))
LIVE: tuple[Event, ...] = (
    call_started("Speakers (caller), Jabra Evolve2 (agent)"),
    ConsentRecorded("", _GIVEN, keeps_audio=True),
    said(AGENT, 0.5, 2.0, "Front desk. How can I help you?"),
    EchoHeard(s(2.6), s(4), 120.0, -12.0, s(4)),
    said(CALLER, 2.5, 4.0, "What time do you open on Friday?"),
    _MUTED,
    SoundTroubled(TroubleKind.NO_FAR_SIDE, CALLER, s(6), None, s(8)),
    GapHeard(CALLER, s(9), s(10), "Speakers was lost", s(10)),
    replace(_MUTED, end=s(11), at=s(11)),
)
"""A recorded live call: two troubles, one of them over, an echo and a gap."""

LIVE_END: tuple[Event, ...] = (
    RecordingEnded(
        (
            SoundKept(CALLER, "20261121-140000-0000-caller.flac", s(12), "a1" * 32),
            SoundKept(AGENT, "20261121-140000-0000-agent.flac", s(12), "b2" * 32),
        ),
        "",
        s(12),
    ),
    CallEnded("stopped", s(12)),
)
"""How that call ends."""
