"""Where in the sound each phone and each word lies, which gets hearing under way.

From words alone, a network needs far longer to find out what it should listen to than two cores can
give it. Where a synthesizer told when it said each word, the encoder is asked for the phone of each
frame, and one head of each decoder layer is told where to look.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from detection.training.whisper.features import FRAMES_PER_SECOND
from detection.training.whisper.speech import PAUSE, PHONES, Speech, Word, phones_of
from detection.training.whisper.tokenizer import Tokens

IGNORED = -100
"""Target that counts in no loss."""
FRAME_S = 2 / FRAMES_PER_SECOND
"""Seconds of a frame of the encoder."""

Span = tuple[int, int]
"""First frame of the encoder and the one after the last."""

_NUMBERS = {phone: number for number, phone in enumerate(PHONES)}


def phone_frames(parts: Iterable[Speech], starts_s: Iterable[float], frames: int) -> NDArray[np.int64]:
    """Which of `PHONES` each frame of the encoder is in, the phones of a word taken to be equally long.

    `IGNORED` where a part says words at times that are not known.
    """
    labels = np.full(frames, _NUMBERS[PAUSE])
    for part, start_s in zip(parts, starts_s, strict=True):
        first, last = _span(0.0, part.seconds, start_s)
        if not part.words:
            labels[first:last] = IGNORED
        for text, word in zip(part.text.split(), part.words, strict=bool(part.words)):
            phones = phones_of(text.strip(",.?!"))
            edges = np.linspace(word.start, word.end, len(phones) + 1)
            for phone, begin, end in zip(phones, edges[:-1], edges[1:], strict=True):
                first, last = _span(begin, end, start_s)
                labels[first:last] = _NUMBERS[phone]
    return labels


def word_spans(part: Speech, start_s: float, tokens: Tokens) -> list[Span | None]:
    """The frames of the word that each piece of the part's text belongs to; None where not known."""
    words: Sequence[Word | None] = part.words or [None] * len(part.text.split())
    return [
        _span(word.start, word.end, start_s) if word else None
        for text, word in zip(part.text.split(), words, strict=True)
        for _ in tokens.text(text)
    ]


def _span(start: float, end: float, offset_s: float) -> Span:
    return round((offset_s + start) / FRAME_S), round((offset_s + end) / FRAME_S)
