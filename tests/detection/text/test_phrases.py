import time

import pytest

from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, spoken_words
from detection.text.phrases import PhraseError, PhraseSet, Vocabulary
from detection.types import Utterance

VOCABULARY = Vocabulary({"phone": ["(cell )?phone", "mobile"], "thing": ["<phone>", "code"]})


def _passage(text, ignored=frozenset()):
    return Passage(spoken_words(Utterance(Channel.CALLER, 0, CALL_RATE, text, 1.0)), ignored)


def _finds(text, *phrases, unless=()):
    return PhraseSet(phrases, unless, VOCABULARY).search(_passage(text)) is not None


def test_whole_words_only():
    assert _finds("a phone call", "phone")
    assert not _finds("a telephone call", "phone")


def test_names_gaps_and_any_word():
    assert _finds("take my old cell phone off", "take ... <thing> off")
    assert not _finds("take one two three four five phone off", "take ... <thing> off")
    assert _finds("call doctor lee", "call _ lee")
    assert not _finds("call lee", "call _ lee")


def test_unless_counts_only_in_the_same_sentence():
    assert not _finds("I would never take your code", "take your <thing>", unless=("never",))
    assert _finds("I never lie. Take your code.", "take your <thing>", unless=("never",))


def test_a_later_match_counts_where_the_first_is_excused():
    text = "Never reset it. Then please reset it."
    assert _finds(text, "reset it", unless=("never",))


def test_ignored_words_do_not_part_a_phrase_but_stay_in_the_quote():
    hit = PhraseSet(("reset it",), (), VOCABULARY).search(
        _passage("reset please it", frozenset({"please"}))
    )
    assert hit is not None
    assert hit.quote == "reset please it"


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("Reset", "never occurs"),
        ("don't", "never occurs"),
        ("reset  it", "spaces"),
        ("reset (it", "missing"),
        ("<nobody>", "not in the vocabulary"),
        ("(reset)?", "silence"),
        ("a(?=b)", "never occurs"),
    ],
)
def test_unusable_phrases_say_why(phrase, reason):
    with pytest.raises(PhraseError, match=reason):
        VOCABULARY.check(phrase)


def test_a_vocabulary_that_names_itself_is_refused():
    with pytest.raises(PhraseError, match="circles"):
        Vocabulary({"a": ["<b>"], "b": ["<a>"]}).expand("<a>")


def test_a_megabyte_in_one_line_is_matched_in_linear_time():
    phrases = PhraseSet(
        ("reset ... reset ... phone", "(a )?(a )?(a )?phone phone"), ("never",), VOCABULARY
    )
    seconds = []
    for size in (100_000, 1_000_000):
        passage = _passage("reset a " * (size // 8))
        began = time.perf_counter()
        assert phrases.search(passage) is None
        seconds.append(time.perf_counter() - began)
    assert seconds[1] < 30 * seconds[0] + 0.5
    assert seconds[1] < 5
