"""Which sound devices there are. PortAudio sees a device only if it was there when it started."""

from types import ModuleType

from audio.errors import AudioError
from audio.types import DeviceInfo


def load_sounddevice() -> ModuleType:
    """The `sounddevice` module. Raises `AudioError` where its PortAudio library is missing."""
    try:
        import sounddevice
    except OSError as error:
        raise AudioError(
            "No sound system was found: install PortAudio (on Debian: apt-get install libportaudio2)."
        ) from error
    return sounddevice


def list_devices() -> list[DeviceInfo]:
    """Every device of every host API in PortAudio's order; empty where there is none."""
    sounddevice = load_sounddevice()
    try:
        apis = sounddevice.query_hostapis()
        found = sounddevice.query_devices()
        default_input = apis[sounddevice.default.hostapi]["default_input_device"] if apis else -1
    except sounddevice.PortAudioError as error:
        raise AudioError(
            f"The sound system did not answer ({error}): restart it and try again."
        ) from error
    seen: dict[str, int] = {}
    devices = []
    for device in found:
        name = f"{apis[device['hostapi']]['name']}:{device['name']}"
        seen[name] = seen.get(name, 0) + 1
        devices.append(
            DeviceInfo(
                id=name if seen[name] == 1 else f"{name}#{seen[name]}",
                name=device["name"],
                index=device["index"],
                input_channels=device["max_input_channels"],
                output_channels=device["max_output_channels"],
                default_rate=round(device["default_samplerate"]),
                is_default_input=device["index"] == default_input,
            )
        )
    return devices


def find_input(wanted: str | None = None) -> DeviceInfo:
    """The input whose id or name is `wanted`, else whose name alone contains it; None is the default.

    Raises `AudioError` that lists the inputs there are where none or several fit.
    """
    inputs = [device for device in list_devices() if device.input_channels]
    if not inputs:
        raise AudioError("No microphone or other input was found: connect one and start again.")
    if wanted is None:
        return next((device for device in inputs if device.is_default_input), inputs[0])
    alike = [device for device in inputs if wanted.casefold() in device.name.casefold()]
    for fits in (
        [device for device in inputs if device.id == wanted],
        [device for device in inputs if device.name == wanted],
        alike,
    ):
        if len(fits) == 1:
            return fits[0]
    ids = ", ".join(device.id for device in inputs)
    raise AudioError(
        f'"{wanted}" fits {"several inputs" if alike else "no input"}: choose one of {ids}.'
    )
