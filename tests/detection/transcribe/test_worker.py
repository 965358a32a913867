"""A recognizer in a process of its own: its results, its death, its absence."""

import os
import signal
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from audio.types import Channel
from detection.errors import DetectionError
from detection.transcribe.transcriber import Rejection
from detection.transcribe.worker import WorkerTranscriber
from detection.types import EngineInfo, Segment, Utterance

REPO = Path(__file__).parent.parent.parent.parent
SECOND = np.zeros(16000, np.float32)


class Echo:
    """Says which process it runs in; kills itself over a segment that starts at 666."""

    engine = EngineInfo("transcript", "echo", "1")

    def begin_call(self) -> None: ...

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        if segment.start == 666:
            os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        if segment.start == 777:
            sum(range(60_000_000))
        return Utterance(segment.channel, segment.start, segment.end, str(os.getpid()), 1.0)

    def close(self) -> None: ...


class BlasThreads(Echo):
    """Says how many threads numpy's matrices may take."""

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        return Utterance(segment.channel, segment.start, segment.end, str(max(pools, default=1)), 1.0)


def absent() -> Echo:
    raise ImportError("no such recognizer")


def said(transcriber: WorkerTranscriber, start: int = 0) -> Utterance | Rejection:
    return transcriber.transcribe(Segment(Channel.CALLER, start, start + len(SECOND), SECOND))


@pytest.fixture
def transcriber():
    transcriber = WorkerTranscriber(Echo)
    yield transcriber
    transcriber.close()


def test_it_decodes_elsewhere_and_says_which_engine(transcriber: WorkerTranscriber):
    assert transcriber.engine == Echo.engine
    heard = said(transcriber, 5)
    assert isinstance(heard, Utterance)
    assert heard.text != str(os.getpid())
    assert (heard.start, heard.channel) == (5, Channel.CALLER)


def test_its_small_matrices_take_one_thread():
    with closing(WorkerTranscriber(BlasThreads)) as transcriber:
        heard = said(transcriber)
    assert isinstance(heard, Utterance)
    assert heard.text == "1"


def test_a_death_costs_one_segment(transcriber: WorkerTranscriber):
    before = said(transcriber)
    assert isinstance(said(transcriber, 666), Rejection)
    after = said(transcriber)
    assert isinstance(before, Utterance)
    assert isinstance(after, Utterance)
    assert before.text != after.text


def test_python_s_lock_stays_free_while_it_decodes(transcriber: WorkerTranscriber):
    """The child computes without a pause for far longer than this thread ever has to wait."""
    said(transcriber)
    decoding = threading.Thread(target=said, args=(transcriber, 777))
    decoding.start()
    beats = 0
    while decoding.is_alive():
        time.sleep(0.005)
        beats += 1
    decoding.join()
    assert beats > 20


PARENT = """
import sys, time
from tests.detection.transcribe.test_worker import Echo, WorkerTranscriber, said
if __name__ == "__main__":
    print(said(WorkerTranscriber(Echo)).text, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_the_process_ends_with_a_killed_program(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with Popen(
        [sys.executable, script], stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": str(REPO)}
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while (alive := Path(f"/proc/{child}").exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if alive:
        os.kill(child, signal.SIGKILL)
    assert not alive


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_recognizer_that_does_not_load_is_said_in_a_sentence(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(DetectionError, match="could not be started"):
        WorkerTranscriber(absent)
