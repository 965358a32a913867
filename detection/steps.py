"""What a playbook has an agent do about an alert, and what can come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """What sort of thing a step is."""

    CALL_BACK = "call_back"
    VIDEO = "video"
    MANAGER = "manager"
    """Confirmation by the person's manager."""
    CHALLENGE = "challenge"
    """The caller repeats a fresh random sentence."""
    ONE_TIME_PHRASE = "one_time_phrase"
    """The caller reads back words that were sent to the channel on file."""
    QUESTION = "question"
    """The caller is asked whether it is a person; what it answers is listened for."""
    REFUSE = "refuse"
    """The agent refuses."""
    REPORT = "report"
    NOTIFY = "notify"
    """The person on file, or their manager, is told."""

    @property
    def asks_the_caller(self) -> bool:
        """Whether the caller has to go along with it, and so can refuse."""
        return self not in {StepKind.REFUSE, StepKind.REPORT, StepKind.NOTIFY}


class StepOutcome(StrEnum):
    """What came of a step, as the agent recorded it."""

    DONE = "done"
    REFUSED = "refused"
    """The caller would not go along with it."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `name` as in "refused NAME", `sentence` what to do, `say` words to read out.

    `if_refused` is the label of the tactic that a refusal counts as; None counts nothing.
    """

    id: str
    kind: StepKind
    name: str
    sentence: str
    say: str = ""
    if_refused: str | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about the alerts of one `subject` now, where `ask` is what is being asked.

    `ask` is the label of a tactic or a situation of the playbook; `guard` says what not to do before
    the steps are done. Once a caller has refused one of `steps`, `after_refusal` takes their place.
    """

    subject: str
    ask: str
    guard: str
    steps: tuple[Step, ...]
    after_refusal: tuple[Step, ...] = ()

    def open_step(self, outcomes: Mapping[str, StepOutcome]) -> Step | None:
        """The first step that has no outcome (`outcomes` by id); None where all have one."""
        refused = any(outcomes.get(step.id) is StepOutcome.REFUSED for step in self.steps)
        steps = self.after_refusal if refused else self.steps
        return next((step for step in steps if step.id not in outcomes), None)


class ChallengeKind(StrEnum):
    """What a caller is asked to say."""

    SENTENCE = "sentence"
    """A fresh random sentence, said to them."""
    ONE_TIME_PHRASE = "one_time_phrase"
    """A few random words, sent to the channel on file."""


class ChallengeVerdict(StrEnum):
    """Whether the caller said it."""

    PASSED = "passed"
    FAILED = "failed"
    """Enough of the caller's words were understood, and they are others."""
    NOT_HEARD = "not_heard"
    """Nobody can tell: too little was said or understood."""


CHALLENGE_OF = {
    StepKind.CHALLENGE: ChallengeKind.SENTENCE,
    StepKind.ONE_TIME_PHRASE: ChallengeKind.ONE_TIME_PHRASE,
}
"""The kinds of step at which something has to be said, and what."""
