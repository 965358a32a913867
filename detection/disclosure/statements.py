"""The statements pack: which words disclose, ask, deny or evade. Format: docs/disclosure.md."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from detection.text.packs import Location, Pack, Part, load_pack, phrase_problems

_Words = tuple[str, ...]


class Phrases(Part):
    """Phrases that mean one thing, unless others are said around them."""

    patterns: _Words = Field(min_length=1)
    unless: _Words = ()


class Questions(Part):
    """What the other side asks, by what "yes" would mean."""

    person: Phrases
    """"Are you a person?": yes claims to be one."""
    machine: Phrases
    """"Are you a robot?": yes admits to be one."""
    either: Phrases
    """"A person or a robot?": neither yes nor no answers it."""


class Answers(Part):
    """Words that mean something only as the answer to such a question."""

    affirmative: Phrases
    """Looked for in the first words of the answer, like `negative`."""
    negative: Phrases
    affirmative_alone: Phrases
    """Means yes where it is the whole answer ("I am"), like `negative_alone`."""
    negative_alone: Phrases
    person: Phrases
    """Claims to be a person."""
    machine: Phrases
    """Admits to be a machine."""
    evasive: Phrases
    """Turns the question away."""


class StatementsPack(Pack):
    """Everything a `DisclosureJudge` knows about one language."""

    language: str
    ignore: _Words = ()
    vocabulary: dict[str, _Words] = Field(default_factory=dict)
    disclosures: Phrases
    """The speaker says of itself that it is an AI."""
    claims: Phrases
    """The speaker says of itself that it is a person, asked or not."""
    questions: Questions
    answers: Answers
    hand_overs: Phrases
    """The speaker passes the call on to somebody else."""
    greetings: Phrases
    """How that somebody begins."""

    def problems(self) -> Iterator[tuple[Location, str]]:
        lists: dict[Location, _Words] = {}
        for location, phrases in self._phrases():
            lists[(*location, "patterns")] = phrases.patterns
            lists[(*location, "unless")] = phrases.unless
        return phrase_problems(self.vocabulary, lists, self.ignore)

    def _phrases(self) -> Iterator[tuple[Location, Phrases]]:
        yield ("disclosures",), self.disclosures
        yield ("claims",), self.claims
        yield ("hand_overs",), self.hand_overs
        yield ("greetings",), self.greetings
        for name in Questions.model_fields:
            yield ("questions", name), getattr(self.questions, name)
        for name in Answers.model_fields:
            yield ("answers", name), getattr(self.answers, name)


def load_statements(path: Path) -> StatementsPack:
    """Read a statements pack. Raises `DetectionError` naming file, line and field."""
    return load_pack(path, StatementsPack)
