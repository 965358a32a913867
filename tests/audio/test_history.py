import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.echo.history import History
from audio.types import CALL_RATE, AudioChunk, AudioGap, Channel

LENGTH = 50


def chunk(start: int, samples: np.ndarray) -> AudioChunk:
    return AudioChunk(Channel.AGENT, start, CALL_RATE, samples.astype(np.float32))


@given(steps=st.lists(st.tuples(st.sampled_from(["sound", "gap", "jump"]), st.integers(1, 140))))
def test_a_piece_is_what_was_pushed_and_silence_elsewhere(steps):
    history, line = History(LENGTH), np.zeros(0, np.float32)
    for kind, count in steps:
        if kind == "sound":
            history.push(chunk(len(line), np.arange(len(line) + 1, len(line) + 1 + count)))
            line = np.append(line, np.arange(len(line) + 1, len(line) + 1 + count))
        elif kind == "gap":
            history.push(AudioGap(Channel.AGENT, len(line), len(line) + count, CALL_RATE, "lost"))
            line = np.append(line, np.zeros(count))
        else:
            line = np.append(line, np.zeros(count))
            history.push(chunk(len(line), np.ones(1)))
            line = np.append(line, 1)
    assert history.end == len(line)
    assert history.start == max(0, len(line) - LENGTH)
    line[: history.start] = 0
    around = np.concatenate([np.zeros(20), line, np.zeros(20)])
    np.testing.assert_array_equal(history.piece(-20, len(line) + 20), around)


def test_what_was_heard_before_is_not_heard_again():
    history = History(LENGTH)
    history.push(chunk(0, np.ones(10)))
    history.push(chunk(5, np.full(10, 2.0)))
    assert history.piece(0, 15).tolist() == [1] * 10 + [2] * 5


@pytest.mark.parametrize("start", [0, 5])
def test_a_piece_is_a_copy(start):
    history = History(LENGTH)
    history.push(chunk(0, np.ones(10)))
    history.piece(start, 10)[:] = 7
    assert history.piece(start, 10).tolist() == [1] * (10 - start)
