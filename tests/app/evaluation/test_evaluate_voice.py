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
    """Takes loud speech for synthetic: LLR is the RMS against 0.05; abstains below one second."""

    engine = EngineInfo("voice", "loudness", "1")

    def __init__(self) -> None:
        self._heard: list[Samples] = []

    @property
    def verdict(self) -> VoiceVerdict:
        heard = np.concatenate([np.zeros(0, np.float32), *self._heard])
        if len(heard) < 16000:
            return VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH)
        llr = float(np.log(np.sqrt(np.mean(heard**2)) / 0.05))
        return VoiceVerdict(VoiceLevel.LIKELY_SYNTHETIC if llr > 0 else VoiceLevel.REAL, llr)

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        self._heard.append(segment.samples)
        return self.verdict

    def finish(self) -> VoiceVerdict:
        return self.verdict


@pytest.fixture
def manifest(samples: Path, tmp_path: Path) -> Path:
    """Loud clips labelled synthetic and quiet ones real, but for one of each, and one of silence."""
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    speech = sound[:1, 5 * rate : 10 * rate]
    speech /= np.sqrt(np.mean(speech**2))
    lines = ["path,label,condition"]
    for index, (label, level) in enumerate(
        (
            *(("synthetic", level) for level in (0.1, 0.12, 0.14, 0.01)),
            *(("real", level) for level in (0.02, 0.025, 0.03, 0.2)),
        )
    ):
        write_wav(tmp_path / f"{index}.wav", speech * level, rate)
        lines.append(f"{index}.wav,{label},studio")
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
    assert (hall["n_real"], hall["n_abstained"], hall["eer"], hall["caught_rate"]) == (1, 1, None, None)
    assert [failed["path"] for failed in result["failed"]] == [str(manifest.parent / "absent.wav")]
    assert result["engine"] == {"id": "loudness", "revision": "1"}


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
