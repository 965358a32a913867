"""What counts as said, how late it began, and when nobody can tell."""

import numpy as np
import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.challenge.judge import ChallengeJudge
from detection.challenge.pack import load_challenges
from detection.events import ChallengeJudged
from detection.steps import ChallengeKind, ChallengeVerdict
from detection.types import Segment, Utterance, Word

CALLER, AGENT = Channel.CALLER, Channel.AGENT
PACK = load_challenges(resources.ROOT / "challenges" / "en.yaml")
PASSED, FAILED, NOT_HEARD = ChallengeVerdict
SAYS = "On Friday the carpenter watches every yellow umbrella in the library."
TIME_OUT_S = PACK.sentence.time_out_s


class Call:
    """A challenge given at 10 s; what is said afterwards, in seconds."""

    def __init__(
        self, kind: ChallengeKind = ChallengeKind.SENTENCE, text: str = SAYS, *, mono: bool = False
    ) -> None:
        self.judge = ChallengeJudge(PACK, mono=mono)
        self.judge.give(kind, 10 * CALL_RATE)
        assert self.judge._open is not None
        self.judge._open.expected = PACK.counting(text)

    def say(
        self, channel: Channel, start_s: float, text: str | None, seconds: float = 4.0
    ) -> ChallengeJudged | None:
        start, end = round(start_s * CALL_RATE), round((start_s + seconds) * CALL_RATE)
        segment = Segment(channel, start, end, np.zeros(0, np.float32))
        return self.judge.hear(segment, Utterance(channel, start, end, text, 0.9) if text else None)

    def time_out(self) -> ChallengeJudged:
        judged = self.judge.advance(round((10 + TIME_OUT_S) * CALL_RATE))
        assert judged is not None
        return judged


@pytest.fixture
def call() -> Call:
    call = Call()
    call.say(AGENT, 11, f"please repeat after me {SAYS}")
    return call


def test_the_sentence_passes_at_once_with_quote_and_delay(call):
    judged = call.say(
        CALLER, 16.2, "on friday the carpenter watches every yellow umbrella in the library"
    )
    assert judged is not None
    assert (judged.verdict, judged.share) == (PASSED, 1.0)
    assert judged.delay_s == pytest.approx(1.2)
    assert judged.quote == "friday the carpenter watches every yellow umbrella in the library"
    assert 16.2 * CALL_RATE <= judged.start < judged.end <= 20.2 * CALL_RATE
    assert call.judge.conclude(0) is None, "it is judged once"


def test_what_a_recognizer_gets_wrong_does_not_matter_much(call):
    judged = call.say(
        CALLER, 16, "um on friday the carpenters watch is very yellow umbrella in the lobby"
    )
    assert judged is not None
    assert judged.verdict is PASSED
    assert judged.share < 1


def test_words_out_of_their_order_do_not_pass(call):
    assert call.say(CALLER, 16, "library umbrella yellow watches carpenter friday") is None
    assert call.time_out().share < PACK.sentence.passed


def test_it_may_come_in_parts_and_after_other_words(call):
    assert call.say(CALLER, 16, "okay what was that one moment", 2) is None
    assert call.say(CALLER, 20, "on friday the carpenter", 2) is None
    judged = call.say(CALLER, 22.5, "watches every yellow umbrella", 2)
    assert judged is not None
    assert judged.verdict is PASSED
    assert judged.delay_s == pytest.approx(5.0), "from the end of the question to this answer's begin"
    assert judged.quote.startswith("friday")
    assert judged.quote.endswith("umbrella")


def test_a_long_delay_is_a_fact_beside_the_verdict(call):
    judged = call.say(CALLER, 21, SAYS)
    assert judged is not None
    assert judged.verdict is PASSED
    assert judged.delay_s == pytest.approx(6.0)
    assert judged.long_delay_s == PACK.sentence.long_delay_s == 3.0


def test_without_a_question_the_delay_counts_from_when_it_was_given():
    judged = Call().say(CALLER, 12.5, SAYS)
    assert judged is not None
    assert judged.delay_s == pytest.approx(2.5)


def test_enough_other_words_fail_and_only_when_the_time_is_over(call):
    said = "why do you want me to say that i just need my password reset right now"
    assert call.say(CALLER, 17, said) is None
    assert call.judge.advance(round((9 + TIME_OUT_S) * CALL_RATE)) is None
    judged = call.time_out()
    assert (judged.verdict, judged.share, judged.delay_s) == (FAILED, 0.0, None)
    assert "password" in judged.quote
    assert judged.at == round((10 + TIME_OUT_S) * CALL_RATE)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((), "Too few of the caller's words were understood to tell: 0."),
        (((17, "what now", 1),), "Too few of the caller's words were understood to tell: 2."),
        (
            ((17, "on friday the yellow something or other went over", 4),),
            "2 of 6 words were understood: too few to pass, too many to fail.",
        ),
        (
            ((17, "why do you want me to say that to you now", 2), (20, None, 4)),
            "4 s of the caller's 6 s of speech could not be understood.",
        ),
    ],
)
def test_where_nobody_can_tell_it_is_not_heard(call, said, why):
    for start_s, text, seconds in said:
        assert call.say(CALLER, start_s, text, seconds) is None
    judged = call.time_out()
    assert (judged.verdict, judged.reason) == (NOT_HEARD, why)


def test_what_nobody_was_heard_to_ask_for_is_not_failed():
    call = Call()
    call.say(CALLER, 17, "why do you want me to say that i just need my password reset")
    judged = call.time_out()
    assert judged.verdict is NOT_HEARD
    assert "not heard to ask" in judged.reason


def test_the_line_that_carries_the_question_back_does_not_pass(call):
    """The help desk's own voice on the caller's side, a quarter of a second late."""
    assert call.say(CALLER, 11.25, f"please repeat after me {SAYS}", 4) is None
    assert call.time_out().verdict is NOT_HEARD


def test_a_short_word_of_the_help_desk_amid_the_answer_takes_only_its_own_time(call):
    call.say(AGENT, 17.5, "yes", 0.3)
    start = 16 * CALL_RATE
    words = tuple(
        Word(word, start + n * CALL_RATE // 2, start + (n + 1) * CALL_RATE // 2, 0.9)
        for n, word in enumerate(SAYS.split())
    )
    end = words[-1].end
    segment = Segment(CALLER, start, end, np.zeros(0, np.float32))
    judged = call.judge.hear(segment, Utterance(CALLER, start, end, SAYS, 0.9, words))
    assert judged is not None
    assert judged.share == pytest.approx(5 / 6)
    assert judged.delay_s == pytest.approx(1.0)


def test_speech_from_before_it_was_given_is_not_looked_at(call):
    assert call.say(CALLER, 9, SAYS, 4) is None
    assert call.time_out().share == 0


def test_on_one_channel_nothing_passes_or_fails():
    call = Call(mono=True)
    assert call.say(CALLER, 12, SAYS) is None
    judged = call.time_out()
    assert judged.verdict is NOT_HEARD
    assert "one channel" in judged.reason


def test_a_one_time_phrase_has_to_be_whole_and_no_delay_is_held_against_it():
    read = Call(ChallengeKind.ONE_TIME_PHRASE, "museum village calendar")
    read.say(AGENT, 11, "please read me the words", 2)
    assert read.say(CALLER, 40, "it says museum village", 2) is None
    judged = read.say(CALLER, 43, "calendar", 1)
    assert judged is not None
    assert (judged.verdict, judged.long_delay_s) == (PASSED, None)


def test_a_new_challenge_takes_the_place_of_the_last(call):
    before = call.judge.conclude(20 * CALL_RATE)
    assert before is not None
    assert before.verdict is NOT_HEARD
    given = call.judge.give(ChallengeKind.SENTENCE, 20 * CALL_RATE)
    call.say(AGENT, 21, "and this one", 1)
    judged = call.say(CALLER, 23, given.expected)
    assert judged is not None
    assert judged.verdict is PASSED
