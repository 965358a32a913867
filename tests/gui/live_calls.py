"""What a live call may be heard from in these tests, and what its site has callers told."""

from app.call.consent import ConsentNotice, ConsentRules
from app.call.setup import SideDevices
from audio.types import DeviceInfo, DeviceKind

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
