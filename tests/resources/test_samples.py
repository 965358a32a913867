import json
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from audio.decoder import Recording
from detection.types import ConversationLevel, DisclosureState, VoiceLevel

CALLS = ("a_disclosed_assistant", "b_helpdesk_con")


@pytest.mark.parametrize("call", CALLS)
def test_a_sample_is_a_short_two_channel_telephone_call(samples: Path, call: str):
    path = samples / f"{call}.wav"
    recording = Recording(path)
    truth = json.loads((samples / f"{call}.truth.json").read_text())
    assert (recording.rate, recording.channels) == (8000, 2)
    assert recording.duration_s == pytest.approx(truth["duration_s"], abs=0.01)
    assert 35 <= truth["duration_s"] <= 70
    assert path.stat().st_size < 1_000_000


@pytest.mark.parametrize("call", CALLS)
def test_expected_verdicts_use_the_words_of_the_judges(samples: Path, call: str):
    expected = json.loads((samples / f"{call}.expected.json").read_text())
    VoiceLevel(expected["voice"])
    ConversationLevel(expected["conversation"])
    DisclosureState(expected["disclosure"])


def test_the_assistant_has_disclosed_within_the_time_expected(samples: Path):
    expected = json.loads((samples / "a_disclosed_assistant.expected.json").read_text())
    turns = json.loads((samples / "a_disclosed_assistant.truth.json").read_text())["turns"]
    disclosure = next(turn for turn in turns if "artificial intelligence" in turn["text"])
    assert disclosure["end_s"] <= expected["disclosed_within_s"]


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_the_script_makes_the_samples_as_they_are(samples: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["make_samples.py", str(tmp_path)])
    runpy.run_path(str(samples / "make_samples.py"), run_name="__main__")
    scripts = yaml.safe_load((samples / "calls.yaml").read_text())
    assert tuple(scripts) == CALLS
    for call, script in scripts.items():
        made = json.loads((tmp_path / f"{call}.truth.json").read_text())
        assert made == json.loads((samples / f"{call}.truth.json").read_text())
        assert [turn["text"] for turn in made["turns"]] == [turn["text"] for turn in script["turns"]]
        ours, theirs = (np.fromfile(f / f"{call}.wav", np.uint8) for f in (tmp_path, samples))
        assert len(ours) == len(theirs)
        # Another processor's FFT may round a sample differently.
        assert np.mean(ours != theirs) < 1e-3
