"""Whisper through faster-whisper (CTranslate2), from a model folder on this machine."""

import hashlib
import logging
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.transcribe.gates import Gates
from detection.transcribe.transcriber import Rejection
from detection.transcribe.window import Encoded, TimedWord, WhisperWindow
from detection.types import EngineInfo, Segment, Utterance, Word

AUTO = "auto"
"""The language is found out, once for each channel of a call."""

_log = logging.getLogger(__name__)

_NEEDED = ("model.bin", "config.json", "tokenizer.json")

_LANGUAGE_PROBABILITY = 0.5
"""From which a language is kept for the rest of the call: faster-whisper's own threshold."""
_LANGUAGE_S = 2.0
"""Speech needed for that: a "hello" is the same in many languages."""


class WhisperTranscriber:
    """A CTranslate2 Whisper model that hears each segment by itself, without the text before it.

    `folder` holds model.bin, config.json, tokenizer.json and a vocabulary, as faster-whisper's
    conversions do. `language` is a code such as "en", or `AUTO`. `expected` are words to expect, such as
    names of products and staff, as many as fit. Text in `phantoms` is taken for an invention.
    `threads` is the number of cores one decoding may use. Raises `DetectionError` where the folder is
    no such model or does not know the language.
    """

    def __init__(
        self,
        folder: Path,
        language: str = "en",
        threads: int = 2,
        expected: Sequence[str] = (),
        phantoms: Container[str] = (),
        gates: Gates | None = None,
    ) -> None:
        _check(folder)
        self._window = WhisperWindow(folder, threads)
        _check_language(folder, language, self._window.languages)
        self._language = self._window.languages[0] if len(self._window.languages) == 1 else language
        self._languages: dict[Channel, str] = {}
        self._open: dict[Channel, _Pass] = {}
        self._expected = self._fitting(expected)
        self._phantoms = phantoms
        self._gates = gates or Gates()
        self.engine = EngineInfo("transcript", f"whisper/{folder.resolve().name}", _revision(folder))

    def begin_call(self) -> None:
        """Forget what was heard."""
        self._languages.clear()
        self._open.clear()

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """Decode one segment of at most 30 s greedily; what fails a gate is rejected.

        Speech that was decoded while it was open and is now found to have been all is not decoded again.
        """
        done = self._open.pop(segment.channel, None)
        if done is None or not done.is_of(segment):
            done = self._decode(segment)
        if done.settles_language:
            self._languages.setdefault(segment.channel, done.language)
        return done.result

    def transcribe_open(self, segment: Segment) -> Utterance | Rejection:
        """The same for speech that has not ended, whose language is not yet taken for the call's."""
        self._open[segment.channel] = self._decode(segment)
        return self._open[segment.channel].result

    def close(self) -> None:
        """Free the model's memory."""
        self._window.close()

    def _decode(self, segment: Segment) -> "_Pass":
        encoded = self._window.encode(segment.samples)
        language, probability = self._language_of(segment.channel, encoded)
        is_sure = probability >= _LANGUAGE_PROBABILITY and encoded.seconds >= _LANGUAGE_S
        result = self._text(segment, encoded, language)
        return _Pass(segment, language, is_sure, result)

    def _text(self, segment: Segment, encoded: Encoded, language: str) -> Utterance | Rejection:
        decoding = self._window.decode(encoded, language, ", ".join(self._expected))
        if reason := self._gates.reason(decoding, self._phantoms, self._expected):
            return Rejection(reason)
        found = self._window.words(encoded, decoding, language)
        text = "".join(word.text for word in found).strip()
        confidence = math.exp(min(0.0, decoding.log_probability))
        words = tuple(_word(word, segment) for word in found)
        return Utterance(segment.channel, segment.start, segment.end, text, confidence, words)

    def _language_of(self, channel: Channel, encoded: Encoded) -> tuple[str, float]:
        """The language to decode, and how likely it is that of the channel."""
        if self._language != AUTO:
            return self._language, 1.0
        if channel in self._languages:
            return self._languages[channel], 1.0
        return self._window.language(encoded)

    def _fitting(self, expected: Sequence[str]) -> Sequence[str]:
        fitting = self._window.fitting(expected, "en" if self._language == AUTO else self._language)
        if len(fitting) < len(expected):
            _log.warning(
                "only the first %d of %d words to expect fit into Whisper's prompt",
                len(fitting),
                len(expected),
            )
        return fitting


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one decoding of `segment` gave, and in which language."""

    segment: Segment
    language: str
    settles_language: bool
    result: Utterance | Rejection

    def is_of(self, segment: Segment) -> bool:
        """Whether it is of the same sound: an echo may have been taken out of it since."""
        return self.segment.start == segment.start and np.array_equal(
            self.segment.samples, segment.samples
        )


def _word(word: TimedWord, segment: Segment) -> Word:
    start, end = (
        min(segment.end, segment.start + max(0, round(seconds * CALL_RATE)))
        for seconds in (word.start_s, word.end_s)
    )
    return Word(word.text.strip(), start, end, round(min(1.0, word.confidence), 4))


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise DetectionError(
            f"There is no Whisper model folder {folder}: check the path in the settings."
        )
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise DetectionError(
            f"The Whisper model in {folder} lacks {', '.join(missing)}: fetch the whole model again."
        )


def _check_language(folder: Path, language: str, known: Sequence[str]) -> None:
    if language not in (AUTO, *known):
        knows = "English only" if len(known) == 1 else "no such language"
        raise DetectionError(
            f"The language is set to {language!r}, but the Whisper model in {folder} knows {knows}: "
            "change the setting or choose another model."
        )


def _revision(folder: Path) -> str:
    with (folder / "model.bin").open("rb") as weights:
        return "sha256:" + hashlib.file_digest(weights, "sha256").hexdigest()[:16]
