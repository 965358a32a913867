"""Written helpdesk talk as the words that are said."""

import pytest

from detection.training.basic_recognizer.texts import Part, grammar_sentences, sentences_of

DICTIONARY = {"mfa", "ceo"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Reset my MFA, please. Now!", ["reset my mfa please", "now"]),
        ("The VPN of the IT desk", ["the v. p. n. of the i.t. desk"]),
        ("Spell it A-B-C", ["spell it a. b. c."]),
        ("I can\u2019t wait", ["i can't wait"]),
        ("A code: call 415", ["a code", "call four one five"]),
        ("Write to me@example.com. Thanks", ["thanks"]),
        ("It costs $5", []),
        ("...", []),
        ("", []),
    ],
)
def test_text_becomes_words(text: str, said: list[str]):
    assert [" ".join(words) for words in sentences_of(text, DICTIONARY)] == said


def test_the_grammar_says_the_same_every_time_and_never_the_held_out_part():
    said = grammar_sentences(Part.TRAINING, 300, 1, DICTIONARY)
    assert said == grammar_sentences(Part.TRAINING, 300, 1, DICTIONARY)
    assert not any("leave my" in " ".join(words) and "out of this" in " ".join(words) for words in said)
