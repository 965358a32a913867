"""The built-in recognizer: PocketSphinx with the US English model inside its wheel. No download."""

from importlib.metadata import version

import numpy as np

from audio.types import CALL_RATE
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment, Utterance, Word

_FRAMES_PER_SECOND = 100

_MAX_ACTIVE_STATES = 3000
"""Per frame. Ten times fewer than the default: same word error rate at 0.6 of the cost on read speech,
and a third of it on a noisy call (docs/performance.md)."""

_MIN_CONFIDENCE = 0.3
"""Mean word posterior below which a segment's text is rejected: one in twenty of read speech through
G.711, half of a noisy call, where what is rejected makes no sense (docs/performance.md)."""


class PocketSphinxTranscriber:
    """Basic transcript: about one word in four is wrong on read speech, more on the telephone."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=CALL_RATE, maxhmmpf=_MAX_ACTIVE_STATES, loglevel="FATAL")
        self.engine = EngineInfo(
            "transcript",
            "pocketsphinx-en-us",
            version("pocketsphinx"),
            "basic transcript: Whisper not installed",
        )

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """Decode one whole segment; it holds Python's global lock while it does."""
        decoder = self._decoder
        decoder.start_utt()
        decoder.process_raw(_pcm16(segment.samples), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        words = tuple(self._words(segment)) if hypothesis else ()
        if not words:
            return Rejection("no words were recognized in this speech")
        confidence = sum(word.confidence for word in words) / len(words)
        if confidence < _MIN_CONFIDENCE:
            return Rejection("the recognizer was too unsure of its text")
        text = " ".join(word.text for word in words)
        return Utterance(segment.channel, segment.start, segment.end, text, confidence, words)

    def close(self) -> None:
        """Nothing to let go of: the decoder's memory goes with the object."""

    def _words(self, segment: Segment) -> list[Word]:
        per_frame = CALL_RATE // _FRAMES_PER_SECOND
        return [
            Word(
                entry.word.partition("(")[0],
                segment.start + entry.start_frame * per_frame,
                min(segment.end, segment.start + (entry.end_frame + 1) * per_frame),
                round(min(1.0, entry.prob), 4),
            )
            for entry in self._decoder.seg()
            if entry.word[0] not in "<[+"
        ]


def _pcm16(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
