"""The policy clock: where a party stands under one rule, worked out anew from the facts each time."""

from dataclasses import dataclass
from datetime import date

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.disclosure.party import Party, Reply, Said
from detection.disclosure.rule import Rule, Trigger
from detection.types import AgentLevel, AgentVerdict, Answer, DisclosureState, RuleState

_ENOUGH_WORDS = 3
_GRAVEST = (
    DisclosureState.DENIED,
    DisclosureState.EVASIVE,
    DisclosureState.NOT_DISCLOSED,
    DisclosureState.DISCLOSED_LATE,
    DisclosureState.LISTENING,
    DisclosureState.DISCLOSED,
    DisclosureState.HUMAN,
    DisclosureState.NOT_CHECKED,
    DisclosureState.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known by sample `now`; `agent` is whether the party is an AI, by its voice and manner.

    `has_words` is False where no recognizer runs, `has_ended` True where nothing more will be said.
    """

    party: Party
    agent: AgentVerdict
    now: int
    has_ended: bool
    has_words: bool

    @property
    def because(self) -> str:
        """Why the party is taken for an AI, without a full stop."""
        telling = max(self.agent.signs, key=lambda sign: sign.llr, default=None)
        return telling.sentence if telling else "it sounds like an AI"


class PolicyClock:
    """One rule over one party. Without state of its own; safe on any thread."""

    def __init__(self, rule: Rule, subject: Channel, day: date) -> None:
        self._rule = rule
        self._waived = rule.waived(subject, day)

    def state(self, facts: Facts) -> RuleState:
        """Where the party stands by now. It does not matter which fact became known first."""
        state, reason = self._state(facts)
        started = self._started(facts.party)
        deadline = None if started is None or self._waived else started + self._allowed
        return RuleState(self._rule.id, self._rule.revision, self._rule.title, state, deadline, reason)

    @property
    def _allowed(self) -> int:
        return round(self._rule.deadline_s * CALL_RATE)

    def _state(self, facts: Facts) -> tuple[DisclosureState, str]:
        if self._waived:
            return DisclosureState.NOT_APPLICABLE, self._waived
        if not facts.has_words and facts.agent.level is not AgentLevel.HUMAN_LIKE:
            return DisclosureState.NOT_CHECKED, "The words were not checked: no speech recognizer ran."
        return self._spoken_of(facts) or self._unspoken(facts)

    def _spoken_of(self, facts: Facts) -> tuple[DisclosureState, str] | None:
        """By what the party said of itself; None where that settles nothing."""
        party, is_agent = facts.party, facts.agent.level is AgentLevel.AGENT_LIKE
        disclosed = party.disclosure(self._rule.id)
        if party.denied and (is_agent or disclosed):
            sign = facts.because if is_agent else "it also said that it is an AI"
            return DisclosureState.DENIED, _denial_reason(party.denied, sign)
        return self._stated(disclosed, party) if disclosed else None

    def _unspoken(self, facts: Facts) -> tuple[DisclosureState, str]:
        level = facts.agent.level
        if level is AgentLevel.AGENT_LIKE:
            return self._undisclosed(facts)
        if level is AgentLevel.HUMAN_LIKE:
            return DisclosureState.HUMAN, ""
        reason = "The voice was not checked, so a person and an AI cannot be told apart."
        return DisclosureState.LISTENING, reason if level is AgentLevel.NOT_CHECKED else ""

    def _stated(self, said: Said, party: Party) -> tuple[DisclosureState, str]:
        when = f"Said that it is an AI at {clock_at(said.start)}"
        started = self._started(party)
        if started is None or said.start - started <= self._allowed:
            return DisclosureState.DISCLOSED, f'{when}: "{said.quote}"'
        return DisclosureState.DISCLOSED_LATE, (
            f'{when}, later than the policy "{self._rule.title}" asks '
            f'({self._rule.deadline_s:g} s): "{said.quote}"'
        )

    def _undisclosed(self, facts: Facts) -> tuple[DisclosureState, str]:
        answer = facts.party.answer
        because = facts.because[:1].upper() + facts.because[1:]
        if answer and answer.answer is Answer.EVASIVE:
            return DisclosureState.EVASIVE, (
                f"{because}, and when asked whether it is a person the party "
                f'did not answer: "{answer.said.quote}"'
            )
        if self._deadline_passed(facts):
            return DisclosureState.NOT_DISCLOSED, (
                f"{because}, and the party has not said that it is an AI, as the policy "
                f'"{self._rule.title}" asks.'
            )
        return DisclosureState.LISTENING, ""

    def _deadline_passed(self, facts: Facts) -> bool:
        started = self._started(facts.party)
        if started is None:
            return False
        ended = facts.has_ended and facts.party.words >= _ENOUGH_WORDS
        return ended or facts.now - started > self._allowed

    def _started(self, party: Party) -> int | None:
        if self._rule.trigger is Trigger.ON_REQUEST:
            return party.asked.start if party.asked else None
        return party.spoke_at


def gravest(states: tuple[RuleState, ...]) -> RuleState:
    """The state that a person should see first; the first of several alike."""
    return min(states, key=lambda one: _GRAVEST.index(one.state))


def _denial_reason(denial: Reply, sign: str) -> str:
    asked = f'Asked "{denial.question.quote}", ' if denial.question else ""
    return f'{asked}"{denial.said.quote}" claims to be a person, but {sign}.'
