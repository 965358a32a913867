"""`evaluate voice` with the real voice activity and a scripted judge whose scores are known."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import EvaluationError
from app.evaluation.voice import evaluate_voice
from audio.types import Samples
from detection.types import EngineInfo, Segment, VoiceLevel, VoiceVerdict
from detection.vad import SileroVad
from tests.sound import read_sound, write_wav


class LoudnessJudge:
    """Takes loud speech for synthetic: LLR is the RMS against 0.05; abstains below one second.

    Speech that is softer by up to 0.6 nepers is suspect.
    """

    engine = EngineInfo("voice", "loudness", "1")

    trace = ()

    def __init__(self) -> None:
        self._heard: list[Samples] = []

    @property
    def verdict(self) -> VoiceVerdict:
        heard = np.concatenate([np.zeros(0, np.float32), *self._heard])
        if len(heard) < 16000:
            return VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH)
        llr = float(np.log(np.sqrt(np.mean(heard**2)) / 0.05))
        softer = VoiceLevel.SUSPECT if llr > -0.6 else VoiceLevel.REAL
        return VoiceVerdict(VoiceLevel.LIKELY_SYNTHETIC if llr > 0 else softer, llr)

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        self._heard.append(segment.samples)
        return self.verdict

    def advance(self) -> None:
        return None

    def restart(self, at: int) -> VoiceVerdict:
        return self.verdict

    def finish(self) -> VoiceVerdict:
        return self.verdict


@pytest.fixture
def manifest(samples: Path, tmp_path: Path) -> Path:
    """Loud clips labelled synthetic and quiet ones real, but for one of each, and one of silence."""
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    speech = sound[:1, 5 * rate : 10 * rate]
    speech /= np.sqrt(np.mean(speech**2))
    lines = ["path,label,condition,system,speaker,pair_id"]
    for index, (label, level) in enumerate(
        (
            *(("synthetic", level) for level in (0.1, 0.12, 0.14, 0.01)),
            *(("real", level) for level in (0.02, 0.025, 0.03, 0.2)),
        )
    ):
        write_wav(tmp_path / f"{index}.wav", speech * level, rate)
        system = {"synthetic": "faint" if level < 0.05 else "loud"}.get(label, "")
        lines.append(f"{index}.wav,{label},studio,{system},voice{index % 4},pair{index % 4}")
    write_wav(tmp_path / "silent.wav", np.zeros((1, rate), np.float32), rate)
    lines += ["silent.wav,real,hall", "absent.wav,real,hall"]
    path = tmp_path / "clips.csv"
    path.write_text("\n".join(lines))
    return path


def test_rates_by_condition(manifest: Path):
    result = evaluate_voice(manifest, LoudnessJudge, SileroVad())
    studio, hall = result["conditions"]["studio"], result["conditions"]["hall"]
    assert (studio["n_real"], studio["n_synthetic"], studio["n_abstained"]) == (4, 4, 0)
    assert studio["eer"] == pytest.approx(0.25)
    assert studio["auc"] == pytest.approx(9 / 16)
    assert studio["false_alarm_rate"] == pytest.approx(0.25)
    assert studio["caught_rate"] == pytest.approx(0.75)
    assert studio["watch_rate"] == pytest.approx(0.5), "the loudest of the soft ones is suspect"
    assert studio["caught_at_watch"] == pytest.approx(0.75)
    assert (hall["watch_rate"], hall["caught_at_watch"]) == (0, None)
    assert (hall["n_real"], hall["n_abstained"], hall["eer"], hall["caught_rate"]) == (1, 1, None, None)
    assert [failed["path"] for failed in result["failed"]] == [str(manifest.parent / "absent.wav")]
    assert result["engine"] == {"id": "loudness", "revision": "1"}


def test_costs_intervals_systems_and_pairs(manifest: Path):
    studio = evaluate_voice(manifest, LoudnessJudge, SileroVad())["conditions"]["studio"]
    assert 0 < studio["min_cllr"] <= studio["cllr"]
    assert 0 < studio["min_dcf"] <= 1
    assert studio["abstention_rate"] == 0
    assert studio["intervals_by"] == "speaker"
    for name, (low, high) in studio["intervals"].items():
        assert 0 <= low <= studio[name] <= high <= 1
    assert studio["per_system"] == {
        "faint": {"n": 1, "caught_rate": 0.0, "eer": 1.0},
        "loud": {"n": 3, "caught_rate": 1.0, "eer": pytest.approx((1 / 3 + 1 / 4) / 2)},
    }
    assert (studio["n_pairs"], studio["paired_auc"]) == (4, 0.75)


def test_what_one_class_alone_cannot_give_is_none(manifest: Path):
    hall = evaluate_voice(manifest, LoudnessJudge, SileroVad())["conditions"]["hall"]
    for name in ("cllr", "min_cllr", "min_dcf", "time_to_verdict_s", "caught_with_3s", "paired_auc"):
        assert hall[name] is None
    assert (hall["abstention_rate"], hall["per_system"], hall["intervals"]["eer"]) == (1, {}, None)
    assert hall["intervals_by"] == "clip"


def test_every_channel_is_a_condition_of_its_own(manifest: Path):
    result = evaluate_voice(manifest, LoudnessJudge, SileroVad(), through=("clean", "noise10"))
    assert set(result["conditions"]) == {"studio/clean", "studio/noise10", "hall/clean", "hall/noise10"}
    assert result["conditions"]["studio/clean"]["n_real"] == 4
    assert len(result["failed"]) == 1, "a clip that cannot be read fails once, not once per channel"
    plain = manifest.with_name("plain.csv")
    plain.write_text("path,label\n0.wav,synthetic\n")
    result = evaluate_voice(plain, LoudnessJudge, SileroVad(), through=("g711",))
    assert set(result["conditions"]) == {"g711"}


def test_an_attack_is_a_condition_too_and_takes_other_voices_from_the_manifest(manifest: Path):
    result = evaluate_voice(
        manifest, LoudnessJudge, SileroVad(), through=("spliced", "trailing-silence")
    )
    assert {"studio/spliced", "studio/trailing-silence"} <= set(result["conditions"])
    assert result["conditions"]["studio/spliced"]["n_real"] == 4
    assert result["conditions"]["studio/trailing-silence"]["caught_rate"] == pytest.approx(0.75)
    lonely = manifest.with_name("lonely.csv")
    lonely.write_text("path,label,speaker\n0.wav,synthetic,ann\n4.wav,real,ann\n")
    with pytest.raises(EvaluationError, match="another speaker"):
        evaluate_voice(lonely, LoudnessJudge, SileroVad(), through=("spliced",))


def test_false_alarms_by_group(manifest: Path):
    grouped = manifest.with_name("grouped.csv")
    rows = [
        f"{n}.wav,{'synthetic' if n < 4 else 'real'},{'old' if n in (3, 6, 7) else 'young'}"
        for n in range(8)
    ]
    grouped.write_text("\n".join(["path,label,group", *rows, "silent.wav,real,"]))
    groups = evaluate_voice(grouped, LoudnessJudge, SileroVad())["conditions"]["clean"]["per_group"]
    assert set(groups) == {"old", "young"}, "clips without a group make none"
    old, young = groups["old"], groups["young"]
    assert (old["n_real"], old["n_synthetic"], old["false_alarm_rate"], old["caught_rate"]) == (
        2,
        1,
        0.5,
        0,
    )
    assert (young["n_real"], young["false_alarm_rate"], young["caught_rate"]) == (2, 0, 1)
    assert young["false_alarm_interval"] == (0.0, 1.0), "two clips leave everything open"
    assert old["watch_rate"] >= old["false_alarm_rate"]
    assert young["mean_llr_real"] < old["mean_llr_real"]


def test_the_first_seconds_of_speech_alone(manifest: Path):
    result = evaluate_voice(manifest, LoudnessJudge, SileroVad(), windows=(0.5, 4))
    short, long = (result["windows"][seconds]["studio"] for seconds in ("0.5", "4"))
    assert (short["n_abstained"], short["caught_rate"], short["eer"]) == (8, 0, 0.5)
    assert (long["n_abstained"], long["caught_rate"]) == (0, 0.75)


def test_the_time_to_the_verdict_is_the_speech_the_judge_needed(manifest: Path):
    """The judge speaks from one second on, so each clone is caught in the slice that completes it."""
    studio = evaluate_voice(manifest, LoudnessJudge, SileroVad())["conditions"]["studio"]
    assert studio["time_to_verdict_s"] == pytest.approx(1.0, abs=0.25)
    assert studio["caught_with_3s"] == 1


class ForgivingJudge(LoudnessJudge):
    """Takes nothing of less than four seconds for synthetic."""

    @property
    def verdict(self) -> VoiceVerdict:
        heard_s = sum(map(len, self._heard)) / 16000
        return super().verdict if heard_s >= 4 else VoiceVerdict(VoiceLevel.UNSURE, 0.0)


def test_what_three_seconds_cannot_show_is_not_counted_as_caught_early(manifest: Path):
    studio = evaluate_voice(manifest, ForgivingJudge, SileroVad())["conditions"]["studio"]
    assert studio["caught_rate"] == 0.75
    assert studio["caught_with_3s"] == 0
    assert studio["time_to_verdict_s"] == pytest.approx(4, abs=0.25)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "path"),
        ("path,label\n", "no recordings"),
        ("file,label\nx.wav,real\n", "path"),
        ("path,label\nx.wav,fake\n", "fake"),
        ("path,label\nx.wav\n", "line 2"),
        ("path,label\n\x00", "clips.csv"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str):
    path = tmp_path / "clips.csv"
    path.write_text(text)
    with pytest.raises(EvaluationError) as raised:
        evaluate_voice(path, LoudnessJudge, SileroVad())
    assert str(path) in str(raised.value)
    assert named in str(raised.value)


def test_a_missing_manifest_is_named(tmp_path: Path):
    with pytest.raises(EvaluationError, match=r"clips\.csv"):
        evaluate_voice(tmp_path / "clips.csv", LoudnessJudge, SileroVad())
