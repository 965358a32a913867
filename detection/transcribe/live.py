"""The text of speech that has not ended: for people to follow, never stored and never judged."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audio.types import CALL_RATE, Channel
from detection.segmenter import Segmenter
from detection.transcribe.stable import LocalAgreement
from detection.transcribe.transcriber import LiveTranscriber
from detection.types import PartialText, Segment, Utterance, Word

LEAST_INTERVAL_S = 0.9
"""Speech after which its text is wanted again, where the model is quick enough."""

SHARE = 0.45
"""Core-seconds that the text of open speech may take for each second of it; a slower model is asked
less often. With the text of ended speech that makes 0.6 (docs/performance.md)."""

_SMOOTHING = 0.25


@dataclass(frozen=True, slots=True)
class OpenSpeech:
    """Speech that has not ended, whose text so far is wanted.

    Where it `pauses`, it is the whole phrase already if nothing follows.
    """

    segment: Segment
    pauses: bool = False


class LiveText:
    """One call's open speech, on any number of channels. Inference thread only, but for `interval_s`."""

    def __init__(self, transcriber: LiveTranscriber) -> None:
        self._transcriber = transcriber
        self._open: dict[Channel, tuple[int, LocalAgreement]] = {}
        self._cost = 0.0

    @property
    def interval_s(self) -> float:
        """Seconds of speech on one channel after which its text may be asked for again. Any thread."""
        return max(LEAST_INTERVAL_S, self._cost / SHARE)

    def hear(self, speech: OpenSpeech) -> PartialText:
        """The text of `speech`, which goes on where its last one left off if both start alike.

        Decodes the whole of it, or from 5 s on what follows the words that are settled; where it
        pauses again the whole, which the recognizer keeps for the case that this was all.
        """
        began = time.process_time()
        text = self._text(speech)
        self._cost += _SMOOTHING * (time.process_time() - began - self._cost)
        return text

    def _text(self, speech: OpenSpeech) -> PartialText:
        segment = speech.segment
        start, words = self._open.get(segment.channel, (-1, None))
        if words is None or start != segment.start:
            words = LocalAgreement(segment.start)
            self._open[segment.channel] = (segment.start, words)
        if speech.pauses and words.listen_from > segment.start:
            whole = self._transcriber.transcribe_open(segment)
            if isinstance(whole, Utterance):
                return _partial(segment, "", whole.text)
            return _partial(segment, _said(words.settled), "")
        tail = replace(
            segment,
            start=words.listen_from,
            samples=segment.samples[words.listen_from - segment.start :],
        )
        heard = self._transcriber.transcribe_open(tail)
        words.hear(heard.words if isinstance(heard, Utterance) else (), segment.end)
        return _partial(segment, _said(words.settled), _said(words.tentative))


class OpenSpeechWatch:
    """When the text of one channel's open speech is wanted. Pump thread only.

    Each time there is so much more of it, and once when it pauses.
    """

    def __init__(self, segmenter: Segmenter, live_text: LiveText) -> None:
        self._segmenter = segmenter
        self._live_text = live_text
        self._asked = 0
        self._asked_in_pause = False

    def due(self, heard: int) -> OpenSpeech | None:
        """What is to be read now that sound was heard up to sample `heard`."""
        pauses = self._segmenter.pauses
        self._asked_in_pause &= pauses
        least = round(self._live_text.interval_s * CALL_RATE)
        if self._asked_in_pause or (not pauses and heard - self._asked < least):
            return None
        segment = self._segmenter.open
        if segment is None:
            return None
        if not pauses and segment.end - max(segment.start, self._asked) < least:
            return None
        self._asked = segment.end
        self._asked_in_pause = pauses
        return OpenSpeech(segment, pauses)


def _partial(segment: Segment, settled: str, tentative: str) -> PartialText:
    return PartialText(segment.channel, segment.start, segment.end, settled, tentative)


def _said(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
