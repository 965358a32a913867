"""Which of the decoder's heads tell the times of words: measured by the program that will read them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.training.whisper.convert import Heads
from detection.training.whisper.measure import load
from detection.training.whisper.speech import Speech

LEAD_S = 0.2
MOST_HEADS = 4
NEAR_S = 0.3


@dataclass(frozen=True, slots=True)
class TimeErrors:
    """How far words' starts and ends lie from the truth, in seconds, where all of a sentence was heard.

    `heard` is the share of such sentences.
    """

    seconds: NDArray[np.float64]
    heard: float

    def __str__(self) -> str:
        if not len(self.seconds):
            return "no sentence heard"
        half, most = np.quantile(self.seconds, [0.5, 0.95])
        near = (self.seconds <= NEAR_S).mean()
        return (
            f"half within {half:.3f} s, 95 % within {most:.3f} s, {near:.1%} within {NEAR_S} s, "
            f"{self.heard:.0%} of sentences heard"
        )


def choose_heads(folder: Path, speeches: Sequence[Speech], heads: Heads) -> Heads:
    """The heads that together are nearest to the true times, the model in `folder` set to use them.

    The best alone, then the best of pairs that contain it, and so on while it helps.
    """
    chosen: Heads = []
    least = np.inf
    while len(chosen) < MOST_HEADS:
        errors = {}
        for head in heads:
            if head not in chosen:
                use_heads(folder, [*chosen, head])
                errors[head] = _mean(time_errors(folder, speeches))
        best = min(errors, key=errors.__getitem__)
        if errors[best] >= least:
            break
        least = errors[best]
        chosen.append(best)
        print(f"heads {chosen}: mean error {least:.3f} s", flush=True)
    use_heads(folder, chosen)
    return chosen


def use_heads(folder: Path, heads: Heads) -> None:
    """Write `heads` into the model's config.json."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["alignment_heads"] = [list(head) for head in heads]
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def time_errors(folder: Path, speeches: Sequence[Speech]) -> TimeErrors:
    """The model's word times against the synthesizer's, on `speeches` whose words have times."""
    model = load(folder)
    errors: list[float] = []
    heard = 0
    for speech in speeches:
        sound = np.pad(speech.samples.astype(np.float32) / 32768, round(LEAD_S * CALL_RATE))
        parts, _ = model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, word_timestamps=True
        )
        words = [word for part in parts for word in part.words or ()]
        if _plain(word.word for word in words) != _plain(speech.text.split()):
            continue
        heard += 1
        for word, true in zip(words, speech.words, strict=True):
            errors += [abs(word.start - LEAD_S - true.start), abs(word.end - LEAD_S - true.end)]
    return TimeErrors(np.array(errors), heard / len(speeches))


def _mean(errors: TimeErrors) -> float:
    return float(errors.seconds.mean()) if len(errors.seconds) else np.inf


def _plain(words: Iterable[str]) -> list[str]:
    return [word.strip(" ,.?!").lower() for word in words]
