r"""Trains, converts and measures a small recognizer of helpdesk talk in Whisper's format.

    python -m detection.training.whisper --data ../shared/data --out build/whisper \
        --calls tests/data/talk_dev.jsonl tests/data/disclosure_dev.jsonl

The steps: prepare (synthesized sentences, made once), train (resumes from its checkpoint), convert
(CTranslate2, 8 bits, and the heads that tell words' times) and evaluate (word error rates beside
PocketSphinx). Give one of them with `--step` to run it alone.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from detection.training.whisper.alignment import choose_heads, time_errors
from detection.training.whisper.batches import Batches
from detection.training.whisper.convert import all_heads, convert
from detection.training.whisper.corpus import Corpus, Texts, measured_clip, prepare, training_clip
from detection.training.whisper.measure import evaluate, real_speech, synthetic_speech
from detection.training.whisper.network import Size
from detection.training.whisper.sentences import (
    Part,
    call_sentences,
    read_grammar,
    robocall_sentences,
    words_as_written,
)
from detection.training.whisper.speech import HELD_OUT, Speech
from detection.training.whisper.tokenizer import Tokens, learn_tokenizer, read_tokenizer
from detection.training.whisper.train import train, trained_network

STEPS = ("prepare", "train", "convert", "evaluate")
TOKENIZER_SENTENCES = 40_000
LEARNT_VOICES = (
    "flite rms",
    "flite slt",
    "flite awb",
    "flite kal16",
    "espeak-ng en-us",
    "espeak-ng en-gb",
)
MEASURED_CLIPS = 150
"""Held-out sentences of the voices learnt from, and as many of the others."""
TIMED_CLIPS = 40
"""Training clips, sent no way, on which the heads for word times are chosen."""


def main() -> None:
    """Run the steps asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with text/ftc_robocalls.jsonl and speech/"
    )
    parser.add_argument("--calls", type=Path, nargs="*", default=[], help="written calls to speak, too")
    parser.add_argument("--out", type=Path, required=True, help="folder for clips, checkpoint and model")
    parser.add_argument("--step", choices=STEPS, help="only this step")
    parser.add_argument("--clips", type=int, default=24_000)
    parser.add_argument("--train-steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    texts = read_texts(options.data, options.calls)
    clips, learnt, other = (options.out / name for name in ("clips", "learnt_voices", "other_voices"))
    checkpoint, model, size = options.out / "checkpoint.pt", options.out / "model", Size()
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step == "prepare":
            prepare(clips, options.clips, partial(training_clip, texts), options.seed, options.threads)
            for folder, voices in ((learnt, LEARNT_VOICES), (other, tuple(HELD_OUT))):
                measured = partial(measured_clip, texts.grammar, voices)
                prepare(folder, MEASURED_CLIPS, measured, options.seed + 1, options.threads)
        if step in ("train", "convert"):
            tokenizer = made_tokenizer(texts, options.out / "tokenizer.json", options.seed)
        if step == "train":
            batches = Batches(Corpus(clips), Tokens(tokenizer), options.seed)
            train(batches, checkpoint, size, options.train_steps, options.seed)
        if step == "convert":
            network = trained_network(checkpoint, size, Tokens(tokenizer))
            convert(network, tokenizer, model, all_heads(network))
            choose_heads(model, timed(Corpus(clips), TIMED_CLIPS), all_heads(network))
        if step == "evaluate":
            print(f"word times: {time_errors(model, timed(Corpus(learnt), MEASURED_CLIPS))}", flush=True)
            sets = (
                synthetic_speech("held-out sentences, voices learnt from", learnt),
                synthetic_speech("held-out sentences, other voices", other),
                real_speech(options.data / "speech"),
            )
            evaluate(sets, model, options.out / "measured.json")


def read_texts(data: Path, calls: Sequence[Path]) -> Texts:
    """What there is to say."""
    grammar = read_grammar()
    robocalls = robocall_sentences(data / "text" / "ftc_robocalls.jsonl")
    written = [*robocalls, *(sentence for path in calls for sentence in call_sentences(path))]
    rng = np.random.default_rng(0)
    sentences = [grammar.sentence(Part.TRAINING, rng) for _ in range(TOKENIZER_SENTENCES)]
    words = words_as_written([*written, *sentences])
    return Texts(grammar, written, sorted(words))


def made_tokenizer(texts: Texts, path: Path, seed: int) -> Tokenizer:
    """The tokenizer in `path`, learnt from the training sentences where it is not there yet."""
    if not path.exists():
        rng = np.random.default_rng(seed)
        sentences = [texts.grammar.sentence(Part.TRAINING, rng) for _ in range(TOKENIZER_SENTENCES)]
        learn_tokenizer([*sentences, *texts.written]).save(str(path))
    return read_tokenizer(path)


def timed(corpus: Corpus, count: int) -> list[Speech]:
    """The first `count` clips whose words have times, or all of them."""
    speeches = (corpus[number] for number in range(len(corpus)))
    return [speech for speech in speeches if speech.words][:count]


if __name__ == "__main__":
    main()
