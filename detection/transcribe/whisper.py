"""Whisper through faster-whisper (CTranslate2), from a model folder on this machine."""

import hashlib
from pathlib import Path

from audio.types import CALL_RATE
from detection.errors import DetectionError
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment, Utterance, Word

_NEEDED = ("model.bin", "config.json", "tokenizer.json")

# Gates on what Whisper invents when there is little to hear (Radford et al. 2022, section 4.5, whose
# values these are). Earwitness decodes each segment once and rejects, where Whisper would try again.
_NO_SPEECH = 0.6
_LOG_PROBABILITY = -1.0
_COMPRESSION_RATIO = 2.4


class WhisperTranscriber:
    """A CTranslate2 Whisper model.

    `folder` holds model.bin, config.json, tokenizer.json and a vocabulary, as faster-whisper's
    conversions do. `threads` is the number of cores one decoding may use. Raises `DetectionError`
    where the folder is no such model.
    """

    def __init__(self, folder: Path, language: str = "en", threads: int = 2) -> None:
        _check(folder)
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
        self._language = language
        self.engine = EngineInfo("transcript", f"whisper/{folder.resolve().name}", _revision(folder))

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        """Decode one segment greedily, without the text before it; what fails a gate is rejected."""
        parts, _ = self._model.transcribe(
            segment.samples,
            language=self._language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
        )
        words: list[Word] = []
        for part in parts:
            if part.no_speech_prob > _NO_SPEECH and part.avg_logprob < _LOG_PROBABILITY:
                return Rejection("the recognizer heard no speech in this sound")
            if part.compression_ratio > _COMPRESSION_RATIO:
                return Rejection("the recognizer repeated itself, so its text is not to be trusted")
            if part.avg_logprob < _LOG_PROBABILITY:
                return Rejection("the recognizer was too unsure of its text")
            words += [
                Word(
                    word.word.strip(),
                    _index(segment, word.start),
                    _index(segment, word.end),
                    round(float(word.probability), 4),
                )
                for word in part.words or ()
            ]
        if not words:
            return Rejection("no words were recognized in this speech")
        return Utterance(
            segment.channel,
            segment.start,
            segment.end,
            " ".join(word.text for word in words),
            sum(word.confidence for word in words) / len(words),
            tuple(words),
        )


def _index(segment: Segment, seconds: float) -> int:
    return min(segment.end, segment.start + round(seconds * CALL_RATE))


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


def _revision(folder: Path) -> str:
    with (folder / "model.bin").open("rb") as weights:
        return "sha256:" + hashlib.file_digest(weights, "sha256").hexdigest()[:16]
