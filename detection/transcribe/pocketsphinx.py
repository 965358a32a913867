"""The built-in recognizer: PocketSphinx with a language model of helpdesk talk. No download."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from audio.types import CALL_RATE, Samples
from detection.errors import DetectionError
from detection.transcribe.pronunciation import Pronounced, pronounced, read_dictionary
from detection.transcribe.transcriber import Rejection
from detection.transcribe.upper_band import UpperBand
from detection.types import EngineInfo, Segment, Utterance, Word

_FRAMES_PER_SECOND = 100

ACTIVE_STATES = 3000
"""Most states kept per frame, a tenth of PocketSphinx's default; what it gives is in
docs/performance.md."""

_MIN_CONFIDENCE = 0.3
"""Mean word posterior below which a segment's text is rejected (docs/performance.md)."""
_MANY_WORDS, _MIN_CONFIDENCE_OF_MANY = 10, 0.35
"""The mean over many words wanders less, so it may be asked for more: it keeps babble out."""
_HISS = 3e-4
"""Root mean square of the noise added to all sound: the model never heard the digital silence of
noise gates and synthetic voices."""
_MOST_S = 40

LANGUAGE_MODEL, DICTIONARY, UPPER_BAND = "helpdesk.lm.bin", "helpdesk.dict", "upper_band.npz"
REVISION = "helpdesk-1"
"""Of the files in resources/transcript; docs/models/earwitness-sphinx-lm.md."""


class PocketSphinxTranscriber:
    """Basic transcript: docs/performance.md says how many words are wrong.

    `folder` holds the language model, its dictionary and the upper band; `words` are a site's own.
    Raises `DetectionError` where they cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        words: Sequence[Pronounced] = (),
        active_states: int = ACTIVE_STATES,
    ) -> None:
        from pocketsphinx import Decoder

        self._upper_band = UpperBand(folder / UPPER_BAND)
        self._hiss = _HISS * np.random.default_rng(0).standard_normal(_MOST_S * CALL_RATE, np.float32)
        try:
            self._decoder = Decoder(
                samprate=CALL_RATE,
                maxhmmpf=active_states,
                lm=str(folder / LANGUAGE_MODEL),
                dict=str(folder / DICTIONARY),
                loglevel="FATAL",
            )
        except RuntimeError as error:
            raise DetectionError(
                f"The language model of the built-in recognizer in {folder} cannot be used: reinstall "
                "Earwitness."
            ) from error
        self._written: dict[str, str] = {}
        for word in words:
            name = word.written.lower()
            if self._decoder.lookup_word(name) is None:
                self._decoder.add_word(name, word.phones, update=True)
            self._written[name] = word.written
        self.engine = EngineInfo(
            "transcript",
            "pocketsphinx-en-us",
            f"{version('pocketsphinx')} {REVISION}",
            "basic transcript: Whisper not installed",
        )

    def begin_call(self) -> None:
        """Nothing to forget: no segment changes the next."""

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """Decode one whole segment; it holds Python's global lock while it does."""
        decoder = self._decoder
        decoder.start_utt()
        decoder.process_raw(_pcm16(self._prepared(segment.samples)), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        words = tuple(self._words(segment)) if hypothesis else ()
        if not words:
            return Rejection("no words were recognized in this speech")
        confidence = sum(word.confidence for word in words) / len(words)
        least = _MIN_CONFIDENCE_OF_MANY if len(words) >= _MANY_WORDS else _MIN_CONFIDENCE
        if confidence < least:
            return Rejection("the recognizer was too unsure of its text")
        text = " ".join(word.text for word in words)
        return Utterance(segment.channel, segment.start, segment.end, text, confidence, words)

    def close(self) -> None:
        """Nothing to let go of: the decoder's memory goes with the object."""

    def _prepared(self, samples: Samples) -> Samples:
        hiss = np.resize(self._hiss, len(samples))
        return self._upper_band.added_to((samples + hiss).astype(np.float32))

    def _words(self, segment: Segment) -> list[Word]:
        per_frame = CALL_RATE // _FRAMES_PER_SECOND
        return [
            Word(
                self._shown(entry.word.partition("(")[0]),
                segment.start + entry.start_frame * per_frame,
                min(segment.end, segment.start + (entry.end_frame + 1) * per_frame),
                round(min(1.0, entry.prob), 4),
            )
            for entry in self._decoder.seg()
            if entry.word[0] not in "<[+"
        ]

    def _shown(self, word: str) -> str:
        """As the site writes it; without the points of "b." and "i.t.", which mark letters."""
        return self._written.get(word) or word.replace(".", "")


def pronounced_words(folder: Path, domain_words: Sequence[str]) -> tuple[Pronounced, ...]:
    """A site's words with their sound. Raises `DetectionError` for one whose sound is not known.

    Looked up in the dictionary in `folder` and, where that lacks a word, in PocketSphinx's own.
    """
    if not domain_words:
        return ()
    from pocketsphinx import get_model_path

    own = Path(get_model_path("en-us/cmudict-en-us.dict"))
    return pronounced(domain_words, read_dictionary(folder / DICTIONARY, own))


def _pcm16(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
