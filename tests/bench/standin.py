"""Whisper models of full size with random weights: they cost what real ones cost and hear nothing.

Their text is without end, so that how much is decoded is set from outside, to what people say in that
time; and without sense, so that words are put in its place on which two passes agree as they would.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audio.types import CALL_RATE
from detection.transcribe.gates import Gates
from detection.transcribe.transcriber import Rejection
from detection.transcribe.whisper import WhisperTranscriber
from detection.types import Segment, Utterance, Word

TOKENS_PER_SECOND = 4
"""English at 160 words a minute, with the tokens of Whisper's English vocabulary."""

WORD_S = 0.35
_OPEN_GATES = Gates(no_speech=2.0, log_probability=-1e9, compression_ratio=1e9)


def make_standin(shared: Path, folder: Path, size: str, *, short_context: bool) -> Path:
    """Write a stand-in of `size` ("tiny" or "base") below `folder`, made once for both kinds."""
    plain = folder / f"{size}.en"
    if not plain.is_dir():
        maker = shared / "tools" / "standin_whisper.py"
        subprocess.run([sys.executable, maker, "random", plain, size], check=True, capture_output=True)
    if not short_context:
        return plain
    short = folder / f"{size}.en-short"
    shutil.copytree(plain, short)
    settings = short / "preprocessor_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "short_context": True}))
    return short


class SpokenLength:
    """A CTranslate2 Whisper model that decodes what can be said in `speech_s`, no more and no less."""

    def __init__(self, model: Any, end: int) -> None:
        self._model = model
        self._end = end
        self.speech_s = 1.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, features: Any, prompts: Sequence[Sequence[int]], **options: Any) -> Any:
        tokens = max(1, round(TOKENS_PER_SECOND * self.speech_s))
        # CTranslate2 gives half of this to the text, and all of it to prompt and text together.
        options["max_length"] = max(2 * tokens, len(prompts[0]) + tokens)
        options["suppress_tokens"] = [*(options.get("suppress_tokens") or ()), self._end]
        return self._model.generate(features, prompts, **options)


class StandinTranscriber(WhisperTranscriber):
    """The program's own transcriber on a stand-in."""

    def __init__(self, folder: Path, threads: int) -> None:
        super().__init__(folder, threads=threads, gates=_OPEN_GATES)
        whisper = self._window._model
        self._spoken = SpokenLength(whisper.model, token(whisper, "<|endoftext|>"))
        whisper.model = self._spoken  # pyright: ignore[reportAttributeAccessIssue]

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        self._spoken.speech_s = segment.duration_s
        return super().transcribe(segment)

    def transcribe_open(self, segment: Segment) -> Utterance | Rejection:
        self._spoken.speech_s = segment.duration_s
        heard = super().transcribe_open(segment)
        if not isinstance(heard, Utterance):
            raise TypeError(f"a stand-in was rejected: {heard}")
        return replace(heard, words=spoken_words(segment))


def token(whisper: Any, text: str) -> int:
    """The number of a token of a faster-whisper model."""
    return whisper.hf_tokenizer.token_to_id(text)


def spoken_words(segment: Segment) -> tuple[Word, ...]:
    """A word for each 0.35 s of the call; the last, being cut, is another each time."""
    length = round(WORD_S * CALL_RATE)
    starts = range(-(-segment.start // length) * length, segment.end, length)
    words = [Word(str(start), start, min(start + length, segment.end), 0.9) for start in starts]
    if words:
        words[-1] = replace(words[-1], text=f"cut at {segment.end}")
    return tuple(words)
