"""A Whisper model asked for one stretch of speech at a time, through faster-whisper and CTranslate2.

`WhisperModel.transcribe` of faster-whisper always fills up to 30 s, which costs twenty times what five
seconds of speech alone do (docs/performance.md), and decodes again what it doubts. Its public parts are
called here one by one instead: features, encoder, one greedy decoding, and times of words.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples
from detection.errors import DetectionError

if TYPE_CHECKING:
    from faster_whisper.tokenizer import Tokenizer

LONGEST_S = 30.0
"""Whisper's window."""

PROMPT_TOKENS = 100
"""Most tokens of words to expect; what they cost is in docs/performance.md."""

_TOKENS_PER_SECOND = {"en": 8}
_TOKENS_PER_SECOND_ELSE = 16
"""More than anybody speaks. English is about 4; a language that the tokenizer knows less takes more."""
_SPARE_TOKENS = 8
_MOST_TOKENS = 448
_FEATURES = "preprocessor_config.json"
_PREPENDED, _APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 - not only Latin
"""Punctuation that belongs to the word after and before it, as faster-whisper has it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Speech as the decoder takes it: CTranslate2's storage, and the 10 ms frames that hold speech."""

    storage: Any
    frames: int

    @property
    def seconds(self) -> float:
        return self.frames / 100


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the decoder wrote. `log_probability` is the mean over its tokens; `no_speech` a probability.

    `is_cut` where it wrote more than anybody can say in that time and was stopped.
    """

    text: str
    tokens: tuple[int, ...]
    log_probability: float
    no_speech: float
    compression_ratio: float
    is_cut: bool


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word as written, spaces around it included; seconds from the window's start; 0-1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class WhisperWindow:
    """A loaded model; one thread at a time. Raises `DetectionError` where the folder has no such model.

    `threads` is the number of cores one pass may use.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError, KeyError) as error:
            raise DetectionError(
                f"The Whisper model in {folder} cannot be loaded: it is damaged or made for another"
                " CTranslate2 version; fetch it again."
            ) from error
        self._takes_short = _takes_short(folder)
        self._tokenizer = lru_cache(maxsize=None)(self._new_tokenizer)

    @property
    def languages(self) -> Sequence[str]:
        """The codes of the languages that the model knows."""
        return self._model.supported_languages

    def encode(self, samples: Samples) -> Encoded:
        """Encode at most `LONGEST_S` of sound at `CALL_RATE`; what is over is left out.

        Padded to the whole window, except for a model that says it was trained without.
        """
        from faster_whisper.audio import pad_or_trim

        sound = samples[: round(LONGEST_S * CALL_RATE)]
        features: NDArray[np.float32] = self._model.feature_extractor(sound)[:, :-1]
        frames = features.shape[1]
        length = frames + frames % 2 if self._takes_short else round(LONGEST_S * 100)
        return Encoded(self._model.encode(pad_or_trim(features, length)), frames)

    def language(self, encoded: Encoded) -> tuple[str, float]:
        """The likeliest language and its probability; only for a model that knows several."""
        token, probability = self._model.model.detect_language(encoded.storage)[0][0]
        return token[2:-2], probability

    def decode(self, encoded: Encoded, language: str, expected: str = "") -> Decoding:
        """Decode once and greedily, with nothing before it but the words to expect."""
        from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens

        tokenizer = self._tokenizer(language)
        prompt = self._model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=expected or None
        )
        rate = _TOKENS_PER_SECOND.get(language, _TOKENS_PER_SECOND_ELSE)
        limit = min(math.ceil(rate * encoded.seconds) + _SPARE_TOKENS, _MOST_TOKENS // 2)
        result = self._model.model.generate(
            encoded.storage,
            [prompt],
            beam_size=1,
            # CTranslate2 gives half of this to the text, and all of it to prompt and text together.
            max_length=min(max(2 * limit, len(prompt) + limit), _MOST_TOKENS),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, (-1,)),
        )[0]
        tokens = result.sequences_ids[0]
        text = tokenizer.decode(tokens).strip()
        return Decoding(
            text,
            tuple(token for token in tokens if token < tokenizer.eot),
            result.scores[0] * len(tokens) / (len(tokens) + 1),
            result.no_speech_prob,
            get_compression_ratio(text) if text else 0.0,
            len(tokens) >= limit,
        )

    def words(self, encoded: Encoded, decoding: Decoding, language: str) -> list[TimedWord]:
        """The words of `decoding` with their times, from the attention of the decoder to the sound."""
        from faster_whisper.transcribe import merge_punctuations

        # faster-whisper's annotations say less than it takes and gives.
        found: Any = self._model.find_alignment(
            self._tokenizer(language),
            [list(decoding.tokens)],  # pyright: ignore[reportArgumentType]
            encoded.storage,
            encoded.frames,
        )[0]
        merge_punctuations(found, _PREPENDED, _APPENDED)
        return [
            TimedWord(each["word"], float(each["start"]), float(each["end"]), float(each["probability"]))
            for each in found
            if each["word"].strip()
        ]

    def fitting(self, words: Sequence[str], language: str) -> Sequence[str]:
        """The first of `words` that fit into a prompt of `PROMPT_TOKENS`."""
        tokenizer = self._tokenizer(language)
        count = len(words)
        while count and len(tokenizer.encode(" " + ", ".join(words[:count]))) > PROMPT_TOKENS:
            count -= 1
        return words[:count]

    def close(self) -> None:
        """Free the model's memory."""
        self._model.model.unload_model()

    def _new_tokenizer(self, language: str) -> "Tokenizer":
        from faster_whisper.tokenizer import Tokenizer

        multilingual = self._model.model.is_multilingual
        return Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=language)


def _takes_short(folder: Path) -> bool:
    """Whether the model says `"short_context": true` in its preprocessor_config.json."""
    path = folder / _FEATURES
    if not path.is_file():
        return False
    try:
        stated = json.loads(path.read_text(encoding="utf-8")).get("short_context", False)
    except (ValueError, AttributeError, RecursionError) as error:
        raise DetectionError(f"The file {path} is not valid: fetch the model again.") from error
    if not isinstance(stated, bool):
        raise DetectionError(f"short_context in {path} is {stated!r}: it must be true or false.")
    return stated
