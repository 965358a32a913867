"""Words, voice and clock in, one disclosure state out.

The state is worked out anew from the facts each time, so it does not matter which of them became
known first: a denial counts as soon as the voice looks synthetic, and the other way round.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.disclosure.rule import Rule, Trigger
from detection.disclosure.statements import Phrases, StatementsPack
from detection.text.passage import Passage, SpokenWord, spoken_words
from detection.text.phrases import Hit, PhraseSet, Vocabulary
from detection.types import (
    Answer,
    DisclosureState,
    DisclosureVerdict,
    EngineInfo,
    Utterance,
    VoiceLevel,
)

_CARRY_WORDS = 10
_CARRY_GAP = 2 * CALL_RATE
_ANSWER_WITHIN = 15 * CALL_RATE
_ANSWER_UTTERANCES = 3
_ENOUGH_WORDS = 3
_ANSWER_HEAD = 6


class _Asked(StrEnum):
    PERSON = auto()
    MACHINE = auto()
    EITHER = auto()


@dataclass(frozen=True, slots=True)
class _Said:
    quote: str
    start: int


@dataclass(slots=True)
class _Question:
    """A question that waits for its answer, until `end` and a while."""

    kind: _Asked
    said: _Said
    end: int
    replies: int = 0
    first_reply: _Said | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    answer: Answer
    said: _Said
    question: _Said | None


class DisclosureJudge:
    """Follows one party of a call under one rule. Runs on the inference thread.

    `mono`: both parties are on one channel, so questions are looked for there too.
    `has_transcript`: False where no recognizer runs; then only a human voice can be told.
    """

    def __init__(
        self,
        rule: Rule,
        statements: StatementsPack,
        subject: Channel = Channel.CALLER,
        *,
        mono: bool = False,
        has_transcript: bool = True,
    ) -> None:
        self.engine = EngineInfo("disclosure", statements.id, statements.revision, f"policy {rule.id}")
        self._rule = rule
        self._subject = subject
        self._mono = mono
        self._has_transcript = has_transcript
        self._ignored = frozenset(statements.ignore)
        self._phrases = _Matchers(statements, rule)
        self._carried: tuple[SpokenWord, ...] = ()
        self._words_heard = 0
        self._now = 0
        self._finished = False
        self._first_words: int | None = None
        self._voice = VoiceLevel.NOT_CHECKED
        self._disclosed: _Said | None = None
        self._asked: _Said | None = None
        self._open: _Question | None = None
        self._denied: _Reply | None = None
        self._answer: _Reply | None = None

    def hear(self, utterance: Utterance) -> None:
        """Take in what either party said; utterances come in order of their end."""
        words = spoken_words(utterance)
        if not words:
            return
        if utterance.channel is not self._subject:
            self._hear_question(Passage(words, self._ignored), -1, utterance.end)
            return
        if self._open and utterance.start > self._open.end + _ANSWER_WITHIN:
            self._close_question()
        if self._first_words is None:
            self._first_words = words[0].start
        self._words_heard += sum(len(word.normal) for word in words)
        carried = self._carry_over(utterance)
        passage = Passage((*carried, *words), self._ignored)
        self._hear_subject(passage, len(carried) - 1, utterance)
        self._carried = passage.words[-_CARRY_WORDS:]
        self.advance(utterance.end)

    def hear_voice(self, level: VoiceLevel) -> None:
        """Take in what the party's voice sounds like by now."""
        self._voice = level

    def advance(self, at: int) -> None:
        """Let the clock run: everything said before sample `at` has been heard."""
        self._now = max(self._now, at)
        if self._open and self._now > self._open.end + _ANSWER_WITHIN:
            self._close_question()

    def finish(self) -> None:
        """The call is over: nothing more will be said."""
        self._finished = True
        self._close_question()

    @property
    def verdict(self) -> DisclosureVerdict:
        """The state by now, and the facts it rests on."""
        state, reason = self._state()
        answer = self._denied or self._answer
        asked = answer.question if answer and answer.question else self._asked
        return DisclosureVerdict(
            state=state,
            at=self._disclosed.start if self._disclosed else None,
            quote=self._disclosed.quote if self._disclosed else "",
            asked_at=asked.start if asked else None,
            question=asked.quote if asked else "",
            answer=answer.answer if answer else None,
            answer_quote=answer.said.quote if answer else "",
            answered_at=answer.said.start if answer else None,
            rule_id=self._rule.id,
            rule_revision=self._rule.revision,
            reasons=(reason,) if reason else (),
        )

    def _state(self) -> tuple[DisclosureState, str]:
        if not self._has_transcript and self._voice is not VoiceLevel.REAL:
            return DisclosureState.NOT_CHECKED, "The words were not checked: no speech recognizer ran."
        synthetic = self._voice is VoiceLevel.LIKELY_SYNTHETIC
        if self._denied and (synthetic or self._disclosed):
            return DisclosureState.DENIED, self._denial_reason(self._denied, synthetic=synthetic)
        if self._disclosed:
            return self._stated(self._disclosed)
        if synthetic:
            return self._undisclosed()
        if self._voice is VoiceLevel.REAL:
            return DisclosureState.HUMAN, ""
        return DisclosureState.LISTENING, self._listening_reason()

    def _stated(self, said: _Said) -> tuple[DisclosureState, str]:
        when = f"Said that it is an AI at {clock_at(said.start)}"
        if not self._is_late(said.start):
            return DisclosureState.DISCLOSED, f'{when}: "{said.quote}"'
        return DisclosureState.DISCLOSED_LATE, (
            f'{when}, later than the policy "{self._rule.title}" asks '
            f'({self._rule.deadline_s:g} s): "{said.quote}"'
        )

    def _undisclosed(self) -> tuple[DisclosureState, str]:
        if self._answer and self._answer.answer is Answer.EVASIVE:
            return DisclosureState.EVASIVE, (
                "The voice looks synthetic, and when asked whether it is a person the party "
                f'did not answer: "{self._answer.said.quote}"'
            )
        if self._deadline_passed():
            return DisclosureState.NOT_DISCLOSED, (
                "The voice looks synthetic and has not said that it is an AI, as the policy "
                f'"{self._rule.title}" asks.'
            )
        return DisclosureState.LISTENING, ""

    def _denial_reason(self, denial: _Reply, *, synthetic: bool) -> str:
        sign = "the voice looks synthetic" if synthetic else "it also said that it is an AI"
        asked = f'Asked "{denial.question.quote}", ' if denial.question else ""
        return f'{asked}"{denial.said.quote}" claims to be a person, but {sign}.'.strip()

    def _listening_reason(self) -> str:
        if self._voice is VoiceLevel.NOT_CHECKED:
            return "The voice was not checked, so a person and an AI cannot be told apart."
        return ""

    def _is_late(self, said: int) -> bool:
        started = self._clock_start()
        return started is not None and said - started > self._rule.deadline_s * CALL_RATE

    def _deadline_passed(self) -> bool:
        started = self._clock_start()
        if started is None:
            return False
        ended = self._finished and self._words_heard >= _ENOUGH_WORDS
        return ended or self._now - started > self._rule.deadline_s * CALL_RATE

    def _clock_start(self) -> int | None:
        if self._rule.trigger is Trigger.ON_REQUEST:
            return self._asked.start if self._asked else None
        return self._first_words

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

    def _hear_question(self, passage: Passage, after_word: int, end: int) -> Hit | None:
        for kind, phrases in self._phrases.questions.items():
            if hit := phrases.search(passage, after_word):
                said = _Said(hit.quote, hit.start)
                self._close_question()
                self._asked = self._asked or said
                self._open = _Question(kind, said, end)
                return hit
        return None

    def _hear_subject(self, passage: Passage, after_word: int, utterance: Utterance) -> None:
        question = self._open
        if self._mono and (hit := self._hear_question(passage, after_word, utterance.end)):
            after_word = hit.last
            question = self._open
            if after_word >= len(passage.words) - 1:
                return
        disclosure = self._phrases.disclosures.search(passage, after_word)
        claim = self._phrases.claims.search(passage, after_word)
        if disclosure:
            self._settle(Answer.TRUTHFUL, disclosure, question)
        if claim:
            self._settle(Answer.DENIED, claim, question)
        if question and not disclosure and not claim:
            self._hear_reply(question, passage, after_word)

    def _hear_reply(self, question: _Question, passage: Passage, after_word: int) -> None:
        reply = Passage(passage.words[after_word + 1 :], self._ignored)
        if found := self._phrases.answer(question.kind, reply):
            self._settle(*found, question)
            return
        start = reply.words[0].start
        question.first_reply = question.first_reply or _Said(reply.quote(0, _CARRY_WORDS - 1), start)
        question.replies += 1
        if question.replies >= _ANSWER_UTTERANCES:
            self._close_question()

    def _settle(self, answer: Answer, hit: Hit, question: _Question | None) -> None:
        """Keep what the party said of itself; a denial stays whatever is said after it."""
        said = _Said(hit.quote, hit.start)
        reply = _Reply(answer, said, question.said if question else None)
        if answer is Answer.TRUTHFUL:
            self._disclosed = self._disclosed or said
        if answer is Answer.DENIED:
            self._denied = self._denied or reply
        if question:
            self._answer = reply
            self._open = None

    def _close_question(self) -> None:
        """No answer will come any more; what was said instead was evasive."""
        if self._open and self._open.first_reply:
            self._answer = _Reply(Answer.EVASIVE, self._open.first_reply, self._open.said)
        self._open = None


class _Matchers:
    """The phrases of a statements pack and a rule, compiled once."""

    def __init__(self, pack: StatementsPack, rule: Rule) -> None:
        vocabulary = Vocabulary(pack.vocabulary)

        def compiled(phrases: Phrases, more: tuple[str, ...] = ()) -> PhraseSet:
            return PhraseSet((*phrases.patterns, *more), phrases.unless, vocabulary)

        self.disclosures = compiled(pack.disclosures, rule.accepted_words)
        self.claims = compiled(pack.claims)
        self.questions = {
            _Asked.EITHER: compiled(pack.questions.either),
            _Asked.PERSON: compiled(pack.questions.person),
            _Asked.MACHINE: compiled(pack.questions.machine),
        }
        answers = pack.answers
        self._yes, self._yes_alone = compiled(answers.affirmative), compiled(answers.affirmative_alone)
        self._no, self._no_alone = compiled(answers.negative), compiled(answers.negative_alone)
        self._person, self._machine = compiled(answers.person), compiled(answers.machine)
        self._evasive = compiled(answers.evasive)

    def answer(self, asked: _Asked, reply: Passage) -> tuple[Answer, Hit] | None:
        """What `reply` answers, or None where it answers nothing."""
        if hit := self._machine.search(reply):
            return Answer.TRUTHFUL, hit
        if hit := self._person.search(reply):
            return Answer.DENIED, hit
        if hit := self._evasive.search(reply):
            return Answer.EVASIVE, hit
        head = Passage(reply.words[:_ANSWER_HEAD])
        said_no = self._no.search(head) or _whole(self._no_alone.search(reply), reply)
        said_yes = self._yes.search(head) or _whole(self._yes_alone.search(reply), reply)
        hit = said_no or said_yes
        if hit is None or asked is _Asked.EITHER:
            return None
        is_person = (hit is said_yes) == (asked is _Asked.PERSON)
        return (Answer.DENIED if is_person else Answer.TRUTHFUL), hit


def _whole(hit: Hit | None, reply: Passage) -> Hit | None:
    """`hit` where it is all that was said."""
    return hit if hit and hit.first == 0 and hit.last == len(reply.words) - 1 else None
