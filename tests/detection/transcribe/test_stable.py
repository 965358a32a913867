"""LocalAgreement: which words of open speech are settled, and from where the next pass hears."""

from collections.abc import Sequence

from audio.types import CALL_RATE
from detection.transcribe.stable import LONGEST_TAIL_S, OVERLAP, LocalAgreement
from detection.types import Word

WORD_S = 0.4


def words(text: str, start_s: float = 0.0, shift_s: float = 0.0) -> list[Word]:
    """Each word of `text` takes 0.4 s; all are `shift_s` off their true times."""
    return [
        Word(
            word,
            round((start_s + shift_s + number * WORD_S) * CALL_RATE),
            round((start_s + shift_s + (number + 1) * WORD_S) * CALL_RATE),
            0.9,
        )
        for number, word in enumerate(text.split())
    ]


def said(heard: Sequence[Word]) -> str:
    return " ".join(word.text for word in heard)


def after(*passes: str) -> LocalAgreement:
    agreement = LocalAgreement(0)
    for text in passes:
        agreement.hear(words(text), round(len(text.split()) * WORD_S * CALL_RATE))
    return agreement


def test_one_pass_settles_nothing():
    agreement = after("please reset my")
    assert not agreement.settled
    assert said(agreement.tentative) == "please reset my"


def test_what_two_passes_in_a_row_begin_with_is_settled():
    agreement = after("please reset my part", "please reset my password to")
    assert said(agreement.settled) == "please reset my"
    assert said(agreement.tentative) == "password to"


def test_two_passes_that_are_not_in_a_row_settle_nothing():
    assert not after("one two", "three four", "one two").settled


def test_case_and_punctuation_are_no_disagreement_and_the_later_writing_is_kept():
    assert said(after("hello i am", "Hello, I am").settled) == "Hello, I am"


def test_a_pass_that_heard_nothing_leaves_the_settled_words():
    agreement = after("my name is", "my name is Ann", "")
    assert said(agreement.settled) == "my name is"
    assert not agreement.tentative


def test_settled_words_stay_though_a_later_pass_hears_them_otherwise():
    agreement = after("call the bank", "call the bank now", "fall the bank now please")
    assert said(agreement.settled) == "call the bank now"
    assert said(agreement.tentative) == "please"


def test_settled_words_whose_times_wandered_are_not_said_twice():
    agreement = after("call the bank", "call the bank now")
    agreement.hear(words("fall the bank now please", shift_s=0.3), 3 * CALL_RATE)
    assert said([*agreement.settled, *agreement.tentative]).split().count("bank") == 1


def test_a_long_phrase_is_heard_from_its_last_settled_words_only():
    """Passes once a second over twelve seconds: every word once, and never more than some seconds."""
    spoken = words(" ".join(f"word{number}" for number in range(30)))
    agreement = LocalAgreement(0)
    longest = 0.0
    for second in range(1, 13):
        until = second * CALL_RATE
        heard = [word for word in spoken if agreement.listen_from <= word.start and word.end <= until]
        longest = max(longest, (until - agreement.listen_from) / CALL_RATE)
        agreement.hear(heard, until)
    assert said([*agreement.settled, *agreement.tentative]) == said(spoken)
    assert len(agreement.settled) >= 25
    assert longest <= LONGEST_TAIL_S + 1
    assert agreement.listen_from < agreement.settled[-OVERLAP].start


def test_sound_is_never_left_out_while_nothing_is_agreed():
    agreement = LocalAgreement(CALL_RATE)
    for second in range(1, 12):
        agreement.hear(words(f"take{second} two three", start_s=1), (1 + second) * CALL_RATE)
    assert agreement.listen_from == CALL_RATE
    assert not agreement.settled
