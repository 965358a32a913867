"""What every test may use, and what no test may leave behind."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import resources
from tests.pulse import PrivatePulse, missing, private_pulse

REPO = Path(__file__).parent.parent
_GRACE_S = 2.0


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread of ours running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE_S
    while left := [t for t in threading.enumerate() if t not in before and not t.daemon]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left running: {[t.name for t in left]}")
        left[0].join(0.05)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("EARWITNESS_SHARED", REPO.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"needs the shared data folder, which is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample calls."""
    return resources.ROOT / "samples"


@pytest.fixture(scope="session")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePulse]:
    """A private PulseAudio daemon with the null sinks `mic` and `far`."""
    if needed := missing():
        pytest.skip(f"needs Debian's PulseAudio; missing here: {needed}")
    with private_pulse(tmp_path_factory.mktemp("pulse")) as daemon:
        yield daemon
