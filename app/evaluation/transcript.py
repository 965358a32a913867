"""`earwitness evaluate transcript`: word error rate of the recognizer on recordings with their text."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from app.evaluation.hearing import segments
from app.evaluation.manifest import read_manifest
from app.evaluation.written_calls import Track
from audio.errors import AudioError
from detection.transcribe.transcriber import Transcriber
from detection.types import Utterance
from detection.vad import SileroVad


def evaluate_transcript(
    manifest: Path, transcriber: Transcriber, vad: SileroVad, track: Track = iter
) -> dict[str, Any]:
    """WER in all and by condition, both texts normalised as the public leaderboards do.

    Raises `EvaluationError` for a manifest that cannot be used; a recording that cannot be read is
    listed under `failed` and left out.
    """
    heard: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    failed = []
    for clip in track(read_manifest(manifest, "text")):
        try:
            heard[clip.condition].append((clip.label, _transcribe(clip.path, transcriber, vad)))
        except AudioError as error:
            failed.append({"path": str(clip.path), "error": str(error)})
    return {
        "engine": {"id": transcriber.engine.id, "revision": transcriber.engine.revision},
        "wer": _wer([pair for pairs in heard.values() for pair in pairs]),
        "conditions": {name: {"wer": _wer(pairs), "n": len(pairs)} for name, pairs in heard.items()},
        "failed": failed,
    }


def _transcribe(path: Path, transcriber: Transcriber, vad: SileroVad) -> str:
    results = (transcriber.transcribe(segment) for segment in segments(path, vad))
    return " ".join(result.text for result in results if isinstance(result, Utterance))


def _wer(pairs: list[tuple[str, str]]) -> float | None:
    """Word error rate over all `pairs` of (reference, hypothesis); None where no reference has words."""
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    normal = [(normalise(reference), normalise(hypothesis)) for reference, hypothesis in pairs]
    spoken = [(reference, hypothesis) for reference, hypothesis in normal if reference]
    if not spoken:
        return None
    references, hypotheses = zip(*spoken, strict=True)
    return jiwer.wer(list(references), list(hypotheses))
