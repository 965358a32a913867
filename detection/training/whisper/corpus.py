"""The clips to learn from: made once, in shards, so that an interrupted run goes on where it was."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detection.training.whisper.sentences import Grammar, Part, in_no_order, one_of
from detection.training.whisper.speech import Speech, Word, say, some_voice

SHARD = 500
WRITTEN, UNORDERED = 0.2, 0.22
"""Share of clips that say a given sentence, and of those that say words in no order."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What there is to say: templates, sentences written by others, and the words of both."""

    grammar: Grammar
    written: Sequence[str]
    words: Sequence[str]

    def some(self, rng: np.random.Generator) -> str:
        """A training sentence."""
        kind = rng.random()
        if kind < WRITTEN:
            return one_of(self.written, rng)
        if kind < WRITTEN + UNORDERED:
            return in_no_order(self.words, rng)
        return self.grammar.sentence(Part.TRAINING, rng)


class Corpus:
    """Training clips on disk; the samples are read when they are used."""

    def __init__(self, folder: Path) -> None:
        self._sounds: list[NDArray[np.int16]] = []
        self._table: list[tuple[int, int, int, str, str, tuple[Word, ...]]] = []
        for number, path in enumerate(sorted(folder.glob("*.json"))):
            self._sounds.append(np.load(path.with_suffix(".npy"), mmap_mode="r"))
            for row in json.loads(path.read_text(encoding="utf-8")):
                words = tuple(Word(**word) for word in row["words"])
                self._table.append((number, row["start"], row["end"], row["text"], row["voice"], words))
        self.lengths = np.array([end - start for _, start, end, *_ in self._table])
        """Samples of each clip."""
        voices = np.array([voice for *_, voice, _ in self._table])
        self.of_voice = {str(voice): np.flatnonzero(voices == voice) for voice in np.unique(voices)}
        """Numbers of the clips of each voice."""

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, number: int) -> Speech:
        shard, start, end, text, voice, words = self._table[number]
        return Speech(text, voice, np.asarray(self._sounds[shard][start:end]), words)

    def sound(self, number: int) -> NDArray[np.int16]:
        """The samples of one clip."""
        return self[number].samples


def prepare(
    folder: Path, clips: int, clip: Callable[[np.random.Generator], Speech], seed: int, threads: int
) -> None:
    """Put `clips` that `clip` makes into `folder`, in shards of 500; shards that are there are kept.

    Each clip has a generator of its own, so a shard does not depend on those before it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, clips, SHARD):
        path = folder / f"{first // SHARD:04d}.json"
        if path.exists():
            continue
        generators = [
            np.random.default_rng([seed, number]) for number in range(first, min(first + SHARD, clips))
        ]
        with ThreadPoolExecutor(threads) as pool:
            _write(list(pool.map(clip, generators)), path)
        print(f"prepared {first + len(generators)} of {clips}", flush=True)


def training_clip(texts: Texts, rng: np.random.Generator) -> Speech:
    """A training sentence by a training voice."""
    return say(texts.some(rng), some_voice(rng), rng)


def measured_clip(grammar: Grammar, voices: Sequence[str], rng: np.random.Generator) -> Speech:
    """A held-out sentence by one of `voices`."""
    return say(grammar.sentence(Part.HELD_OUT, rng), one_of(voices, rng), rng)


def _write(speeches: Sequence[Speech], path: Path) -> None:
    ends = np.cumsum([len(speech.samples) for speech in speeches])
    rows = [
        {
            "text": speech.text,
            "voice": speech.voice,
            "start": int(end) - len(speech.samples),
            "end": int(end),
            "words": [
                {name: round(at, 3) for name, at in asdict(word).items()} for word in speech.words
            ],
        }
        for speech, end in zip(speeches, ends, strict=True)
    ]
    np.save(path.with_suffix(".npy"), np.concatenate([speech.samples for speech in speeches]))
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(rows), encoding="utf-8")
    partial.replace(path)
