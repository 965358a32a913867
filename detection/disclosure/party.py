"""One speaker of a call, and what they said of being an AI: facts, no judgement."""

from dataclasses import dataclass, field

from detection.types import Answer


@dataclass(frozen=True, slots=True)
class Said:
    """Words and the sample at which they begin."""

    quote: str
    start: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered; `question` is None where nobody had asked."""

    answer: Answer
    said: Said
    question: Said | None


@dataclass(slots=True)
class Party:
    """One speaker on the channel under watch, and what they said of being an AI."""

    spoke_at: int | None = None
    words: int = 0
    disclosed: Said | None = None
    accepted: dict[str, Said] = field(default_factory=dict)
    """What only one rule accepts as disclosure, by the rule's id."""
    asked: Said | None = None
    denied: Reply | None = None
    answer: Reply | None = None
    handed_over_at: int | None = None

    def disclosure(self, rule_id: str) -> Said | None:
        """The first words that count as disclosure under a rule."""
        found = [said for said in (self.disclosed, self.accepted.get(rule_id)) if said]
        return min(found, key=lambda said: said.start, default=None)

    @property
    def has_spoken_of_itself(self) -> bool:
        """Whether it said that it is an AI, or a person."""
        return bool(self.disclosed or self.accepted or self.denied)
