from pathlib import Path

import pytest

import resources
from detection.errors import DetectionError
from detection.playbook import load_playbook

SHIPPED = resources.ROOT / "playbooks" / "en.yaml"


def test_every_ask_has_a_step_of_its_own():
    playbook = load_playbook(SHIPPED)
    assert set(playbook.asks) == {f"R{n}" for n in range(1, 13)}
    assert len(set(playbook.asks.values())) == 12


def test_the_step_is_for_the_first_label_that_has_one():
    playbook = load_playbook(SHIPPED)
    assert playbook.step_for(["P1", "R3", "R2"]) == playbook.asks["R3"]
    assert playbook.step_for(["P1"]) == playbook.any_ask


WHOLE = ", ".join(
    f"{key}: a"
    for key in (
        "any_ask",
        "synthetic_voice",
        "undisclosed_ai",
        "copied_voice",
        "other_voice",
        "watched_voice",
    )
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("id: [", "YAML"),
        ("just a sentence", "the file"),
        (
            "{id: x, revision: '1', asks: {}, any_ask: ''}",
            "any_ask",
        ),
        (f"{{id: x, revision: '1', asks: {{}}, {WHOLE}, s: a}}", "s"),
        ("", "is empty"),
        ("\x00", "YAML"),
    ],
)
def test_a_broken_playbook_is_named_with_its_fault(tmp_path: Path, text: str, named: str):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(DetectionError) as raised:
        load_playbook(path)
    assert str(path) in str(raised.value)
    assert named in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_playbook_is_named(tmp_path: Path):
    with pytest.raises(DetectionError, match=r"mine\.yaml"):
        load_playbook(tmp_path / "mine.yaml")
