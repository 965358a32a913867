"""What kind of model a set of files is, as far as can be told without loading it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from detection.errors import DetectionError
from detection.models.catalogue import Job
from detection.models.manifest import (
    MANIFEST_NAME,
    CountermeasureManifest,
    Kind,
    PackManifest,
    SpeakerEncoderManifest,
    parse_manifest,
)
from detection.models.source import Source

_LONGEST_MANIFEST = 1_000_000
"""Bytes."""

_WEIGHTS = "model.bin"
_WHISPER = (_WEIGHTS, "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_FEATURES = "preprocessor_config.json"

_NAME_AT = 6
_SPEC = b"WhisperSpec\0"
"""In CTranslate2's binary format: the kind of model, after 4 bytes of version and 2 of its length."""

_PYTORCH = (".safetensors", ".pt", ".pth", ".ckpt", "pytorch_model.bin")

_PACKS: dict[str, tuple[Job, type[PackManifest]]] = {
    Kind.COUNTERMEASURE: (Job.STRONG_VOICE, CountermeasureManifest),
    Kind.SPEAKER_ENCODER: (Job.SPEAKER, SpeakerEncoderManifest),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """`names` are the files that belong to the model; `id`, `title` and `licence` are a pack's own.

    `digests` are the SHA-256 that a pack's manifest gives for its files.
    """

    job: Job
    names: Collection[str]
    id: str = ""
    title: str = ""
    licence: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


def recognise(source: Source) -> Contents:
    """What `source` holds. Raises `DetectionError` where it is no model that the program can use."""
    if MANIFEST_NAME in source.files:
        return _pack(source)
    if _WEIGHTS in source.files:
        return _whisper(source)
    if foreign := next((name for name in source.files if name.endswith(_PYTORCH)), None):
        raise DetectionError(
            f"{source.title} holds a model for PyTorch ({foreign}), which this program does not run; "
            "choose one converted to CTranslate2 or made into a pack (docs/models.md)."
        )
    raise DetectionError(
        f"{source.title} holds no model: there is neither {_WEIGHTS} nor {MANIFEST_NAME} in it; "
        "choose the folder that has one."
    )


def _pack(source: Source) -> Contents:
    if source.files[MANIFEST_NAME] > _LONGEST_MANIFEST:
        raise DetectionError(f"The {MANIFEST_NAME} in {source.title} is far too long to be one.")
    text = b"".join(source.chunks(MANIFEST_NAME))
    try:
        kind = json.loads(text).get("kind")
    except (ValueError, AttributeError, RecursionError) as error:
        raise DetectionError(
            f"The {MANIFEST_NAME} in {source.title} is no manifest of a model pack; copy the pack again."
        ) from error
    if not isinstance(kind, str) or kind not in _PACKS:
        raise DetectionError(
            f"{source.title} is a pack of kind {kind!r}, which this version of Earwitness does not "
            "know; import a countermeasure or a speaker_encoder."
        )
    job, manifest_type = _PACKS[kind]
    manifest = parse_manifest(text, source.title, manifest_type)
    _refuse_missing(source, manifest.files)
    return Contents(
        job,
        (MANIFEST_NAME, *manifest.files),
        manifest.id,
        manifest.title,
        manifest.licence,
        manifest.files,
    )


def _whisper(source: Source) -> Contents:
    _refuse_missing(source, _WHISPER)
    vocabularies = [name for name in _VOCABULARIES if name in source.files]
    if not vocabularies:
        raise DetectionError(
            f"{source.title} lacks {' or '.join(_VOCABULARIES)}; copy the whole model again."
        )
    if not next(source.chunks(_WEIGHTS), b"")[_NAME_AT:].startswith(_SPEC):
        raise DetectionError(
            f"The {_WEIGHTS} in {source.title} is no Whisper model of CTranslate2; "
            "choose one that was converted for faster-whisper."
        )
    optional = [_FEATURES] if _FEATURES in source.files else []
    return Contents(Job.TRANSCRIPT, (*_WHISPER, *vocabularies, *optional))


def _refuse_missing(source: Source, names: Collection[str]) -> None:
    missing = [name for name in names if name not in source.files]
    if missing:
        raise DetectionError(f"{source.title} lacks {', '.join(missing)}; copy the whole model again.")
