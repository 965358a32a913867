"""What every test may use, and what no test may leave behind."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import resources
from tests.hub import Hub, serving
from tests.pulse import PrivatePulse, missing, private_pulse

REPO = Path(__file__).parent.parent
_GRACE_S = 2.0
_FOR_TESTS = {"EARWITNESS_SHARED", "EARWITNESS_WHEELS", "EARWITNESS_TEST_ALSA_FOLDER"}
_SESSION = pytest.StashKey[pytest.Session]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[_SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End now, all being reported, where Python would wait for ever for a failed test's threads."""
    main = threading.main_thread()
    left = [thread.name for thread in threading.enumerate() if not thread.daemon and thread is not main]
    if left and _SESSION in config.stash:
        sys.stderr.write(f"threads left running: {left}\n")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(config.stash[_SESSION].exitstatus))


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


@pytest.fixture(scope="session", autouse=True)
def nothing_of_this_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the settings and models of whoever runs it."""
    folder = tmp_path_factory.mktemp("person")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("EARWITNESS_") and name not in _FOR_TESTS:
                patch.delenv(name)
        patch.setenv("EARWITNESS_SETTINGS_FILE", str(folder / "settings.toml"))
        patch.setenv("EARWITNESS_MODELS_DIR", str(folder / "models"))
        yield


@pytest.fixture
def direct_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub of a test is on this machine, to which no proxy is the way."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def whisper_files() -> dict[str, bytes]:
    """Files that look like a Whisper model of CTranslate2 from outside."""
    head = (6).to_bytes(4, "little") + (12).to_bytes(2, "little") + b"WhisperSpec\0"
    return {
        "model.bin": head + bytes(range(256)) * 1200,
        "config.json": b'{"alignment_heads": []}\n',
        "tokenizer.json": b'{"version": "1.0"}' * 50,
        "vocabulary.txt": b"<|endoftext|>\n" * 100,
    }


@pytest.fixture
def hub(whisper_files: dict[str, bytes], direct_network: None) -> Iterator[Hub]:
    """A hub on this machine with faster-whisper-base.en."""
    with serving(Hub(whisper_files)) as running:
        yield running


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
