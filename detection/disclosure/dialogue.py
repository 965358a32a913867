"""What one party said of being an AI: statements, questions put to it, answers, hand-over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audio.types import CALL_RATE, Channel
from detection.disclosure.party import Party, Reply, Said
from detection.disclosure.phrases import Asked, StatementPhrases
from detection.disclosure.reader import StatementReader
from detection.disclosure.statements import StatementsPack
from detection.disclosure.turn_reader import Told, TurnReader
from detection.text.passage import Passage, SpokenWord, spoken_words
from detection.text.phrases import Hit
from detection.types import Answer, Utterance

_CARRY_WORDS = 10
_CARRY_GAP = 2 * CALL_RATE
_ANSWER_WITHIN = 15 * CALL_RATE
_ANSWER_UTTERANCES = 3
_GREETS_WITHIN = 5
"""Utterances after a hand-over among which another person has to have said hello."""


@dataclass(slots=True)
class _Question:
    """A question that waits for its answer, until `end` and a while."""

    kind: Asked
    said: Said
    end: int
    replies: int = 0
    first_reply: Said | None = None


class Dialogue:
    """Follows the party on channel `subject`. Runs on the inference thread.

    With `reader` a network tells what is said, without it the phrases of `statements`. `accepted`
    are phrases by the id of the rule that counts them as disclosure. `mono`: both parties are on one
    channel, so questions are looked for there too. Utterances come in order of their end.
    """

    def __init__(
        self,
        statements: StatementsPack,
        accepted: Mapping[str, Sequence[str]],
        subject: Channel,
        reader: StatementReader | None = None,
        *,
        mono: bool = False,
    ) -> None:
        self._subject = subject
        self._mono = mono
        self._reading = TurnReader(reader, subject) if reader and not mono else None
        self._ignored = frozenset(statements.ignore)
        self._phrases = StatementPhrases(statements, accepted)
        self._parties = [Party()]
        self._carried: tuple[SpokenWord, ...] = ()
        self._open: _Question | None = None
        self._since_hand_over: int | None = None

    @property
    def party(self) -> Party:
        """Whom the verdict is about: the first who spoke of itself, else who speaks now."""
        return next((one for one in self._parties if one.has_spoken_of_itself), self._parties[-1])

    @property
    def awaits_until(self) -> int | None:
        """When the time for an answer to the open question is over; None where there is none."""
        return self._open.end + _ANSWER_WITHIN if self._open else None

    def hear(self, utterance: Utterance) -> None:
        """Take in what either party said."""
        words = spoken_words(utterance)
        if not words:
            return
        if utterance.channel is not self._subject:
            self._hear_other(utterance, words)
            return
        self.advance(utterance.start)
        carried = self._carry_over(utterance)
        passage = Passage((*carried, *words), self._ignored)
        self._change_party(passage)
        party = self._parties[-1]
        if party.spoke_at is None:
            party.spoke_at = words[0].start
        party.words += sum(len(word.normal) for word in words)
        if self._reading:
            found = self._phrases.of_subject(passage, len(carried) - 1, self._asked_now)
            told = self._reading.hear(utterance.channel, words, found)
            self._hear_told(told, passage, len(carried) - 1)
        else:
            self._hear_subject(passage, len(carried) - 1, utterance)
        self._carried = passage.words[-_CARRY_WORDS:]

    @property
    def _asked_now(self) -> Asked | None:
        return self._open.kind if self._open else None

    def _hear_other(self, utterance: Utterance, words: tuple[SpokenWord, ...]) -> None:
        passage = Passage(words, self._ignored)
        if not self._reading:
            self._hear_question(passage, -1, utterance.end)
            return
        question = self._phrases.question(passage)
        told = self._reading.hear(utterance.channel, words, ("asks",) if question else ())
        if "asks" in told:
            kind = question[0] if question else Asked.EITHER
            self._hear_asking(told["asks"], kind, utterance.end)

    def ask(self, question: str, at: int) -> None:
        """Take in that somebody says they have just asked `question`, heard or not."""
        if not self._open:
            self._begin(_Question(Asked.EITHER, Said(question, at), at))

    def advance(self, at: int) -> None:
        """Let time pass: everything said before sample `at` has been heard."""
        if self._open and at > self._open.end + _ANSWER_WITHIN:
            self.conclude()

    def conclude(self) -> None:
        """No answer will come any more; what was said instead was evasive."""
        if self._open and self._open.first_reply:
            reply = Reply(Answer.EVASIVE, self._open.first_reply, self._open.said)
            self._parties[-1].answer = reply
        self._open = None

    def _carry_over(self, utterance: Utterance) -> tuple[SpokenWord, ...]:
        """Last words of the party, where its sentence may go on after a breath."""
        carried = self._carried
        if (
            carried
            and not self._mono
            and not carried[-1].ends_sentence
            and utterance.start - carried[-1].end <= _CARRY_GAP
        ):
            return carried
        return ()

    def _change_party(self, passage: Passage) -> None:
        """After a hand-over whoever says hello is somebody else."""
        if self._since_hand_over is None:
            return
        self._since_hand_over += 1
        if self._phrases.greetings.search(passage):
            self.conclude()
            self._parties.append(Party())
            self._since_hand_over = None
        elif self._since_hand_over >= _GREETS_WITHIN:
            self._since_hand_over = None

    def _hear_question(self, passage: Passage, after_word: int, end: int) -> Hit | None:
        found = self._phrases.question(passage, after_word)
        if found is None:
            return None
        kind, hit = found
        self.conclude()
        self._begin(_Question(kind, Said(hit.quote, hit.start), end))
        return hit

    def _hear_asking(self, asked: Told, kind: Asked, end: int) -> None:
        """A question that a network has read; the same turn's rest belongs to it."""
        if self._reading and self._reading.goes_on and self._open:
            self._open.end = end
            return
        self.conclude()
        self._begin(_Question(kind, Said(asked.quote, asked.start), end))

    def _hear_told(self, told: Mapping[str, Told], passage: Passage, after_word: int) -> None:
        """What a network has read in the party's turn so far."""
        reply = Passage(passage.words[after_word + 1 :], self._ignored)
        accepted = self._accept(passage, after_word)
        if statement := self._statement(told, reply):
            answer, said = statement
            self._settle(answer, Said(said.quote, said.start), self._open)
        elif accepted:
            self._close_with(Reply(Answer.TRUTHFUL, accepted, self._open.said if self._open else None))
        elif evades := told.get("evasive"):
            self._evade(Said(evades.quote, evades.start))
        elif self._open:
            self._await(self._open, reply)
        if hand_over := told.get("hand_over"):
            self._hand_over(hand_over.start)

    def _statement(self, told: Mapping[str, Told], reply: Passage) -> tuple[Answer, Told] | None:
        """What the party says it is; a plain yes or no means what the question makes of it."""
        answers = {"disclosure": Answer.TRUTHFUL, "truthful": Answer.TRUTHFUL, "denied": Answer.DENIED}
        said = [label for label in answers if label in told]
        if not said:
            return None
        clearest = max(said, key=lambda label: told[label].probability)
        answer = answers[clearest]
        if "disclosure" not in said and self._open:
            plain = self._phrases.yes_or_no(self._open.kind, reply)
            answer = plain[0] if plain else answer
        return answer, told[clearest]

    def _evade(self, said: Said) -> None:
        """The party turned a question away; that stands until it says what it is."""
        party = self._parties[-1]
        question = self._open.said if self._open else party.asked
        if question:
            party.answer = Reply(Answer.EVASIVE, said, question)
            self._open = None

    def _begin(self, question: _Question) -> None:
        self._parties[-1].asked = self._parties[-1].asked or question.said
        self._open = question

    def _hear_subject(self, passage: Passage, after_word: int, utterance: Utterance) -> None:
        question = self._open
        if self._mono and (hit := self._hear_question(passage, after_word, utterance.end)):
            after_word = hit.last
            question = self._open
            if after_word >= len(passage.words) - 1:
                return
        accepted = self._accept(passage, after_word)
        disclosure = self._phrases.disclosures.search(passage, after_word)
        claim = self._phrases.claims.search(passage, after_word)
        if disclosure:
            self._settle(Answer.TRUTHFUL, Said(disclosure.quote, disclosure.start), question)
        if claim:
            self._settle(Answer.DENIED, Said(claim.quote, claim.start), question)
        if question and not disclosure and not claim and accepted:
            self._close_with(Reply(Answer.TRUTHFUL, accepted, question.said))
        elif question and not disclosure and not claim:
            self._hear_reply(question, passage, after_word)
        if hand_over := self._phrases.hand_overs.search(passage, after_word):
            self._hand_over(hand_over.start)

    def _accept(self, passage: Passage, after_word: int) -> Said | None:
        """Words that only some rules accept as disclosure; the first of them."""
        found = None
        for rule_id, phrases in self._phrases.accepted.items():
            if hit := phrases.search(passage, after_word):
                said = Said(hit.quote, hit.start)
                self._parties[-1].accepted.setdefault(rule_id, said)
                found = found or said
        return found

    def _hand_over(self, at: int) -> None:
        self._parties[-1].handed_over_at = at
        self._since_hand_over = 0

    def _hear_reply(self, question: _Question, passage: Passage, after_word: int) -> None:
        reply = Passage(passage.words[after_word + 1 :], self._ignored)
        if found := self._phrases.answer(question.kind, reply):
            answer, hit = found
            self._settle(answer, Said(hit.quote, hit.start), question)
        else:
            self._await(question, reply)

    def _await(self, question: _Question, reply: Passage) -> None:
        """Something else was said; after a few replies no answer is awaited any more."""
        start = reply.words[0].start
        question.first_reply = question.first_reply or Said(reply.quote(0, _CARRY_WORDS - 1), start)
        question.replies += 1
        if question.replies >= _ANSWER_UTTERANCES:
            self.conclude()

    def _settle(self, answer: Answer, said: Said, question: _Question | None) -> None:
        """Keep what the party said of itself; a denial stays whatever is said after it."""
        party = self._parties[-1]
        reply = Reply(answer, said, question.said if question else None)
        if answer is Answer.TRUTHFUL:
            party.disclosed = party.disclosed or said
        if answer is Answer.DENIED:
            party.denied = party.denied or reply
        self._close_with(reply)

    def _close_with(self, reply: Reply) -> None:
        """The open question, where there is one, has its answer."""
        if reply.question:
            self._parties[-1].answer = reply
            self._open = None
