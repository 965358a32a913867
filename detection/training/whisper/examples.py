"""One training example: clips on their way through a call, and the tokens to be made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.types import CALL_RATE
from detection.training.countermeasure.channels import FAST, Sound, in_time, telephone
from detection.training.whisper.features import log_mel
from detection.training.whisper.guidance import IGNORED, Span, phone_frames, word_spans
from detection.training.whisper.no_speech import no_speech
from detection.training.whisper.speech import Speech, Word
from detection.training.whisper.tokenizer import Tokens

OTHER_SPEED = 0.4
"""Share played faster or slower, which moves pitch and formants as well: other voices."""
SPEEDS = (0.82, 1.22)
CUT = 0.2
"""Share cut off within the sentence at either end, as a window of a call in progress is."""
UNSENT, BY_TELEPHONE = 0.4, 0.25
"""Share as it was synthesized, and by G.711 alone; the others are sent a random way."""
WITH_TIMES = 0.5
WITH_PROMPT = 0.12
WORDS_TO_EXPECT = 0.5
"""Share of the prompts that are words, some of them said; the others are an earlier sentence."""
SHORT_TAIL = 0.9
"""Share that ends within 0.8 s of the last word."""

HALF_SAID = 0.6
"""Of a word that is cut through: below, it is not written."""


@dataclass(frozen=True, slots=True)
class Example:
    """Features (80, frames); tokens (n,) with the target that follows each; and what guides learning.

    `phones` (frames / 2,) says which of `PHONES` sounds in each frame of the encoder, `spans` (n,) in
    which of these frames each target's word is said; `IGNORED` and None where it is not known.
    """

    features: NDArray[np.float32]
    tokens: list[int]
    targets: list[int]
    phones: NDArray[np.int64]
    spans: list[Span | None]


def spoken_example(
    speeches: Sequence[Speech],
    others: Sequence[NDArray[np.int16]],
    prompts: Sequence[str],
    tokens: Tokens,
    rng: np.random.Generator,
) -> Example:
    """`speeches` one after another; `others` talk in the background, `prompts` came before."""
    speed = rng.uniform(*SPEEDS) if rng.random() < OTHER_SPEED else 1.0
    parts = [_at_speed(speech, speed) for speech in speeches]
    if rng.random() < CUT:
        parts = [*parts[:-1], _cut_short(parts[-1], rng)]
    if rng.random() < CUT / 2:
        parts = [_begun_late(parts[0], rng), *parts[1:]]
    sound, times = _joined(parts, rng)
    texts = [part.text for part in parts]
    if not any(texts):
        return _wordless(_sent(sound, others, rng), tokens, rng)
    prompt: list[int] = []
    if rng.random() < WITH_PROMPT:
        said = " ".join([*texts, *prompts]).split()
        words = [str(word) for word in rng.choice(np.array(said), int(rng.integers(1, 8)))]
        words = words if rng.random() < WORDS_TO_EXPECT else [prompts[0]]
        prompt = [tokens.previous, *tokens.text(" ".join(words))]
    with_times = rng.random() < WITH_TIMES
    written: list[int] = []
    spans: list[Span | None] = []
    for part, (start, end) in zip(parts, times, strict=True):
        if not part.text:
            continue
        around = [[tokens.time(start)], [tokens.time(end)]] if with_times else [[], []]
        written += [*around[0], *tokens.text(part.text), *around[1]]
        spans += [*[None] * len(around[0]), *word_spans(part, start, tokens), *[None] * len(around[1])]
    given = [*prompt, tokens.start, *([] if with_times else [tokens.no_times])]
    before = len(given) - 1
    features = log_mel(_sent(sound, others, rng))
    return Example(
        features,
        [*given, *written],
        [*[IGNORED] * before, *written, tokens.end],
        phone_frames(parts, [start for start, _ in times], features.shape[1] // 2),
        [*[None] * before, *spans, None],
    )


def silent_example(seconds: float, tokens: Tokens, rng: np.random.Generator) -> Example:
    """Nobody speaks: the first token is `<|nospeech|>`, and nothing follows where another is forced."""
    sound = no_speech(seconds, rng)
    if rng.random() < BY_TELEPHONE:
        sound = telephone(sound)
    return _wordless(sound, tokens, rng)


def _wordless(sound: Sound, tokens: Tokens, rng: np.random.Generator) -> Example:
    forced = (tokens.no_speech, tokens.no_times, tokens.time(0))[int(rng.integers(3))]
    features = log_mel(sound)
    phones = phone_frames([], [], features.shape[1] // 2)
    return Example(
        features, [tokens.start, forced], [tokens.no_speech, tokens.end], phones, [None, None]
    )


def _at_speed(speech: Speech, speed: float) -> Speech:
    if speed == 1.0:
        return speech
    samples = soxr.resample(speech.samples, CALL_RATE * speed, CALL_RATE, FAST)
    return replace(
        speech,
        samples=samples,
        words=tuple(Word(word.start / speed, word.end / speed) for word in speech.words),
    )


def _cut_short(speech: Speech, rng: np.random.Generator) -> Speech:
    """Cut off at a random time, with what was said until then; whole where no times are known."""
    if not speech.words:
        return speech
    end = rng.uniform(0.1, 1) * len(speech.samples) / CALL_RATE
    said = sum(word.start + HALF_SAID * (word.end - word.start) <= end for word in speech.words)
    text = " ".join(speech.text.split()[:said]).rstrip(",.?!")
    return replace(
        speech, text=text, samples=speech.samples[: round(end * CALL_RATE)], words=speech.words[:said]
    )


def _begun_late(speech: Speech, rng: np.random.Generator) -> Speech:
    """Begun between two words; whole where no times are known."""
    if len(speech.words) <= 1:
        return speech
    first = int(rng.integers(1, len(speech.words)))
    start = speech.words[first].start
    text = " ".join(speech.text.split()[first:])
    return replace(
        speech,
        text=text,
        samples=speech.samples[round(start * CALL_RATE) :],
        words=tuple(Word(word.start - start, word.end - start) for word in speech.words[first:]),
    )


def _joined(
    parts: Sequence[Speech], rng: np.random.Generator
) -> tuple[Sound, list[tuple[float, float]]]:
    """The sound with pauses before, between and after, and the start and end of each part in seconds."""
    placed: list[NDArray[np.float32]] = [np.zeros(round(rng.uniform(0, 0.4) * CALL_RATE), np.float32)]
    times = []
    for number, part in enumerate(parts):
        if number:
            placed.append(np.zeros(round(rng.uniform(0.15, 1.0) * CALL_RATE), np.float32))
        start = sum(map(len, placed))
        placed.append(part.samples.astype(np.float32) / 32768)
        times.append((start / CALL_RATE, (start + len(part.samples)) / CALL_RATE))
    tail = rng.uniform(0, 0.8) if rng.random() < SHORT_TAIL else rng.uniform(0.8, 3)
    placed.append(np.zeros(round(tail * CALL_RATE), np.float32))
    return np.concatenate(placed), times


def _sent(sound: Sound, others: Sequence[NDArray[np.int16]], rng: np.random.Generator) -> Sound:
    """On its way through a call, over a floor of noise."""
    sound = sound + rng.standard_normal(len(sound)).astype(np.float32) * 10 ** (
        rng.uniform(-90, -50) / 20
    )
    way = rng.random()
    if way < UNSENT + BY_TELEPHONE:
        sound = sound / (np.abs(sound).max() + 1e-6) * 10 ** (rng.uniform(-20, -0.5) / 20)
        return telephone(sound) if way < BY_TELEPHONE else sound
    return in_time(sound, rng, others)
