from pathlib import Path

import pytest
import yaml

import resources
from audio.types import Channel
from detection.errors import DetectionError
from detection.playbook import Situation, load_playbook
from detection.steps import StepKind, StepOutcome
from detection.types import Finding
from detection.vishing.load import load_tactics

SHIPPED = resources.ROOT / "playbooks" / "en.yaml"
DONE, REFUSED, SKIPPED = StepOutcome.DONE, StepOutcome.REFUSED, StepOutcome.SKIPPED


@pytest.fixture(scope="module")
def playbook():
    return load_playbook(SHIPPED)


def finding(tactic: str, start: int, weight: float = 1.0) -> Finding:
    return Finding(tactic, tactic, "words", Channel.CALLER, start, start + 1, weight, "pack", "1")


def test_every_ask_and_situation_has_a_first_step_of_its_own(playbook):
    names = [f"R{n}" for n in range(1, 13)]
    assert list(playbook.asks) == names
    assert len({playbook.first_step(name) for name in (*names, *Situation)}) == len(names) + len(
        Situation
    )


def test_an_mfa_reset_begins_with_a_call_back_on_the_number_on_file(playbook):
    advice = playbook.advice("conversation", "R2")
    assert (advice.subject, advice.ask, advice.steps[0].kind) == (
        "conversation",
        "R2",
        StepKind.CALL_BACK,
    )
    assert "number on file" in playbook.first_step("R2")


def test_what_is_asked_now_is_what_was_asked_last(playbook):
    reset, remote = finding("R2", 10, weight=3.0), finding("R7", 20, weight=1.0)
    assert playbook.ask_in([remote, reset, finding("P1", 30)]) == "R7"
    assert playbook.ask_in([finding("R1", 10, 0.5), reset]) == "R2", "the heavier of one moment"
    assert playbook.ask_in([finding("P1", 30)]) == Situation.ANY_ASK


def test_one_step_is_open_at_a_time_and_a_refusal_changes_the_way(playbook):
    advice = playbook.advice("conversation", "R2")
    first, second, third = (step.id for step in advice.steps)
    after = [step.id for step in advice.after_refusal]

    def open_step(**outcomes: StepOutcome) -> str | None:
        step = advice.open_step(outcomes)
        return step.id if step else None

    assert open_step() == first
    assert open_step(**{first: DONE}) == second
    assert open_step(**{first: SKIPPED, second: DONE}) == third
    assert open_step(**{first: DONE, second: DONE, third: DONE}) is None
    assert open_step(**{first: REFUSED}) == after[0]
    assert open_step(**{first: DONE, second: REFUSED, after[0]: DONE}) == after[1]
    assert open_step(**{first: REFUSED, **dict.fromkeys(after, DONE)}) is None


def test_only_what_asks_something_of_the_caller_can_be_refused(playbook):
    asked = {step.kind for step in playbook.steps.values() if step.kind.asks_the_caller}
    assert asked == set(StepKind) - {StepKind.REFUSE, StepKind.REPORT, StepKind.NOTIFY}
    checks = [step for step in playbook.steps.values() if step.kind.asks_the_caller]
    assert {step.if_refused for step in checks if step.kind is not StepKind.QUESTION} == {"P7"}


def test_every_refusal_counts_as_a_tactic_of_the_shipped_pack(playbook):
    assert set(playbook.tactics) <= set(load_tactics(resources.ROOT / "tactics" / "en.yaml").tactics)


CHANGES = [
    (("steps", "call_back", "kind"), "callback", "steps.call_back.kind", "call_back"),
    (("steps", "call_back", "if_refused"), "P77", "steps.call_back.if_refused", "'P77' is no tactic"),
    (("steps", "report", "if_refused"), "P7", "steps.report.if_refused", "cannot refuse"),
    (("steps", "call_back", "sentence"), "", "steps.call_back.sentence", "at least 1"),
    (("steps", "call_back", "sentense"), "Call.", "steps.call_back.sentense", "no field of that name"),
    (("asks", "R2", "steps"), ["call_back", "calback"], "asks.R2.steps.1", "'calback' is no step"),
    (("asks", "R2", "steps"), ["report", "report"], "asks.R2.steps.1", "there twice"),
    (("asks", "R2", "steps"), [], "asks.R2.steps", "at least 1"),
    (("asks", "P1"), {"guard": "No.", "steps": ["report"]}, "asks.P1", "the asks are R1-R12"),
    (("situations", "any_ask"), None, "situations", "'any_ask' is missing"),
    (("situations", "fire"), {"guard": "No.", "steps": ["report"]}, "situations.fire.[key]", "any_ask"),
    (("after_refusal",), ["refuse", "repot"], "after_refusal.1", "'repot' is no step"),
]


@pytest.mark.parametrize(("place", "value", "field", "said"), CHANGES)
def test_a_mistake_is_named_with_its_file_line_and_field(tmp_path: Path, place, value, field, said):
    data = yaml.safe_load(SHIPPED.read_text("utf-8"))
    inside = data
    for key in place[:-1]:
        inside = inside[key]
    if value is None:
        del inside[place[-1]]
    else:
        inside[place[-1]] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(DetectionError) as raised:
        load_playbook(path)
    message = str(raised.value)
    number = int(message.removeprefix(f"{path}, line ").partition(":")[0])
    assert f": {field}: " in message
    assert said in message
    assert "\n" not in message
    # The line is that of the mistake, or of what it is missing from.
    key = place[-1] if value is not None else place[-2]
    lines = path.read_text().splitlines()[: number + 1]
    assert any(f"{key}:" in line for line in lines[number - 3 :])


@pytest.mark.parametrize(
    ("text", "named"), [("id: [", "YAML"), ("just a sentence", "the file"), ("", "is empty")]
)
def test_what_is_no_playbook_is_named(tmp_path: Path, text: str, named: str):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(DetectionError) as raised:
        load_playbook(path)
    assert str(path) in str(raised.value)
    assert named in str(raised.value)


def test_a_missing_playbook_is_named(tmp_path: Path):
    with pytest.raises(DetectionError, match=r"mine\.yaml"):
        load_playbook(tmp_path / "mine.yaml")
