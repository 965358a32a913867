"""Words, signs and clock in, one disclosure state out for each rule."""

from collections.abc import Sequence
from datetime import date

from audio.types import Channel
from detection.disclosure.dialogue import Dialogue
from detection.disclosure.policy import Facts, PolicyClock, gravest
from detection.disclosure.reader import StatementReader
from detection.disclosure.rule import Rule
from detection.disclosure.statements import StatementsPack
from detection.types import AgentLevel, AgentVerdict, DisclosureVerdict, EngineInfo, Utterance


class DisclosureJudge:
    """Follows one party of a call under the site's rules, on `day`. Runs on the inference thread.

    With `reader` a network tells what is said, without it the phrases of `statements`. `mono`: both
    parties are on one channel, so phrases are looked for there, questions too.
    `has_transcript`: False where no recognizer runs; then only a human can be told.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        statements: StatementsPack,
        subject: Channel = Channel.CALLER,
        reader: StatementReader | None = None,
        *,
        day: date,
        mono: bool = False,
        has_transcript: bool = True,
    ) -> None:
        named = ", ".join(f"{rule.id} {rule.revision}" for rule in rules)
        phrases = EngineInfo("disclosure", statements.id, statements.revision, f"policies {named}")
        self.engines = (phrases, reader.engine) if reader and not mono else (phrases,)
        self.subject = subject
        self._clocks = [PolicyClock(rule, subject, day) for rule in rules]
        self._has_transcript = has_transcript
        accepted = {rule.id: rule.accepted_words for rule in rules}
        self._dialogue = Dialogue(statements, accepted, subject, reader, mono=mono)
        self._agent = AgentVerdict(AgentLevel.NOT_CHECKED)
        self._now = 0
        self._has_ended = False

    def hear(self, utterance: Utterance) -> None:
        """Take in what either party said; utterances come in order of their end."""
        self._dialogue.hear(utterance)
        if utterance.channel is self.subject:
            self.advance(utterance.end)

    def hear_signs(self, agent: AgentVerdict) -> None:
        """Take in what the party sounds and behaves like by now."""
        self._agent = agent

    def ask(self, question: str, at: int) -> None:
        """Take in that the agent says they asked `question` at sample `at`."""
        self._dialogue.ask(question, at)

    def advance(self, at: int) -> None:
        """Let the clocks run: everything said before sample `at` has been heard."""
        self._now = max(self._now, at)
        self._dialogue.advance(self._now)

    def finish(self) -> None:
        """The call is over: nothing more will be said."""
        self._has_ended = True
        self._dialogue.conclude()

    @property
    def verdict(self) -> DisclosureVerdict:
        """The states by now, and the facts they rest on."""
        party = self._dialogue.party
        facts = Facts(party, self._agent, self._now, self._has_ended, self._has_transcript)
        states = tuple(clock.state(facts) for clock in self._clocks)
        shown = gravest(states)
        said = party.disclosure(shown.rule_id)
        answer = party.denied or party.answer
        asked = answer.question if answer and answer.question else party.asked
        return DisclosureVerdict(
            state=shown.state,
            at=said.start if said else None,
            quote=said.quote if said else "",
            asked_at=asked.start if asked else None,
            question=asked.quote if asked else "",
            answer=answer.answer if answer else None,
            answer_quote=answer.said.quote if answer else "",
            answered_at=answer.said.start if answer else None,
            rule_id=shown.rule_id,
            rule_revision=shown.rule_revision,
            reasons=(shown.reason,) if shown.reason else (),
            subject=self.subject,
            spoke_at=party.spoke_at,
            handed_over_at=party.handed_over_at,
            awaits_until=self._dialogue.awaits_until,
            rules=states,
        )
