"""Whisper through faster-whisper (CTranslate2), from a model folder on this machine."""

import hashlib
import math
from pathlib import Path

from detection.errors import DetectionError
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment, Utterance

_NEEDED = ("model.bin", "config.json", "tokenizer.json")

# Gates on what Whisper invents when there is little to hear (Radford et al. 2022, section 4.5, whose
# values these are). Earwitness decodes each segment once and rejects, where Whisper would try again;
# segments that Whisper itself takes for silence never come out of faster-whisper.
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
            vad_filter=False,
        )
        texts: list[str] = []
        confidences: list[float] = []
        for part in parts:
            if part.compression_ratio > _COMPRESSION_RATIO:
                return Rejection("the recognizer repeated itself, so its text is not to be trusted")
            if part.avg_logprob < _LOG_PROBABILITY:
                return Rejection("the recognizer was too unsure of its text")
            texts.append(part.text.strip())
            confidences.append(math.exp(min(0.0, part.avg_logprob)))
        text = " ".join(texts).strip()
        if not text:
            return Rejection("no words were recognized in this speech")
        confidence = sum(confidences) / len(confidences)
        return Utterance(segment.channel, segment.start, segment.end, text, confidence)

    def close(self) -> None:
        """Free the model's memory."""
        self._model.model.unload_model()


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
