"""The pump of a call: sound in, and out what is to be judged and stored."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from app.call.gaps import OpenGap
from app.call.listening import Listening, troubled
from app.call.segment_queue import ClockTick, Noticed, QueueItem
from audio.levels import FLOOR_DBFS, rms_dbfs
from audio.resample import ChannelResampler
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel, Trouble
from detection.events import Event
from detection.segmenter import Segmenter
from detection.transcribe.live import LiveText, OpenSpeech, OpenSpeechWatch
from detection.types import Segment


class Intake:
    """Takes in a call's sound on one thread and puts segments, gaps, ticks and news in their order.

    `put` is given what has to be worked off, `want_text` speech whose text is wanted before it ends.
    """

    def __init__(
        self,
        segmenters: Mapping[Channel, Segmenter],
        put: Callable[[QueueItem], None],
        want_text: Callable[[OpenSpeech], None],
        live_text: LiveText | None,
        listening: Listening | None,
    ) -> None:
        self._segmenters = segmenters
        self._put = put
        self._want_text = want_text
        self._listening = listening
        self._resamplers = {channel: ChannelResampler(channel) for channel in segmenters}
        self._levels = dict.fromkeys(segmenters, FLOOR_DBFS)
        self._gaps = {channel: OpenGap(channel) for channel in segmenters}
        self._heard = dict.fromkeys(segmenters, 0)
        self._watches = {
            channel: OpenSpeechWatch(segmenter, live_text)
            for channel, segmenter in segmenters.items()
            if live_text
        }
        self._ended: deque[Segment] = deque()
        self._ticked = 0

    @property
    def heard(self) -> int:
        """Samples (`CALL_RATE`) from call start up to which sound was taken in. Any thread."""
        return max(self._heard.values())

    @property
    def levels(self) -> dict[Channel, float]:
        """Level of each channel's latest sound in dBFS. Any thread."""
        return dict(self._levels)

    def take(self, item: AudioChunk | AudioGap) -> None:
        """Take in what the ring gives, at any rate."""
        for sound in self._resamplers[item.channel].push(item):
            self._take_in(sound)

    def take_rest(self) -> None:
        """Nothing more is given: take in what the resamplers hold."""
        for resampler in self._resamplers.values():
            for sound in resampler.flush():
                self._take_in(sound)

    def finish(self) -> None:
        """Put what is still open. Whatever fails of that, the recording is completed."""
        try:
            for channel, segmenter in self._segmenters.items():
                self._put_all(segmenter.flush())
                self._tell(self._gaps[channel].end(), [])
            self._put_ready(all_of_them=True)
        finally:
            if self._listening:
                self._notice_all(self._listening.end(self.heard))

    def _take_in(self, sound: AudioChunk | AudioGap) -> None:
        channel, segmenter = sound.channel, self._segmenters[sound.channel]
        self._heard[channel] = sound.end
        if self._listening:
            self._notice_all(self._listening.hear(sound, has_speech=segmenter.in_speech))
            self._put_ready()
        if isinstance(sound, AudioGap):
            self._put_all(segmenter.skip(sound))
            self._tell(*self._gaps[channel].push(sound))
        else:
            self._end_gap(channel)
            self._levels[channel] = rms_dbfs(sound.samples)
            self._put_all(segmenter.push(sound))
            self._ask_for_text(channel)
        self._tick()

    def _end_gap(self, channel: Channel) -> None:
        self._tell(*self._gaps[channel].close(self._heard[channel]))

    def _tell(self, gaps: list[AudioGap], troubles: list[Trouble]) -> None:
        for gap in gaps:
            self._put(gap)
        self._notice_all([troubled(trouble) for trouble in troubles])

    def _ask_for_text(self, channel: Channel) -> None:
        watch = self._watches.get(channel)
        if not watch or not (speech := watch.due(self._heard[channel])):
            return
        kept = speech.segment
        if self._listening:
            kept, _ = self._listening.keep(speech.segment, is_open=True)
        if kept:
            self._want_text(replace(speech, segment=kept))

    def _tick(self) -> None:
        open_from = [segmenter.settled for segmenter in self._segmenters.values()]
        settled = min([*open_from, *(segment.start for segment in self._ended)])
        if settled - self._ticked >= CALL_RATE:
            self._ticked = settled
            self._put(ClockTick(settled))

    def _put_all(self, segments: Sequence[Segment]) -> None:
        self._ended += segments
        self._put_ready()

    def _put_ready(self, *, all_of_them: bool = False) -> None:
        """Put the segments that can be judged by now: echo is found in what the other side has said."""
        while self._ended:
            segment = self._ended[0]
            if self._listening and not (all_of_them or self._listening.can_keep(segment)):
                return
            self._ended.popleft()
            kept, noticed = self._listening.keep(segment) if self._listening else (segment, [])
            self._notice_all(noticed)
            if kept:
                self._put(kept)

    def _notice_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self._put(Noticed(event))
