"""Written calls with the disclosure state expected, and what the judge made of them."""

from dataclasses import dataclass
from typing import Literal

from app.evaluation.written_calls import Statement, WrittenCall
from audio.types import Channel
from detection.types import AgentLevel, AgentSign, AgentVerdict, Answer, DisclosureState

_SYNTHETIC_VOICE = "synthetic_voice"


class DisclosureCall(WrittenCall):
    """A call with whom to follow, what else is known of that party, and the state to end in.

    Without the sign `synthetic_voice` the party counts as human-like. `at_turn`: index from 0 of
    the turn after which the expected state is reached for good. `family` names calls of one wording.
    """

    subject: Channel
    signs: tuple[str, ...] = ()
    expected: Literal["disclosed", "disclosed_late", "not_disclosed", "denied", "evasive", "human"]
    at_turn: int | None = None
    family: str = ""

    @property
    def agent(self) -> AgentVerdict:
        """What the signs say."""
        if _SYNTHETIC_VOICE in self.signs:
            sign = AgentSign("voice", 0.0, 0.0, "the voice looks synthetic")
            return AgentVerdict(AgentLevel.AGENT_LIKE, signs=(sign,))
        return AgentVerdict(AgentLevel.HUMAN_LIKE)

    def marks(self, statement: Statement) -> bool:
        """Whether a turn of the party is marked as such a statement."""
        return any(statement in turn.statements for turn in self.turns if turn.speaker is self.subject)


@dataclass(frozen=True, slots=True)
class DisclosureOutcome:
    """What the judge said of a call: the state at the end, and the turn since which it held."""

    call: DisclosureCall
    state: DisclosureState
    turn: int
    has_disclosed: bool
    answer: Answer | None
    was_asked: bool
