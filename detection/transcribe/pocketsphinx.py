"""The built-in recognizer: PocketSphinx with the US English model inside its wheel. No download."""

from importlib.metadata import version

import numpy as np

from audio.types import CALL_RATE
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment, Utterance, Word

_FRAMES_PER_SECOND = 100

ACTIVE_STATES = 3000
"""Most states kept per frame, a tenth of PocketSphinx's default; what it gives is in
docs/performance.md."""

_MIN_CONFIDENCE = 0.3
"""Mean word posterior below which a segment's text is rejected (docs/performance.md)."""


class PocketSphinxTranscriber:
    """Basic transcript: on the telephone about every second word is wrong (docs/performance.md)."""

    def __init__(self, active_states: int = ACTIVE_STATES) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=CALL_RATE, maxhmmpf=active_states, loglevel="FATAL")
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
