"""Call after call, each found by the sound of its far side and kept as a case of its own."""

import logging
import threading
from collections.abc import Callable

from app.call.session import Session
from audio.activity import CallActivity, CallBegan, CallOver
from audio.preroll import Preroll
from audio.relay_source import RelaySource
from audio.resample import ChannelResampler
from audio.ring import AudioRing
from audio.source import AudioSource
from audio.types import AudioChunk, AudioGap, Channel
from detection.segmenter import Segmenter

_log = logging.getLogger(__name__)

OpenCall = Callable[[AudioSource], Session]
"""Makes the session of a call that was found, not yet started; on the thread that listens."""

_POP_TIMEOUT_S = 0.2


class CallAfterCall:
    """Listens to `source` on one thread, and opens and closes a session for each call.

    Between calls nothing is kept but the pre-roll in memory. Calls share the models, so a call that
    begins while the last one is still being judged waits in the pre-roll until that is done.
    """

    def __init__(
        self, source: AudioSource, segmenters: dict[Channel, Segmenter], open_call: OpenCall
    ) -> None:
        self._source = source
        self._segmenters = segmenters
        self._open_call = open_call
        self._activity = CallActivity()
        self._preroll = Preroll()
        self._relay: RelaySource | None = None
        self._session: Session | None = None
        self._wanted_from: int | None = None
        self._ring = AudioRing()
        self._resamplers = {channel: ChannelResampler(channel) for channel in source.channels}
        self._error: Exception | None = None
        self._done = threading.Event()

    @property
    def error(self) -> Exception | None:
        """Why listening ended by itself; its message is a sentence for the user."""
        return self._error

    def start(self) -> None:
        """Begin to listen. Raises `AudioError` where a device cannot be opened."""
        self._source.start(self._ring)
        threading.Thread(target=self._listen, name="earwitness-calls").start()

    def stop(self, *, judge_rest: bool = True) -> None:
        """Ask to stop listening; a call that goes on ends here. Any thread; returns at once.

        What was heard of it is still judged, or with `judge_rest` False stored as not judged.
        """
        self._ring.close()
        if self._session and not judge_rest:
            self._session.stop(judge_rest=False)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until listening has ended and all is stored; False where that took longer."""
        return self._done.wait(timeout_s)

    def _listen(self) -> None:
        try:
            while not self._ring.ended:
                item = self._ring.pop(_POP_TIMEOUT_S)
                if item is not None:
                    for sound in self._resamplers[item.channel].push(item):
                        self._take_in(sound)
                self._open_if_wanted()
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            _log.exception("listening ended early")
            self._error = error
        finally:
            self._source.stop()
            self._end_call()
            self._error = self._error or self._ring.error
            if self._session:
                self._session.wait()
            self._done.set()

    def _take_in(self, sound: AudioChunk | AudioGap) -> None:
        segmenter = self._segmenters[sound.channel]
        if isinstance(sound, AudioGap):
            segmenter.skip(sound)
        else:
            segmenter.push(sound)
        if self._relay:
            self._relay.feed(sound)
        else:
            self._preroll.push(sound)
        for change in self._activity.push(sound, has_speech=segmenter.in_speech):
            match change:
                case CallBegan(start):
                    self._wanted_from = start
                case CallOver():
                    self._end_call()

    def _open_if_wanted(self) -> None:
        if self._wanted_from is None or (self._session and not self._session.wait(0)):
            return
        relay = RelaySource(self._source.name, self._source.channels, self._wanted_from)
        self._session = self._open_call(relay)
        for sound in self._preroll.drain():
            relay.feed(sound)
        self._relay, self._wanted_from = relay, None
        self._session.start()

    def _end_call(self) -> None:
        self._wanted_from = None
        if self._relay:
            self._relay.finish()
            self._relay = None
