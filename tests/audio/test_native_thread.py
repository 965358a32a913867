import threading
import time

import pytest

from audio.devices.native_thread import NativeThread
from audio.errors import AudioError


@pytest.fixture
def native() -> NativeThread:
    return NativeThread("native")


def test_calls_run_one_after_another_on_one_thread(native: NativeThread):
    threads = [native.call(threading.current_thread, 10) for _ in range(3)]
    assert len(set(threads)) == 1
    assert threads[0].name == "native"
    assert threads[0].daemon


def test_what_a_call_raises_reaches_the_caller_and_the_next_call_runs(native: NativeThread):
    with pytest.raises(ZeroDivisionError):
        native.call(lambda: 1 / 0, 10)
    with pytest.raises(TimeoutError, match="mine"):
        native.call(_raise_timeout, 10)
    assert native.call(lambda: 7, 10) == 7


def _raise_timeout() -> None:
    raise TimeoutError("mine")


def test_a_call_that_does_not_return_keeps_nobody_and_what_waits_behind_it_is_dropped(
    native: NativeThread,
):
    go_on, ran = threading.Event(), []
    with pytest.raises(AudioError, match=r"has not answered for 0\.05 s: restart it, or the machine"):
        native.call(lambda: go_on.wait(30), 0.05)
    with pytest.raises(AudioError, match="has not answered"):
        native.call(lambda: ran.append("too late"), 0.05)
    go_on.set()
    assert native.call(lambda: 7, 10) == 7
    assert not ran


def test_the_thread_starts_with_the_first_call_only():
    before = threading.active_count()
    NativeThread("never called")
    time.sleep(0.05)
    assert threading.active_count() == before
