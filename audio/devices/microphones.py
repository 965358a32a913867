"""Microphones and other inputs, through sounddevice."""

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from audio.devices.listener import Listener
from audio.devices.portaudio import PortAudio
from audio.devices.tap import Hear, Lose
from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import DeviceInfo

_BLOCK_S = 0.02
_LATENCY_S = 0.06
"""Sound that PortAudio keeps for its callback: how long that may be held up before some is lost."""
_CLOSE_S = 2.0

_portaudio = cache(PortAudio)


class Microphones:
    """The inputs of this machine that a person would choose from, through one host API of PortAudio.

    An id is the host API and the name, with `#2` and so on for twins: PortAudio knows nothing that lasts
    longer. While an input is open, `list` gives what there was when it was opened: the microphone is to
    be the only stream of the process's PortAudio (`audio.devices.portaudio`).
    """

    def list(self) -> list[DeviceInfo]:
        """Those there are now, the default first. Raises `AudioError` where the system is silent."""
        return [found.device for found in _portaudio().call(lambda it: it.inputs(fresh=True))]

    def tap(self, device: DeviceInfo) -> "MicrophoneTap":
        """A tap of one of them, not started yet."""
        return MicrophoneTap(device)


class MicrophoneTap:
    """One input, at its own rate. Of two channels the mean is heard: on a headset either may be dead."""

    pauses = False

    def __init__(self, device: DeviceInfo) -> None:
        self._device = device
        self._listener = Listener()
        self._rate = device.rate
        self._stream: Any = None

    @property
    def rate(self) -> int:
        """Hz, known once started."""
        return self._rate

    def start(self, hear: Hear, lose: Lose) -> None:
        """Open the device and begin. Raises `AudioError` where that fails; then nothing is left open."""
        try:
            _portaudio().call(lambda it: self._open(it, hear, lose))
        except AudioError:
            self.close()
            raise

    def close(self) -> None:
        """End; returns when nothing more will be called, even where PortAudio never returns."""
        self._listener.detach()
        with suppress(AudioError):
            _portaudio().call(self._shut, within_s=_CLOSE_S)

    def _open(self, portaudio: PortAudio, hear: Hear, lose: Lose) -> None:
        # An index of an old list may mean another device by now (python-sounddevice #427).
        there = portaudio.inputs(fresh=True)
        found = next((one for one in there if one.device.id == self._device.id), None)
        if found is None:
            raise AudioError(f"{self._device.name} was not found: connect it and start again.")
        self._rate = found.device.rate
        self._stream = portaudio.start(
            self._device.name,
            samplerate=self.rate,
            device=found.index,
            channels=min(2, found.channels),
            dtype="float32",
            blocksize=round(_BLOCK_S * self.rate),
            latency=_LATENCY_S,
            callback=self._on_sound,
            finished_callback=self._on_finished,
        )
        if not self._listener.attach(hear, lose):  # nobody waited so long
            self._shut(portaudio)

    def _shut(self, portaudio: PortAudio) -> None:
        if self._stream is not None:
            portaudio.close(self._stream)
            self._stream = None

    def _on_sound(self, block: np.ndarray, _frames: int, _times: Any, status: Any) -> None:
        """Runs on PortAudio's thread: mix, pass on, return. The block's memory is PortAudio's."""
        self._listener.hear(block.mean(axis=1), now_s(), bool(status.input_overflow))

    def _on_finished(self) -> None:
        self._listener.lose(
            AudioError(f"{self._device.name} stopped delivering sound: connect it again.")
        )
