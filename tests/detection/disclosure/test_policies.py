import pytest

import resources
from detection.disclosure.rule import load_rule, load_rules
from detection.disclosure.statements import load_statements
from detection.errors import DetectionError

POLICIES = resources.ROOT / "policies"


def test_every_shipped_rule_loads_and_the_company_policy_is_there():
    rules = {rule.id: rule for rule in load_rules(sorted(POLICIES.glob("*.yaml")))}
    assert rules["company"].deadline_s == 15
    assert {"eu-ai-act-50", "us-ut-13-77", "us-me-1500-dd", "us-ca-puc-2874", "us-fcc-24-17"} <= set(
        rules
    )
    assert all(rule.citation and rule.source and rule.status for rule in rules.values())


def test_a_finding_is_never_called_a_breach_of_law():
    for folder in ("policies", "disclosure", "tactics"):
        for path in (resources.ROOT / folder).glob("*.yaml"):
            text = path.read_text(encoding="utf-8").lower()
            assert "illegal" not in text, path
            assert "violation" not in text, path


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("trigger: start", "trigger: soon", "line 14: trigger"),
        ("deadline_s: 15", "deadline_s: -1", "line 15: deadline_s"),
        ("citation: Company policy\n", "", "citation: Field required"),
        ("accepted_words: []", 'accepted_words: ["I\'m a bot"]', "line 16: accepted_words.0"),
        ("checked_on: 2026-11-20", "checked_on: yesterday", "checked_on"),
        ("penalty:", "penalties:", "no field of that name"),
    ],
)
def test_a_typo_in_a_rule_is_named(tmp_path, before, after, says):
    text = (POLICIES / "company.yaml").read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(DetectionError) as caught:
        load_rule(path)
    assert "mine.yaml" in str(caught.value)
    assert says in str(caught.value)


def test_two_rules_of_one_id_are_refused(tmp_path):
    text = (POLICIES / "company.yaml").read_text(encoding="utf-8")
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DetectionError, match=r"b\.yaml.*company"):
        load_rules(sorted(tmp_path.glob("*.yaml")))


def test_a_bad_phrase_in_the_statements_is_named_with_its_line(tmp_path):
    text = (resources.ROOT / "disclosure" / "en.yaml").read_text(encoding="utf-8")
    path = tmp_path / "en.yaml"
    path.write_text(text.replace('"i am (made of )?flesh and blood"', '"I\'m flesh"'), encoding="utf-8")
    with pytest.raises(DetectionError, match=r"en\.yaml, line \d+: claims\.patterns\.\d+"):
        load_statements(path)
