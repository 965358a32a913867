"""Whisper's tokens for a small vocabulary: byte-level BPE pieces, then its special tokens and times.

faster-whisper and CTranslate2 find all of them by name, and take what lies below `<|endoftext|>` for
text and what lies above `<|notimestamps|>` for times.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

PIECES = 1024
END = "<|endoftext|>"
START = "<|startoftranscript|>"
LANGUAGE = "<|en|>"
TRANSLATE = "<|translate|>"
TRANSCRIBE = "<|transcribe|>"
LANGUAGE_MODEL = "<|startoflm|>"
PREVIOUS = "<|startofprev|>"
NO_SPEECH = "<|nospeech|>"
NO_TIMES = "<|notimestamps|>"
SPECIAL = (END, START, LANGUAGE, TRANSLATE, TRANSCRIBE, LANGUAGE_MODEL, PREVIOUS, NO_SPEECH, NO_TIMES)
TIME_STEP_S = 0.02
TIMES = tuple(f"<|{number * TIME_STEP_S:.2f}|>" for number in range(1501))

UNSAID = (" -", " '", " ♪")
"""Begin what faster-whisper never lets a model write; without pieces of their own the space before
them would be suppressed instead."""
_UNSAID_COUNT = 1_000


def learn_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Pieces of `texts` as they follow a space, `PIECES` of them, and Whisper's tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    lines = [*(f" {text}" for text in texts), *UNSAID * _UNSAID_COUNT]
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (*SPECIAL, *TIMES)])
    return tokenizer


def read_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer that was saved."""
    return Tokenizer.from_file(str(path))


def vocabulary(tokenizer: Tokenizer) -> list[str]:
    """All tokens in the order of their numbers."""
    numbers = tokenizer.get_vocab(with_added_tokens=True)
    return sorted(numbers, key=numbers.__getitem__)


class Tokens:
    """The numbers that training needs, and texts as numbers."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        numbers = tokenizer.get_vocab(with_added_tokens=True)
        self.end, self.start, self.previous, self.no_speech, self.no_times = (
            numbers[token] for token in (END, START, PREVIOUS, NO_SPEECH, NO_TIMES)
        )
        self.count = tokenizer.get_vocab_size(with_added_tokens=True)

    def text(self, text: str) -> list[int]:
        """The pieces of `text` as it follows a space."""
        return self._tokenizer.encode(f" {text}", add_special_tokens=False).ids

    def time(self, seconds: float) -> int:
        """The token of a time from 0 to 30 s."""
        return self.no_times + 1 + min(len(TIMES) - 1, max(0, round(seconds / TIME_STEP_S)))
