"""A site's own words for the built-in recognizer."""

from pathlib import Path

import pytest

from detection.errors import DetectionError
from detection.transcribe.pronunciation import Pronounced, pronounced, read_dictionary, written

WORDS = {
    "curb": "K ER B",
    "us": "AH S",
    "acme": "AE K M IY",
    "portal": "P AO R T AH L",
    "h.": "EY CH",
    "r.": "AA R",
    "s.": "EH S",
}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("Acme Portal", [("Acme", "AE K M IY"), ("Portal", "P AO R T AH L")]),
        ("Kerberos=curb us", [("Kerberos", "K ER B AH S")]),
        ("Acme Ross = curb us", [("AcmeRoss", "K ER B AH S")]),
        ("HRS", [("HRS", "EY CH AA R EH S")]),
        ("Hotfix=h. curb", [("Hotfix", "EY CH K ER B")]),
    ],
)
def test_words_get_their_sound(given: str, found: list[tuple[str, str]]):
    assert pronounced([given], WORDS) == tuple(Pronounced(*pair) for pair in found)


def test_a_word_given_twice_counts_once_and_the_last_sound_counts():
    assert pronounced(["acme", "Acme=curb"], WORDS) == (Pronounced("Acme", "K ER B"),)


@pytest.mark.parametrize(
    "given", ["Kerberos", "Kerberos=", "=curb", "Kerberos=curb berries", "hrs", "HRX", "\u7121"]
)
def test_a_word_of_unknown_sound_is_named_with_the_cure(given: str):
    with pytest.raises(DetectionError) as caught:
        pronounced(["Acme", given], WORDS)
    assert repr(given) in str(caught.value)
    assert "sound like it" in str(caught.value)


def test_only_what_is_written_is_shown():
    assert written("Kerberos = curb us") == "Kerberos"
    assert written("Acme Portal") == "Acme Portal"


def test_a_dictionary_gives_first_pronunciations(tmp_path: Path):
    (tmp_path / "a.dict").write_text("a AH\na(2) EY\nodd\n", encoding="utf-8")
    (tmp_path / "b.dict").write_text("a EY\nb B IY\n", encoding="utf-8")
    assert read_dictionary(tmp_path / "a.dict", tmp_path / "b.dict") == {"a": "AH", "b": "B IY"}
