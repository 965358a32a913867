"""Inference that never rests: what a machine does at worst beside listening to a call."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from app.engines import Engines
from audio.types import Channel
from detection.types import Segment
from detection.vad import frame
from detection.voice.judge import CountermeasureJudge
from tests.bench.marked_sound import at_call_rate, marked_call

_PHRASE_S = 8


@contextmanager
def flat_out(engines: Engines) -> Iterator[None]:
    """Keep two cores busy until the block ends: the recognizer, and voice detector with voice activity.

    As in a call the recognizer has a process of its own, and the others are in this one. `engines` are
    not those of the call that is measured. What fails in one of them is raised when the block ends.
    """
    stopping = threading.Event()
    samples = at_call_rate(marked_call(_PHRASE_S)[0])
    phrase = Segment(Channel.CALLER, 0, len(samples), samples)
    with closing(engines), ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(_again_and_again, work, stopping)
            for work in (lambda: _recognize(engines, phrase), lambda: _judge(engines, phrase))
        ]
        try:
            yield
        finally:
            stopping.set()
        for future in futures:
            future.result()


def _again_and_again(work: Callable[[], None], stopping: threading.Event) -> None:
    while not stopping.is_set():
        work()


def _recognize(engines: Engines, phrase: Segment) -> None:
    engines.transcriber.transcribe(phrase)


def _judge(engines: Engines, phrase: Segment) -> None:
    windows, _ = frame(phrase.samples)
    engines.vad.stream().probabilities(windows)
    CountermeasureJudge(engines.countermeasure).hear(phrase)
