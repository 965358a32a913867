"""What a statements pack listens for, compiled: one set of phrases for each kind of statement."""

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto

from detection.disclosure.statements import Phrases, StatementsPack
from detection.text.passage import Passage
from detection.text.phrases import Hit, PhraseSet, Vocabulary
from detection.types import Answer

_ANSWER_HEAD = 6


class Asked(StrEnum):
    """What a question asks, by what yes would mean."""

    PERSON = auto()
    MACHINE = auto()
    EITHER = auto()


class StatementPhrases:
    """The phrases of a statements pack and of the rules, compiled once."""

    def __init__(self, pack: StatementsPack, accepted: Mapping[str, Sequence[str]]) -> None:
        vocabulary = Vocabulary(pack.vocabulary)

        def compiled(phrases: Phrases) -> PhraseSet:
            return PhraseSet(phrases.patterns, phrases.unless, vocabulary)

        self.disclosures = compiled(pack.disclosures)
        self.accepted = {
            rule_id: PhraseSet(phrases, pack.disclosures.unless, vocabulary)
            for rule_id, phrases in accepted.items()
            if phrases
        }
        self.claims = compiled(pack.claims)
        self.hand_overs = compiled(pack.hand_overs)
        self.greetings = compiled(pack.greetings)
        self.questions = {
            Asked.EITHER: compiled(pack.questions.either),
            Asked.PERSON: compiled(pack.questions.person),
            Asked.MACHINE: compiled(pack.questions.machine),
        }
        answers = pack.answers
        self._yes, self._yes_alone = compiled(answers.affirmative), compiled(answers.affirmative_alone)
        self._no, self._no_alone = compiled(answers.negative), compiled(answers.negative_alone)
        self._person, self._machine = compiled(answers.person), compiled(answers.machine)
        self._evasive = compiled(answers.evasive)

    def question(self, passage: Passage, after_word: int = -1) -> tuple[Asked, Hit] | None:
        """What `passage` asks after word index `after_word`."""
        for kind, phrases in self.questions.items():
            if hit := phrases.search(passage, after_word):
                return kind, hit
        return None

    def of_subject(self, passage: Passage, after_word: int, asked: Asked | None) -> set[str]:
        """What the party says of itself, and in answer to what is `asked`: labels of a reader."""
        found = set()
        if self.disclosures.search(passage, after_word):
            found.add("disclosure")
        if self.claims.search(passage, after_word):
            found.add("denied")
        if self.hand_overs.search(passage, after_word):
            found.add("hand_over")
        reply = Passage(passage.words[after_word + 1 :])
        if asked and (answered := self.answer(asked, reply)):
            found.add(str(answered[0]))
        return found

    def answer(self, asked: Asked, reply: Passage) -> tuple[Answer, Hit] | None:
        """What `reply` answers, or None where it answers nothing."""
        if hit := self._machine.search(reply):
            return Answer.TRUTHFUL, hit
        if hit := self._person.search(reply):
            return Answer.DENIED, hit
        if hit := self._evasive.search(reply):
            return Answer.EVASIVE, hit
        return self.yes_or_no(asked, reply)

    def yes_or_no(self, asked: Asked, reply: Passage) -> tuple[Answer, Hit] | None:
        """What a plain yes or no in `reply` answers, or None where there is none."""
        head = Passage(reply.words[:_ANSWER_HEAD])
        said_no = self._no.search(head) or _whole(self._no_alone.search(reply), reply)
        said_yes = self._yes.search(head) or _whole(self._yes_alone.search(reply), reply)
        hit = said_no or said_yes
        if hit is None or asked is Asked.EITHER:
            return None
        is_person = (hit is said_yes) == (asked is Asked.PERSON)
        return (Answer.DENIED if is_person else Answer.TRUTHFUL), hit


def _whole(hit: Hit | None, reply: Passage) -> Hit | None:
    """`hit` where it is all that was said."""
    return hit if hit and hit.first == 0 and hit.last == len(reply.words) - 1 else None
