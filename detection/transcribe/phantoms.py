"""Phrases that Whisper is known to write where nobody speaks. Format: docs/transcripts.md."""

from collections.abc import Iterator
from pathlib import Path

from detection.text.packs import Location, Pack, load_pack
from detection.text.passage import normal_words


class PhantomPack(Pack):
    """Whole segments of text, by language, that are taken for inventions."""

    phrases: dict[str, tuple[str, ...]]

    def problems(self) -> Iterator[tuple[Location, str]]:
        for language, phrases in self.phrases.items():
            for index, phrase in enumerate(phrases):
                if not normal_words(phrase):
                    yield ("phrases", language, index), f"'{phrase}' has no word in it"


class Phantoms:
    """Matches whole texts only: what merely contains a phantom phrase was said. Immutable."""

    def __init__(self, pack: PhantomPack) -> None:
        self._known = {normal_words(phrase) for phrases in pack.phrases.values() for phrase in phrases}

    def __contains__(self, text: str) -> bool:
        return normal_words(text) in self._known


def load_phantoms(path: Path) -> Phantoms:
    """Read a list of phantom phrases. Raises `DetectionError` naming file, line and field."""
    return Phantoms(load_pack(path, PhantomPack))
