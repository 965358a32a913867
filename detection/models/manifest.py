"""What a model pack says about itself: one strict pydantic model per kind of pack."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from detection.errors import DetectionError

MANIFEST_NAME = "manifest.json"
SCHEMA_VERSION = 1

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A plain file or pack name: no folders, nothing hidden."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Kind(StrEnum):
    """What a pack's network does."""

    COUNTERMEASURE = "countermeasure"
    SPEAKER_ENCODER = "speaker_encoder"


class Normalisation(StrEnum):
    """What is done to a window of samples before the network sees it."""

    NONE = "none"
    ZERO_MEAN_UNIT_VARIANCE = "zero_mean_unit_variance"
    PRE_EMPHASIS = "pre_emphasis_0.97"


class Meaning(StrEnum):
    """What a countermeasure's output row holds."""

    LOGITS = "logits"
    """One logit per class, two columns; `synthetic_index` names the synthetic one."""
    SYNTHETIC_SCORE = "synthetic_score"
    """One column, higher means more synthetic."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Input(_Part):
    """Windows of mono samples, float32, shape (batch, samples).

    `window_s` and `hop_s` are seconds of speech; no window shorter than `min_s` is judged. A
    network of `fixed_length` gets shorter speech repeated up to a whole window.
    """

    rate_hz: int = Field(gt=0)
    window_s: Seconds
    hop_s: Seconds
    min_s: Seconds
    normalisation: Normalisation = Field(strict=False)
    fixed_length: bool

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (self.min_s <= self.window_s and self.hop_s <= self.window_s):
            raise ValueError("min_s and hop_s must not exceed window_s")
        return self


class CountermeasureOutput(_Part):
    """Which way the network's output points."""

    meaning: Meaning = Field(strict=False)
    synthetic_index: Literal[0, 1] = 0


class Calibration(_Part):
    """Raw score to natural-log likelihood ratio synthetic : real (`detection.voice.evidence`)."""

    scale: Finite = Field(gt=0)
    offset: Finite
    settle: Finite = Field(ge=0)


class VoiceThresholds(_Part):
    """LLRs at which the levels change, and the seconds of speech below which there is no level."""

    real_llr: Finite
    synthetic_llr: Finite
    min_speech_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.real_llr >= self.synthetic_llr:
            raise ValueError("real_llr must be below synthetic_llr")
        return self


class MeasuredVoice(_Part):
    """Error rates on one set of clips through one channel, at single-clip level."""

    eer: Share
    auc: Share
    n_real: int = Field(ge=0)
    n_synthetic: int = Field(ge=0)


class PackManifest(_Part):
    """What every pack states; each kind of pack adds its `kind` and its own parts.

    `files` maps each file's name to its SHA-256, `network` is the ONNX file among them and `title`
    is what a person is told judged the call, as in "basic voice check".
    """

    schema_version: Literal[1]
    id: Name
    revision: str = Field(min_length=1)
    title: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    description: str
    trained_on: tuple[str, ...] = Field(strict=False)
    files: dict[Name, Sha256] = Field(min_length=1)
    network: Name

    @model_validator(mode="after")
    def _network_listed(self) -> Self:
        if self.network not in self.files:
            raise ValueError(f"network {self.network!r} is not among files")
        return self


class CountermeasureManifest(PackManifest):
    """A clone detector's pack."""

    kind: Literal[Kind.COUNTERMEASURE]
    input: Input
    output: CountermeasureOutput
    calibration: Calibration
    thresholds: VoiceThresholds
    measured: dict[str, MeasuredVoice]


ManifestT = TypeVar("ManifestT", bound=PackManifest)


def load_manifest(folder: Path, kind: type[ManifestT]) -> ManifestT:
    """The manifest of the pack in `folder`.

    Raises `DetectionError` where the folder or its manifest is missing, unreadable, of another
    schema version or kind, or says something that is not understood.
    """
    if not folder.is_dir():
        raise DetectionError(
            f"There is no model pack at {folder}; choose a folder that holds a {MANIFEST_NAME}."
        )
    path = folder / MANIFEST_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DetectionError(
            f"Model pack {folder.name} has no {MANIFEST_NAME}; download or copy the whole pack again."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise DetectionError(
            f"The {MANIFEST_NAME} of model pack {folder.name} cannot be read; "
            "check its permissions or copy it again."
        ) from None
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise DetectionError(_sentence(folder.name, error)) from None


def _sentence(pack: str, error: ValidationError) -> str:
    problems = {".".join(map(str, problem["loc"])): problem for problem in error.errors()}
    if "schema_version" in problems and problems["schema_version"]["type"] == "literal_error":
        found = problems["schema_version"]["input"]
        return (
            f"Model pack {pack} has manifest version {found!r} and this program reads version "
            f"{SCHEMA_VERSION}; install the pack made for this version of Earwitness."
        )
    where, problem = next(iter(problems.items()))
    return (
        f"The {MANIFEST_NAME} of model pack {pack} is not valid "
        f"({where or 'whole file'}: {problem['msg']}); correct it or download the pack again."
    )
