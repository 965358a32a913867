"""What keeps invented text out: when a decoding is not to be trusted, and why."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import combinations

from detection.text.passage import normal_words
from detection.transcribe.window import Decoding


@dataclass(frozen=True, slots=True)
class Gates:
    """Thresholds of Radford et al. 2022, section 4.5; each rejects alone, where theirs excuse another.

    Whisper would try again at a higher temperature; here text that fails is no text. Speech was found
    by voice activity before, so a model that hears none is in doubt about all of it.
    """

    no_speech: float = 0.6
    log_probability: float = -1.0
    compression_ratio: float = 2.4

    def reason(
        self, decoding: Decoding, phantoms: Container[str], prompted: Sequence[str]
    ) -> str | None:
        """Why `decoding` is rejected; None where it may pass.

        `prompted` are the words that the model was told to expect.
        """
        found = {
            "no words were recognized in this speech": not normal_words(decoding.text),
            "the recognizer heard no speech in it": decoding.no_speech > self.no_speech,
            "the recognizer wrote more than anybody can say in that time": decoding.is_cut,
            "the recognizer repeated itself, so its text is not to be trusted": (
                decoding.compression_ratio > self.compression_ratio
            ),
            "the recognizer was too unsure of its text": (
                decoding.log_probability < self.log_probability
            ),
            "the recognizer is known to invent this phrase": decoding.text in phantoms,
            "the recognizer only recited the words it was told to expect": _is_recital(
                decoding.text, prompted
            ),
        }
        return next((reason for reason, is_so in found.items() if is_so), None)


def _is_recital(text: str, prompted: Sequence[str]) -> bool:
    """True where `text` is nothing but two or more of `prompted`, in their order."""
    said = normal_words(text)
    words = [normal_words(word) for word in prompted]
    runs = combinations(range(len(words) + 1), 2)
    return any(sum(words[start:end], ()) == said for start, end in runs if end - start > 1)
