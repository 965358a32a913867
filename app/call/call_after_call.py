"""Call after call, each found by the sound of its far side and kept as a case of its own."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

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
    begins while the last one is still being judged is held in memory until that is done, its last 60 s.
    """

    def __init__(
        self, source: AudioSource, segmenters: dict[Channel, Segmenter], open_call: OpenCall
    ) -> None:
        self._source = source
        self._segmenters = segmenters
        self._open_call = open_call
        self._activity = CallActivity()
        self._preroll = Preroll()
        self._call: RelaySource | None = None
        self._waiting: deque[RelaySource] = deque()
        self._session: Session | None = None
        self._ring = AudioRing()
        self._resamplers = {channel: ChannelResampler(channel) for channel in source.channels}
        self._error: Exception | None = None
        self._is_stopped = False
        self._judges_rest = True
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
        self._is_stopped = True
        self._judges_rest = self._judges_rest and judge_rest
        if self._session and not judge_rest:
            self._session.stop_with_source(judge_rest=False)
        self._ring.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until listening has ended and all is stored; False where that took longer."""
        return self._done.wait(timeout_s)

    def _listen(self) -> None:
        try:
            while not self._ring.ended:
                item = self._ring.pop(_POP_TIMEOUT_S)
                if item is not None:
                    self._take_in(self._resamplers[item.channel].push(item))
                if self._is_free() and self._waiting:
                    self._open_next()
            for resampler in self._resamplers.values():
                self._take_in(resampler.flush())
        except Exception as error:  # noqa: BLE001 - a thread's failure has to reach the one who waits
            self._fail(error)
        for end in (self._source.stop, self._end_calls):
            try:
                end()
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(error)
        self._done.set()

    def _take_in(self, sounds: Sequence[AudioChunk | AudioGap]) -> None:
        for sound in sounds:
            segmenter = self._segmenters[sound.channel]
            if isinstance(sound, AudioGap):
                segmenter.skip(sound)
            else:
                segmenter.push(sound)
            if self._call:
                self._call.feed(sound)
            else:
                self._preroll.push(sound)
            for change in self._activity.push(sound, has_speech=segmenter.in_speech):
                match change:
                    case CallBegan(start):
                        self._begin_call(start)
                    case CallOver():
                        self._end_call()

    def _begin_call(self, start: int) -> None:
        self._call = RelaySource(self._source.name, self._source.channels, start)
        for sound in self._preroll.drain():
            self._call.feed(sound)
        self._waiting.append(self._call)

    def _end_call(self, error: Exception | None = None) -> None:
        if self._call:
            self._call.finish(error)
            self._call = None

    def _is_free(self) -> bool:
        """Whether the models are. Raises what has ended the last call before its time."""
        if self._session is None:
            return True
        is_over = self._session.wait(0)
        if is_over and self._session.error:
            raise self._session.error
        return is_over

    def _open_next(self) -> Session:
        self._session = self._open_call(self._waiting.popleft())
        self._session.start()
        return self._session

    def _end_calls(self) -> None:
        """Listening is over: so is the call that goes on. Those that wait have their turn even so."""
        self._error = self._error or self._ring.error
        is_cut_short = self._is_stopped and self._call is not None
        if is_cut_short and self._session and not self._waiting:
            self._session.stop_with_source(judge_rest=self._judges_rest)
        self._end_call(self._error)
        self._await_session()
        while self._waiting:
            try:
                session = self._open_next()
            except Exception as error:  # noqa: BLE001 - the calls behind it have their turn
                self._fail(error)
                continue
            if not self._judges_rest or (is_cut_short and not self._waiting):
                session.stop_with_source(judge_rest=self._judges_rest)
            self._await_session()

    def _await_session(self) -> None:
        if self._session and self._session.wait():
            self._error = self._error or self._session.error

    def _fail(self, error: Exception) -> None:
        _log.error("listening ended early", exc_info=error)
        self._error = self._error or error
