"""`earwitness evaluate voice`: the voice judge on clips labelled real or synthetic."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.errors import EvaluationError
from app.evaluation.attacks import ATTACKS
from app.evaluation.channels import CHANNELS
from app.evaluation.det import DetPlot
from app.evaluation.hearing import first_seconds, read_sound, slices, speech_in
from app.evaluation.manifest import LabelledClip, read_manifest
from app.evaluation.other_voices import OtherVoices
from app.evaluation.voice_figures import EARLY_S, JudgedClip, accuracy, error_curve, figures
from app.evaluation.written_calls import Track
from audio.errors import AudioError
from audio.types import Samples
from detection.types import Segment, VoiceLevel, VoiceVerdict
from detection.vad import SileroVad
from detection.voice.judge import VoiceJudge

_LABELS = ("real", "synthetic")
_SLICE_S = 0.25

JudgeFactory = Callable[[], VoiceJudge]


def evaluate_voice(
    manifest: Path,
    judge_factory: JudgeFactory,
    vad: SileroVad,
    track: Track = iter,
    *,
    through: Sequence[str] = (),
    windows: Sequence[float] = (),
    det: DetPlot | None = None,
) -> dict[str, Any]:
    """Error rates at the shipped thresholds and without them; keys in docs/evaluation.md.

    Every clip goes through each of `through` (names of `CHANNELS` and `ATTACKS`; none: as it is),
    and is judged whole and by its first `windows` seconds of speech. A clip on which the judge
    abstains counts as no evidence (LLR 0) for what is measured on scores and as not flagged for the
    rates. Raises `EvaluationError` for a manifest that cannot be used; a clip that cannot be read is
    listed under `failed` and left out.
    """
    clips = read_manifest(manifest, "label")
    for clip in clips:
        if clip.label not in _LABELS:
            raise EvaluationError(
                f"{manifest}: {clip.path.name} is labelled {clip.label!r}: use real or synthetic."
            )
    others = OtherVoices(clips, vad)
    judged: defaultdict[str, list[JudgedClip]] = defaultdict(list)
    failed = []
    for clip in track(clips):
        try:
            for condition, speech in _arrivals(clip, vad, through, others):
                judged[condition].append(_judged(clip, speech, judge_factory, windows))
        except AudioError as error:
            failed.append({"path": str(clip.path), "error": str(error)})
    if det:
        det.save(_curves(judged))
    engine = judge_factory().engine
    return {
        "engine": {"id": engine.id, "revision": engine.revision},
        "conditions": {name: figures(group) for name, group in judged.items()},
        "windows": {
            f"{seconds:g}": {
                name: accuracy([one.clip for one in group], [one.early[seconds] for one in group])
                for name, group in judged.items()
            }
            for seconds in windows
        },
        "failed": failed,
    }


def _arrivals(
    clip: LabelledClip, vad: SileroVad, through: Iterable[str], others: OtherVoices
) -> Iterator[tuple[str, list[Segment]]]:
    """The name of each condition and the speech that arrives under it. Raises `AudioError`."""
    sound = read_sound(clip.path)
    if not through:
        yield clip.condition, speech_in(sound, vad)
    for name in through:
        condition = name if clip.condition == "clean" else f"{clip.condition}/{name}"
        yield condition, speech_in(_sent(name, clip, sound, others), vad)


def _sent(name: str, clip: LabelledClip, sound: Samples, others: OtherVoices) -> Samples:
    if name in CHANNELS:
        return CHANNELS[name](sound)
    attack = ATTACKS[name]
    return attack.apply(sound, others.beside(clip, attack.needs))


def _judged(
    clip: LabelledClip, speech: list[Segment], judge_factory: JudgeFactory, windows: Iterable[float]
) -> JudgedClip:
    def verdict(heard: Iterable[Segment]) -> VoiceVerdict:
        judge = judge_factory()
        for segment in heard:
            judge.hear(segment)
        return judge.finish()

    whole = verdict(speech)
    caught = clip.label == "synthetic" and whole.level is VoiceLevel.LIKELY_SYNTHETIC
    seconds = {*windows, EARLY_S} if caught else windows
    return JudgedClip(
        clip,
        whole,
        {wanted: verdict(first_seconds(speech, wanted)) for wanted in seconds},
        _alarm_after_s(speech, judge_factory()) if caught else None,
    )


def _alarm_after_s(speech: Iterable[Segment], judge: VoiceJudge) -> float:
    """Seconds of `speech` until `judge`, listening as it arrives, takes it for synthetic."""
    heard_s = 0.0
    for segment in slices(speech, _SLICE_S):
        heard_s += segment.duration_s
        judge.hear(segment)
        if judge.verdict.level is VoiceLevel.LIKELY_SYNTHETIC:
            break
    return heard_s


def _curves(judged: Mapping[str, Sequence[JudgedClip]]) -> dict[str, Any]:
    curves = {name: error_curve(group) for name, group in judged.items()}
    return {name: curve for name, curve in curves.items() if curve}
