"""What is wrong with the sound of a call, and its cure, in the sentences that all outputs share."""

import sys

from audio.types import Channel, TroubleKind
from detection.events import SoundTroubled

_SYSTEMS = {"win32": "windows", "darwin": "macos"}
_OTHERWISE = "linux"

_PERMISSION = {
    "windows": (
        "allow desktop apps to use it in Settings > Privacy & security > Microphone, "
        "and see that it is not muted in Settings > System > Sound"
    ),
    "macos": (
        "allow Earwitness to use it in System Settings > Privacy & Security > Microphone, "
        "and see that its input volume is up in System Settings > Sound"
    ),
    "linux": "see that it is neither muted nor turned down in the system's sound settings under Input",
}
_INPUT_VOLUME = {
    "windows": "Settings > System > Sound > Input",
    "macos": "System Settings > Sound > Input",
    "linux": "the system's sound settings under Input",
}
_TAP_PERMISSION = {
    "windows": "",
    "macos": (
        ", and allow Earwitness in System Settings > Privacy & Security > "
        "Screen & System Audio Recording"
    ),
    "linux": "",
}

_DEVICE = {Channel.AGENT: "The microphone", Channel.CALLER: "The device of the far side"}

_WORD = {
    TroubleKind.NOT_HEARD: "No sound from the microphone",
    TroubleKind.MUTED: "Microphone muted",
    TroubleKind.CLIPPING: "Too loud",
    TroubleKind.SAME_SOUND: "Same sound on both sides",
    TroubleKind.NO_FAR_SIDE: "Nothing from the far side",
    TroubleKind.LOST: "Device lost",
}


def trouble_word(event: SoundTroubled) -> str:
    """The trouble in a few words, for a heading."""
    return _WORD[event.trouble]


def trouble_text(event: SoundTroubled, system: str = sys.platform) -> str:
    """The trouble and its cure on `system` (as `sys.platform`), or that it is over, as one sentence."""
    if event.end is not None:
        return _over(event.trouble, event.channel)
    return _begun(event.trouble, event.channel, _SYSTEMS.get(system, _OTHERWISE))


def _begun(kind: TroubleKind, channel: Channel, system: str) -> str:
    is_agent = channel is Channel.AGENT
    return {
        TroubleKind.NOT_HEARD: (
            "The microphone has given nothing but digital silence so far; if you have spoken, "
            f"switch off its mute button, {_PERMISSION[system]}."
        ),
        TroubleKind.MUTED: (
            "The microphone is muted: what you say is not heard here; unmute it at the headset or in "
            f"{_INPUT_VOLUME[system]} when you want to be heard."
        ),
        TroubleKind.CLIPPING: (
            "The microphone is too loud, which distorts your voice; turn it down in "
            f"{_INPUT_VOLUME[system]}."
            if is_agent
            else "The far side is too loud, which distorts the caller's voice and makes it hard to "
            "judge; turn the call down in the softphone."
        ),
        TroubleKind.SAME_SOUND: (
            "The microphone carries the same sound as the far side, so both sides look like one; "
            "choose the headset's microphone, or another device for the far side."
        ),
        TroubleKind.NO_FAR_SIDE: (
            "You are speaking, but the far side gives only digital silence; if you hear the caller, "
            f"choose the device on which the softphone plays{_TAP_PERMISSION[system]}."
        ),
        TroubleKind.LOST: (
            f"{_DEVICE[channel]} is gone; connect it again, or close the program that has taken it: "
            "the call goes on, and it is heard again by itself."
        ),
    }[kind]


def _over(kind: TroubleKind, channel: Channel) -> str:
    return {
        TroubleKind.NOT_HEARD: "The microphone is heard now.",
        TroubleKind.MUTED: "The microphone is no longer muted.",
        TroubleKind.CLIPPING: (
            "The microphone is no longer too loud."
            if channel is Channel.AGENT
            else "The far side is no longer too loud."
        ),
        TroubleKind.SAME_SOUND: "The two sides no longer carry the same sound.",
        TroubleKind.NO_FAR_SIDE: "The far side is heard now.",
        TroubleKind.LOST: f"{_DEVICE[channel]} is back.",
    }[kind]
