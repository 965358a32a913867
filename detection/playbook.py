"""What the agent should do next for what is being asked: the steps a site writes down.

Format: docs/playbooks.md.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from detection.steps import Advice, Step, StepKind
from detection.text.packs import Location, Pack, Part, load_pack
from detection.types import Finding
from detection.vishing.pack import ASKS, LABELS

_Sentence = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
_Steps = Annotated[tuple[str, ...], Field(min_length=1)]


class Situation(StrEnum):
    """What can be wrong with a call besides a certain ask."""

    ANY_ASK = "any_ask"
    """No ask of the playbook was heard."""
    SYNTHETIC_VOICE = "synthetic_voice"
    UNASKED_AI = "unasked_ai"
    """Somebody sounds like an AI, has not said so and was not asked."""
    UNDISCLOSED_AI = "undisclosed_ai"
    OWN_AI = "own_ai"
    """The desk's own voice agent has not said what it is."""
    COPIED_VOICE = "copied_voice"
    OTHER_VOICE = "other_voice"
    WATCHED_VOICE = "watched_voice"


class StepText(Part):
    """One step, as `detection.steps.Step` describes it."""

    kind: StepKind
    name: _Name
    sentence: _Sentence
    say: Annotated[str, StringConstraints(max_length=300)] = Field(default="")
    if_refused: str | None = Field(default=None)


class Plan(Part):
    """What not to do (`guard`), and the names of the steps in the order in which they are taken."""

    guard: _Sentence
    steps: _Steps


class Playbook(Pack):
    """Steps by name, and which of them are for which ask (R1...) and situation."""

    steps: dict[str, StepText]
    asks: dict[str, Plan]
    situations: dict[Situation, Plan]
    after_refusal: _Steps
    """What takes the place of the other steps once the caller has refused one."""

    def ask_in(self, findings: Sequence[Finding]) -> str:
        """The ask of `findings` that was heard last, the heavier where several were heard then."""
        asks = [finding for finding in findings if finding.tactic in self.asks]
        latest = max(asks, key=lambda ask: (ask.start, ask.weight), default=None)
        return latest.tactic if latest else Situation.ANY_ASK

    def advice(self, subject: str, ask: str) -> Advice:
        """What to do about alerts of `subject`, `ask` being the label of an ask or a situation."""
        plan = self.asks.get(ask) or self.situations[Situation(ask)]
        return Advice(
            subject, str(ask), plan.guard, self._steps(plan.steps), self._steps(self.after_refusal)
        )

    def first_step(self, ask: str) -> str:
        """What an alert says of an ask or situation: what not to do, and the first step."""
        advice = self.advice("", ask)
        return f"{advice.guard} {advice.steps[0].sentence}"

    @property
    def tactics(self) -> dict[str, str]:
        """The tactics that refusals count as, each with a step that says so."""
        return {step.if_refused: name for name, step in self.steps.items() if step.if_refused}

    def problems(self) -> Iterator[tuple[Location, str]]:
        for label in self.asks:
            if label not in ASKS:
                yield ("asks", label), f"'{label}' is no ask; the asks are R1-R12"
        for situation in Situation:
            if situation not in self.situations:
                yield ("situations",), f"'{situation}' is missing"
        for name, step in self.steps.items():
            if step.if_refused is not None and step.if_refused not in LABELS:
                problem = (
                    f"'{step.if_refused}' is no tactic; the labels are R1-R12, P1-P15, A1-A5 and C1-C5"
                )
                yield ("steps", name, "if_refused"), problem
            if step.if_refused is not None and not step.kind.asks_the_caller:
                problem = (
                    f"a step of kind '{step.kind}' asks nothing of the caller, who cannot refuse it"
                )
                yield ("steps", name, "if_refused"), problem
        for location, names in self._lists():
            for index, name in enumerate(names):
                if name not in self.steps:
                    yield (*location, index), f"'{name}' is no step; the steps are in the table 'steps'"
                elif name in names[:index]:
                    yield (*location, index), f"'{name}' is there twice; keep one"

    def _lists(self) -> Iterator[tuple[Location, tuple[str, ...]]]:
        for label, plan in self.asks.items():
            yield ("asks", label, "steps"), plan.steps
        for situation, plan in self.situations.items():
            yield ("situations", situation, "steps"), plan.steps
        yield ("after_refusal",), self.after_refusal

    def _steps(self, names: Sequence[str]) -> tuple[Step, ...]:
        return tuple(
            Step(name, text.kind, text.name, text.sentence, text.say, text.if_refused)
            for name, text in ((name, self.steps[name]) for name in names)
        )


def load_playbook(path: Path) -> Playbook:
    """Read a playbook. Raises `DetectionError` naming the file, the line and what is wrong in it."""
    return load_pack(path, Playbook)
