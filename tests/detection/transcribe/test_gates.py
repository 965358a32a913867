"""Which decodings are rejected, each for its own reason; and the list of phantom phrases."""

from dataclasses import replace
from pathlib import Path

import pytest

import resources
from detection.errors import DetectionError
from detection.transcribe.gates import Gates
from detection.transcribe.phantoms import Phantoms, load_phantoms
from detection.transcribe.window import Decoding

GOOD = Decoding("please reset my password", (1, 2, 3), -0.3, 0.1, 0.9, is_cut=False)


@pytest.fixture(scope="module")
def phantoms() -> Phantoms:
    return load_phantoms(resources.ROOT / "transcript" / "phantoms.yaml")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"text": ""}, "no words"),
        ({"text": " ... "}, "no words"),
        ({"no_speech": 0.61}, "no speech"),
        ({"log_probability": -1.01}, "unsure"),
        ({"compression_ratio": 2.41}, "repeated"),
        ({"is_cut": True}, "more than anybody can say"),
        ({"text": "Thanks for watching!"}, "invent"),
        ({"text": "Untertitel der Amara.org-Community"}, "invent"),
        ({"text": "ご視聴ありがとうございました。"}, "invent"),
        ({"text": "Acme Desk, Frodo."}, "recited"),
        ({"text": "frodo BAGGINS"}, "recited"),
    ],
)
def test_each_gate_alone_rejects(phantoms: Phantoms, change: dict, why: str):
    expected = ("Acme Desk", "Frodo", "Baggins")
    assert Gates().reason(GOOD, phantoms, expected) is None
    reason = Gates().reason(replace(GOOD, **change), phantoms, expected)
    assert reason is not None
    assert why in reason


@pytest.mark.parametrize(
    "text",
    [
        "thank you",
        "bye",
        "thanks for watching my desk while i was out",
        "Acme Desk",
        "is Frodo Baggins there",
        "baggins frodo",
    ],
)
def test_what_people_say_passes(phantoms: Phantoms, text: str):
    assert Gates().reason(replace(GOOD, text=text), phantoms, ("Acme Desk", "Frodo", "Baggins")) is None


def test_at_the_thresholds_text_still_passes(phantoms: Phantoms):
    just = replace(GOOD, no_speech=0.6, log_probability=-1.0, compression_ratio=2.4)
    assert Gates().reason(just, phantoms, ()) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: x\nrevision: '1'\nphrases:\n  en: ['...']\n", "line 4: phrases.en.0"),
        ("id: x\nrevision: '1'\nphrases: [you]\n", "line 3: phrases"),
        ("id: x\nrevision: '1'\n", "phrases"),
    ],
)
def test_a_list_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, said: str):
    path = tmp_path / "phantoms.yaml"
    path.write_text(text)
    with pytest.raises(DetectionError, match=r"phantoms\.yaml") as raised:
        load_phantoms(path)
    assert said in str(raised.value)
