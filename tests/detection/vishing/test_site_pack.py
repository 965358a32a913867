"""A site's few lines over a shipped pack: what they change, and what is said of a mistake in them."""

import pytest

from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.types import Utterance
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics
from detection.vishing.site_pack import SHIPPED

SITE = """\
id: acme-tactics
revision: "7"
extends: en
thresholds: {alert: 7.5}
vocabulary:
  mfa: ["acme gate"]
tactics:
  R1:
    patterns: ["reopen my wallet"]
  P9:
    weight: 0.0
  P12:
    replace: [patterns]
    patterns: ["night desk"]
checks:
  voice_pin:
    title: Voice PIN
    strength: strong
    asked: ["say your voice pin"]
    passed: ["voice pin is right"]
acts:
  factor_reset:
    done: ["gate is open again"]
"""


def _load(tmp_path, text=SITE):
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return load_tactics(path)


def _found(pack, text, channel=Channel.CALLER):
    judge = TalkJudge(pack)
    return {f.tactic: f for f in judge.hear(Utterance(channel, 0, 5 * CALL_RATE, text, 1.0))}


def test_a_site_adds_its_own_words_and_its_name_is_on_every_finding(tmp_path):
    pack = _load(tmp_path)
    found = _found(pack, "please reset my acme gate and reopen my wallet")
    assert {"R1", "R2"} <= set(found)
    assert {(f.pack, f.pack_revision) for f in found.values()} == {("acme-tactics", "7")}
    assert "R1" in _found(pack, "please reset my password"), "shipped phrases stay"


def test_a_site_changes_thresholds_and_weights_and_keeps_the_rest(tmp_path):
    pack, shipped = _load(tmp_path), load_tactics(SHIPPED / "en.yaml")
    assert (pack.thresholds.alert, pack.thresholds.watch) == (7.5, shipped.thresholds.watch)
    assert pack.tactics["P9"].weight == 0.0
    assert pack.tactics["P9"].patterns == shipped.tactics["P9"].patterns
    assert pack.language == "en"


def test_a_site_replaces_a_list_where_it_says_so(tmp_path):
    pack = _load(tmp_path)
    assert "P12" in _found(pack, "is that the night desk")
    assert "P12" not in _found(pack, "there is nobody else in here")


def test_a_site_has_a_check_and_words_for_an_act_of_its_own(tmp_path):
    judge = TalkJudge(_load(tmp_path))
    for second, text in enumerate(
        ("say your voice pin", "your voice pin is right", "gate is open again")
    ):
        start = 10 * second * CALL_RATE
        judge.hear(Utterance(Channel.AGENT, start, start + 2 * CALL_RATE, text, 1.0))
    verdict = judge.verdict
    assert [(check.name, check.state.value) for check in verdict.checks] == [("voice_pin", "passed")]
    assert [(act.name, act.is_verified) for act in verdict.acts] == [("factor_reset", True)]


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("extends: en", "extends: eng", 3, "no pack 'eng' is shipped; there are en"),
        ("  P9:\n", "  P99:\n", 10, "needs title"),
        ("  R1:\n", "  R1:\n    paterns: []\n", 9, "paterns"),
        ("reopen my wallet", "Reopen my wallet", 9, "never occurs"),
        ("reopen my wallet", "reopen <purse>", 9, "<purse> is not in the vocabulary"),
        ("night desk", "please call the night desk", 14, "which the pack ignores"),
        ('"acme gate"', '"acme (gate"', 6, "not a valid pattern"),
        ('"acme gate"', '"<mfa>"', 6, "circles"),
        ("alert: 7.5", "alert: 1", 4, "above watch"),
        ("alert: 7.5", "watch: 1, alert: 2", 4, "raise an alert alone"),
        ("weight: 0.0", "weight: null", 11, "number"),
        ("weight: 0.0", "weight: 6", 11, "raise an alert alone"),
        ("replace: [patterns]", "replace: [unless]", 13, "no unless here"),
        ("replace: [patterns]", "replace: [words]", 13, "patterns"),
        ("    strength: strong\n", "", 16, "needs strength"),
        ("strength: strong", "strength: firm", 18, "strong"),
        ("say your voice pin", "(say)?", 19, "silence"),
        ("    title: Voice PIN\n", "    title: Voice PIN\n    title: Again\n", 18, "twice"),
        ("id: acme-tactics\n", "", 1, "required"),
    ],
)
def test_a_mistake_is_named_with_the_sites_file_and_line(tmp_path, before, after, line, says):
    assert before in SITE
    with pytest.raises(DetectionError) as caught:
        _load(tmp_path, SITE.replace(before, after))
    assert "site.yaml" in str(caught.value)
    assert f"line {line}:" in str(caught.value)
    assert says in str(caught.value)


def test_a_pack_is_extended_by_name_and_not_by_a_path(tmp_path):
    with pytest.raises(DetectionError, match="is shipped"):
        _load(tmp_path, SITE.replace("extends: en", "extends: ../consent/en_us"))
