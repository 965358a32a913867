"""What a model pack says about itself: one strict pydantic model per kind of pack."""

from enum import StrEnum
from itertools import pairwise
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
    TALK = "talk"
    STATEMENTS = "statements"


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


class ShortCalibration(_Part):
    """Raw score to natural-log likelihood ratio where only `seconds` of speech were scored."""

    seconds: Seconds
    scale: Finite = Field(gt=0)
    offset: Finite


class Calibration(_Part):
    """Raw score to natural-log likelihood ratio synthetic : real (`detection.voice.evidence`).

    `scale` and `offset` are a whole window's; `short` has those of shorter ones, the shortest first.
    With none, speech too short for a window is only scored when the call ends, with the line of a
    whole window shrunk by its length.
    """

    scale: Finite = Field(gt=0)
    offset: Finite
    settle: Finite = Field(ge=0)
    short: tuple[ShortCalibration, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        lengths = [short.seconds for short in self.short]
        if any(one >= other for one, other in pairwise(lengths)):
            raise ValueError("the lengths in short must rise")
        return self


class VoiceThresholds(_Part):
    """LLRs at which the levels change, and the seconds of speech below which there is no level.

    Without `watch_llr` there is no level between "unsure" and "likely synthetic".
    """

    real_llr: Finite
    watch_llr: Finite | None = None
    synthetic_llr: Finite
    min_speech_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.real_llr >= self.synthetic_llr:
            raise ValueError("real_llr must be below synthetic_llr")
        if self.watch_llr is not None and not self.real_llr < self.watch_llr <= self.synthetic_llr:
            raise ValueError("watch_llr must be above real_llr and not above synthetic_llr")
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
    is what a person is told judged the call, as in "basic voice check". `scope` is what it can and
    cannot do, in one sentence that the window shows.
    """

    schema_version: Literal[1]
    id: Name
    revision: str = Field(min_length=1)
    title: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    description: str
    scope: str = ""
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

    @model_validator(mode="after")
    def _short_is_short(self) -> Self:
        if any(short.seconds >= self.input.window_s for short in self.calibration.short):
            raise ValueError("the lengths in calibration.short must be below window_s")
        return self


class EncoderOutput(_Part):
    """One embedding per window, of any length; Earwitness normalises it to length 1."""

    dimensions: int = Field(gt=0)


class ScoreCalibration(_Part):
    """Score to natural-log likelihood ratio: scale * score + offset (Platt 1999).

    Of a speaker encoder: same : different speaker from the cosine, normalised by the pack's cohort where
    it has one (`detection.voice.scoring`). Of a network that reads talk: vishing : honest.
    """

    scale: Finite = Field(gt=0)
    offset: Finite


class SpeakerThresholds(_Part):
    """LLRs from which two voices match and below which they do not, and seconds of speech.

    No caller is compared by less than `min_speech_s`, and nobody is enrolled from less than
    `enrol_speech_s`.
    """

    match_llr: Finite
    reject_llr: Finite
    min_speech_s: Seconds
    enrol_speech_s: Seconds

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.reject_llr >= self.match_llr:
            raise ValueError("reject_llr must be below match_llr")
        if self.enrol_speech_s < self.min_speech_s:
            raise ValueError("enrol_speech_s must not be below min_speech_s")
        return self


class NaturalSpread(_Part):
    """The spread of a real speaker's windows: its 1st and 99th percentile over speakers."""

    low: Share
    high: Share

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class MeasuredSpeakers(_Part):
    """Error rate of one kind of trial, such as "10 s, g711", on speakers never trained on."""

    eer: Share
    n_speakers: int = Field(ge=0)
    n_target: int = Field(ge=0)
    n_nontarget: int = Field(ge=0)


class SpeakerEncoderManifest(PackManifest):
    """A speaker encoder's pack.

    `cohort` names the file (.npy, float32, shape (n, dimensions), rows of length 1) with other
    people's embeddings that scores are normalised by. `spread` is None where it was not measured.
    """

    kind: Literal[Kind.SPEAKER_ENCODER]
    input: Input
    output: EncoderOutput
    cohort: Name | None
    calibration: ScoreCalibration
    thresholds: SpeakerThresholds
    spread: NaturalSpread | None = None
    measured: dict[str, MeasuredSpeakers]

    @model_validator(mode="after")
    def _cohort_listed(self) -> Self:
        if self.cohort is not None and self.cohort not in self.files:
            raise ValueError(f"cohort {self.cohort!r} is not among files")
        return self


class TalkShares(_Part):
    """What the logits of the network and of the wording are multiplied by."""

    network: Finite = Field(ge=0)
    wording: Finite = Field(ge=0)


class TalkThresholds(_Part):
    """LLRs vishing : honest from which a call is watched and an alert is raised."""

    watch_llr: Finite
    alert_llr: Finite

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.watch_llr >= self.alert_llr:
            raise ValueError("watch_llr must be below alert_llr")
        return self


class ReadTactic(_Part):
    """A tactic as the network finds it: told from `threshold` on.

    `weight` is the natural-log likelihood ratio vishing : honest of its being found at all in a call;
    `precision` and `recall` are by turn, on story families that were left out.
    """

    threshold: Share
    weight: Finite
    precision: Share
    recall: Share


class MeasuredTalk(_Part):
    """Rates on one set of calls; None where there was nothing to count."""

    recall: Share | None
    false_alarms_per_100: Finite | None
    before_intervention: Share | None
    n_vishing: int = Field(ge=0)
    n_benign: int = Field(ge=0)


class TalkManifest(PackManifest):
    """A pack that reads the talk of both sides (`detection.vishing.reader`).

    `tokenizer` with `vectors` or with `encoder` are the word vectors (`detection.text.embedding`):
    looked up in a table, or what an ONNX file of its own makes of a turn. Of a turn no more than its
    last `longest_turn` word pieces are read. `labels` are the network's outputs in order, of which
    those in `tactics` are good enough to be told. `wording` is the linear model beside the network;
    `shares` of both logits are added up before they are calibrated.
    """

    kind: Literal[Kind.TALK]
    language: str
    tokenizer: Name
    vectors: Name | None = None
    encoder: Name | None = None
    wording: Name
    shares: TalkShares
    longest_turn: int = Field(gt=0)
    labels: tuple[str, ...] = Field(strict=False)
    tactics: dict[str, ReadTactic]
    calibration: ScoreCalibration
    thresholds: TalkThresholds
    measured: dict[str, MeasuredTalk]

    @model_validator(mode="after")
    def _files_listed(self) -> Self:
        words = self.vectors or self.encoder
        if words is None or (self.vectors and self.encoder):
            raise ValueError("either vectors or an encoder is needed")
        if missing := {self.tokenizer, words, self.wording} - set(self.files):
            raise ValueError(f"{min(missing)!r} is not among files")
        if unknown := set(self.tactics) - set(self.labels):
            raise ValueError(f"tactic {min(unknown)!r} is not among labels")
        return self


class MeasuredStatements(_Part):
    """What came of some calls: shares of right states, and how often the gravest errors were made."""

    calls: int = Field(gt=0)
    accuracy: float = Field(ge=0, le=1)
    look_alikes_accepted: int = Field(ge=0)
    denials_missed: int = Field(ge=0)


class StatementsManifest(PackManifest):
    """A pack that reads what a turn says of being an AI (`detection.disclosure.reader`).

    `labels` are the network's outputs in order; `thresholds` the probability from which on each that
    is listened for counts as said; `phrase_bonus` what a phrase for it adds to its log-odds.
    """

    kind: Literal[Kind.STATEMENTS]
    language: str
    tokenizer: Name
    labels: tuple[str, ...] = Field(strict=False)
    thresholds: dict[str, Annotated[float, Field(gt=0, lt=1)]]
    phrase_bonus: dict[str, Annotated[float, Field(ge=0)]]
    measured: dict[str, MeasuredStatements]

    @model_validator(mode="after")
    def _files_listed(self) -> Self:
        if self.tokenizer not in self.files:
            raise ValueError(f"{self.tokenizer!r} is not among files")
        if unknown := set(self.thresholds) - set(self.labels):
            raise ValueError(f"{min(unknown)!r} is not among labels")
        return self


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
    return parse_manifest(text, folder.name, kind)


def parse_manifest(text: str | bytes, pack: str, kind: type[ManifestT]) -> ManifestT:
    """The manifest that `text` is; `pack` is what errors call it. Raises `DetectionError`."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise DetectionError(_sentence(pack, error)) from None


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
