from pathlib import Path

import pytest
import yaml

import resources
from detection.errors import DetectionError
from detection.vishing.load import load_tactics
from detection.vishing.pack import LABELS

PACK = """\
id: site
revision: "1"
language: en
prior: 0.01
repeat_factor: 0.25
thresholds: {watch: 2, alert: 4, min_caller_words: 5}
alert_needs: ask
groups:
  ask: [R1]
tactics:
  R1:
    title: Password reset
    sentence: Asks for a reset.
    weight: 1.0
    patterns:
      - "reset my password"
"""


def _load(tmp_path: Path, text: str):
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return load_tactics(path)


def test_the_shipped_pack_knows_every_label():
    pack = load_tactics(resources.ROOT / "tactics" / "en.yaml")
    assert set(pack.tactics) == LABELS
    assert pack.tactics["P13"].needs == "log"
    assert all(pack.tactics[label].weight < 0 for label in LABELS if label.startswith("C"))
    assert all(pack.most(label) < pack.thresholds.watch for label in pack.tactics)


def test_a_small_site_pack_loads(tmp_path):
    assert _load(tmp_path, PACK).tactics["R1"].weight == 1.0


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("  R1:\n", "  R99:\n", 11, "unknown label"),
        ("ask: [R1]", "ask: [R2]", 9, "no tactic of this pack"),
        ("reset my password", "reset (my password", 16, "not a valid pattern"),
        ("reset my password", "Reset my password", 16, "never occurs"),
        ("    title: Password reset\n", "    titel: Password reset\n", 12, "titel"),
        ("weight: 1.0", "weight: heavy", 14, "number"),
        ("weight: 1.0", "weight: 3.5", 14, "alert alone"),
        ("alert: 4", "alert: 1", 6, "above watch"),
        ("prior: 0.01", "prior: 2", 4, "less than 1"),
        ("alert_needs: ask", "alert_needs: asks", 7, "no group"),
        ('revision: "1"', "id: other", 2, "twice"),
        ("groups:\n", "groups: [\n", 10, "YAML"),
    ],
)
def test_a_typo_is_named_with_file_and_line(tmp_path, before, after, line, says):
    assert before in PACK
    with pytest.raises(DetectionError) as caught:
        _load(tmp_path, PACK.replace(before, after))
    assert "site.yaml" in str(caught.value)
    assert f"line {line}" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["", "just words", "- 1\n- 2\n", "\x00"])
def test_a_file_that_is_no_pack_is_refused(tmp_path, text):
    with pytest.raises(DetectionError, match=r"site\.yaml"):
        _load(tmp_path, text)


def test_a_missing_pack_is_named(tmp_path):
    with pytest.raises(DetectionError, match=r"gone\.yaml cannot be read"):
        load_tactics(tmp_path / "gone.yaml")


def test_every_label_with_weight_has_a_plain_sentence():
    data = yaml.safe_load((resources.ROOT / "tactics" / "en.yaml").read_text(encoding="utf-8"))
    for tactic in data["tactics"].values():
        assert tactic["sentence"].endswith(".")
        assert tactic["title"]
