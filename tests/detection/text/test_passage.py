import pytest

from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, normalise, spoken_words
from detection.types import Utterance, Word


def _utterance(text, words=(), end_s=10):
    return Utterance(Channel.CALLER, 0, end_s * CALL_RATE, text, 0.9, words)


def _text(utterance):
    return Passage(spoken_words(utterance)).text.decode()


def test_both_recognizers_give_the_same_words():
    whisper = _utterance("Um, I can't do that \u2014 it\u2019s my Multi-Factor thing, OK?")
    sphinx = _utterance("i can't do that it's my multi factor thing okay")
    assert _text(whisper) == _text(sphinx) == " i can not do that it is my multi factor thing okay "


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("won't", ("will", "not")),
        ("manager's", ("managers",)),
        ("A.I.", ("ai",)),
        ("M.F.A.,", ("mfa",)),
        ("caf\u00e9", ("cafe",)),
        ("don\u2019t", ("do", "not")),
        ("uh", ()),
        ("...", ()),
        ("e-mail", ("e", "mail")),
        ("\u05e9\u05dc\u05d5\u05dd", ("\u05e9\u05dc\u05d5\u05dd",)),
    ],
)
def test_normalise(token, words):
    assert normalise(token) == words


def test_times_are_spread_over_the_utterance_in_order():
    words = spoken_words(_utterance("one three eleven"))
    assert words[0].start == 0
    assert words[-1].end == 10 * CALL_RATE
    assert [w.start for w in words] == sorted(w.start for w in words)
    assert words[2].end - words[2].start > words[0].end - words[0].start


def test_times_of_the_recognizer_are_used_where_there_are_any():
    heard = (Word("one", 100, 200, 0.9), Word("two", 300, 400, 0.9))
    assert [(w.start, w.end) for w in spoken_words(_utterance("one two", heard))] == [
        (100, 200),
        (300, 400),
    ]


def test_control_and_direction_characters_never_reach_a_quote():
    words = spoken_words(_utterance("re\u202eset\x00 my\x1b[31m pass\u200bword"))
    assert Passage(words).quote(0, len(words) - 1).isprintable()
    assert "password" in Passage(words).text.decode()


def test_a_quote_keeps_what_was_transcribed_and_ends_with_its_sentence():
    words = spoken_words(_utterance("Hello there. I can't, sorry! Bye now."))
    passage = Passage(words)
    start = passage.text.index(b"can not")
    first, last = passage.words_at(start, start + len(b"can not"))
    assert passage.quote(first, last) == "can't,"
    assert passage.quote(*passage.around(first, last, 5, 5)) == "I can't, sorry!"
