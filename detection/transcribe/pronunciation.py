"""How a site's own words sound to the built-in recognizer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from detection.errors import DetectionError

Dictionary = Mapping[str, str]
"""The phones of each word's first pronunciation, by the word in lower case."""

_INITIALISM = re.compile(r"[A-Z]{2,6}")


@dataclass(frozen=True, slots=True)
class Pronounced:
    """A word as it is written, and its phones as the dictionary of PocketSphinx gives them."""

    written: str
    phones: str


def written(domain_word: str) -> str:
    """The part of a domain word that is shown: "Kerberos" of "Kerberos=curb er os"."""
    return domain_word.partition("=")[0].strip()


def pronounced(domain_words: Iterable[str], dictionary: Dictionary) -> tuple[Pronounced, ...]:
    """Every single word of `domain_words` with its phones.

    "Kerberos=curb er os" sounds as the words after the sign; capitals that are no word are spelled
    out. Raises `DetectionError` for a word whose sound is not known, naming it and the cure.
    """
    found: dict[str, Pronounced] = {}
    for domain_word in domain_words:
        name, has_sound, sound = domain_word.partition("=")
        if has_sound:
            name = "".join(name.split())
            phones = [_phones(word, dictionary, domain_word) for word in sound.split()]
            if not name or not phones:
                raise _unknown(domain_word)
            found[name.lower()] = Pronounced(name, " ".join(phones))
            continue
        for word in name.split():
            found[word.lower()] = Pronounced(word, _phones(word, dictionary, domain_word))
    return tuple(found.values())


def read_dictionary(*paths: Path) -> Dictionary:
    """The first pronunciation of every word in dictionaries of PocketSphinx. Raises `OSError`."""
    words: dict[str, str] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, phones = line.partition(" ")
            if phones and "(" not in word:
                words.setdefault(word, phones)
    return words


def _phones(word: str, dictionary: Dictionary, domain_word: str) -> str:
    if phones := dictionary.get(word.lower()):
        return phones
    letters = [dictionary.get(f"{letter.lower()}.", "") for letter in word]
    if _INITIALISM.fullmatch(word) and all(letters):
        return " ".join(letters)
    raise _unknown(domain_word)


def _unknown(domain_word: str) -> DetectionError:
    name = written(domain_word) or domain_word
    return DetectionError(
        f"The built-in recognizer does not know how the domain word {domain_word!r} sounds: write it "
        f'with words that sound like it, such as "{name}=curb er us", or leave it out.'
    )
