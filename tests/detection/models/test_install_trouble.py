"""Installing that is stopped, that has no room, or whose network or model is in the way."""

import _thread
import shutil
import signal
import ssl
import subprocess
import time
import traceback
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from detection.errors import DetectionError
from detection.models.shelf import ModelShelf
from detection.models.transfer import Patience
from detection.models.watch import Stage, StoppedError, Watch
from tests.detection.models.installing import (
    ID,
    Install,
    assert_nothing_installed,
    assert_whole,
    refusal,
)
from tests.hub import (
    COMMIT,
    Answer,
    Hub,
    cut_after,
    serving,
    silent,
    stall_after,
    status,
)


class TestStopping:
    """It ends at once wherever it waits, and keeps what it has."""

    PATIENT = Patience(connect_s=60.0, silence_s=60.0, attempts=5, first_pause_s=60.0)

    @staticmethod
    def at(watch: Watch, done: int, what: Callable[[], None]) -> None:
        """Do `what` once so many bytes are downloaded."""
        watch.report = lambda progress: what() if progress.done >= done else None

    def test_while_the_hub_does_not_answer(self, hub: Hub, shelf: ModelShelf, put: Install) -> None:
        watch = Watch()

        def stopping(answer: Answer, content: bytes, tag: str) -> None:
            watch.stop()
            silent(answer, content, tag)

        hub.fail("listing", stopping)
        self.assert_stops(put, watch)
        assert_nothing_installed(shelf)

    def test_while_a_file_stalls(self, hub: Hub, shelf: ModelShelf, put: Install) -> None:
        hub.fail("model.bin", stall_after(120_000))
        watch = Watch()
        self.at(watch, 120_000, watch.stop)
        self.assert_stops(put, watch)
        assert_nothing_installed(shelf)
        assert shelf.partial_bytes(ID) == 120_000
        put()
        assert_whole(hub, shelf)

    def test_while_it_waits_to_try_again(self, hub: Hub, shelf: ModelShelf, put: Install) -> None:
        hub.fail("config.json", status(503))
        watch = Watch()
        watch.report = lambda progress: watch.stop() if "trying again" in progress.note else None
        self.assert_stops(put, watch)
        assert_nothing_installed(shelf)

    def assert_stops(self, put: Install, watch: Watch) -> None:
        begun = time.monotonic()
        with pytest.raises(StoppedError, match="nothing was changed"):
            put(self.PATIENT, watch)
        assert time.monotonic() - begun < 30

    def test_checking_ends_at_once(self, hub: Hub, shelf: ModelShelf, put: Install) -> None:
        watch = Watch(lambda progress: watch.stop() if progress.stage is Stage.CHECKING else None)
        with pytest.raises(StoppedError):
            put(watch=watch)
        assert_nothing_installed(shelf)

    def test_a_keyboard_interrupt_is_one(
        self, hub: Hub, shelf: ModelShelf, put: Install, request: pytest.FixtureRequest
    ) -> None:
        # Whoever started the tests may have had SIGINT ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
        hub.fail("model.bin", stall_after(120_000))
        watch = Watch()
        self.at(watch, 120_000, _thread.interrupt_main)
        with pytest.raises(KeyboardInterrupt):
            put(self.PATIENT, watch)
        assert_nothing_installed(shelf)
        assert shelf.partial_bytes(ID) == 120_000


class TestRoom:
    """A full disk is seen coming."""

    @staticmethod
    def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
        """Let the volume have `free` bytes."""
        usage = SimpleNamespace(total=10**12, used=10**12 - free, free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    def test_too_little_is_told_before_anything_is_downloaded(
        self, hub: Hub, shelf: ModelShelf, put: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.leave(monkeypatch, 200_000_000)
        sentence = refusal(put)
        assert "0.3 MB more are needed" in sentence
        assert "EARWITNESS_MODELS_DIR" in sentence
        assert hub.asked_for("model.bin?signature=abc") == []

    def test_what_is_there_already_needs_no_room(
        self, hub: Hub, shelf: ModelShelf, put: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.fail("model.bin", cut_after(300_000), status(503), status(503))
        refusal(put)
        self.leave(monkeypatch, 200_020_000)
        put()
        assert_whole(hub, shelf)

    def test_a_folder_that_cannot_be_written_is_named(
        self, hub: Hub, put: Install, tmp_path: Path
    ) -> None:
        (tmp_path / "models").write_text("a file in the way")
        assert f"The model folder {tmp_path / 'models'} cannot be written" in refusal(put)


class TestTryingOut:
    def test_what_the_program_cannot_load_is_not_installed(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        seen: list[set[str]] = []

        def refuse(job: str, folder: Path) -> None:
            seen.append({path.name for path in folder.iterdir()})
            raise DetectionError("The Whisper model cannot be loaded.")

        assert "cannot be loaded" in refusal(put, try_out=refuse)
        assert seen == [set(hub.files)]
        assert_nothing_installed(shelf)

    def test_the_old_model_stays_where_the_new_one_fails(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        put()

        def refuse(*_: object) -> None:
            raise DetectionError("no")

        refusal(put, try_out=refuse)
        assert_whole_but_partial(hub, shelf)

    def test_a_damaged_model_is_replaced(self, hub: Hub, shelf: ModelShelf, put: Install) -> None:
        put()
        (shelf.folder(ID) / "model.bin").write_bytes(b"damaged")
        (shelf.folder(ID) / "stray.txt").write_bytes(b"")
        put()
        assert_whole(hub, shelf)


def assert_whole_but_partial(hub: Hub, shelf: ModelShelf) -> None:
    assert shelf.verify(ID, Watch()).commit == COMMIT
    assert shelf.partial_bytes(ID) == sum(map(len, hub.files.values())), "kept for the next try"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"setting": ""}, "No part of Earwitness uses faster-whisper-base.en yet"),
        ({"made_with": "packaging/models/export_spectra.py"}, "make a pack of it with packaging/models"),
    ],
)
def test_what_cannot_be_used_as_it_is_is_not_downloaded(
    hub: Hub, put: Install, changes: dict[str, str], told: str
) -> None:
    assert told in refusal(put, **changes)
    assert hub.paths == []


class TestNetwork:
    def test_an_address_without_tls_is_refused_elsewhere_than_on_this_machine(
        self, put: Install
    ) -> None:
        assert "hub.invalid would send the model unencrypted" in refusal(
            put, address="http://hub.invalid"
        )

    def test_a_hub_that_is_not_there_is_named(self, put: Install) -> None:
        assert "127.0.0.1 cannot be reached, 3 times" in refusal(put, address="http://127.0.0.1:9")

    def test_a_silent_hub_is_given_up(self, hub: Hub, put: Install) -> None:
        hub.fail("listing", silent, silent)
        patience = Patience(silence_s=0.1, attempts=2, first_pause_s=0.0)
        assert "127.0.0.1 did not answer in time, 2 times in a row" in refusal(put, patience=patience)

    def test_the_proxy_of_the_environment_is_used(
        self, hub: Hub, shelf: ModelShelf, put: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A proxy is asked for whole addresses; this hub, taken for one, finds no such path.
        monkeypatch.setenv("HTTP_PROXY", hub.address)
        hub.paths.clear()
        asked: list[str] = []
        monkeypatch.setattr(
            Answer, "do_GET", lambda self: (asked.append(self.path), self.send(407, b""))[1]
        )
        assert "it wants a password" in refusal(put, address="http://127.0.0.1:9")
        assert asked[0].startswith("http://127.0.0.1:9/api/models/")

    def test_a_proxy_that_refuses_is_told_apart(
        self, hub: Hub, put: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", hub.address)
        sentence = refusal(put, address="https://hub.invalid")
        assert "The proxy set on this machine refused the way to hub.invalid" in sentence

    @pytest.mark.parametrize(
        "proxy",
        [
            "socks5://127.0.0.1:9",
            "nonsense://me:secret@127.0.0.1:9",
            "http://me:secret",
            "http://me:secret/word@127.0.0.1:9",
        ],
    )
    def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
        self, put: Install, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", proxy)
        with pytest.raises(DetectionError) as caught:
            put()
        assert "The proxy set on this machine cannot be used" in str(caught.value)
        assert "secret" not in "".join(traceback.format_exception(caught.value))

    def test_certificates_of_the_system_decide(
        self,
        whisper_files: dict[str, bytes],
        put: Install,
        shelf: ModelShelf,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        certificate, key = _certificate(tmp_path)

        def under_tls(server: ThreadingHTTPServer) -> None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)

        with serving(Hub(whisper_files), under_tls) as hub:
            address = hub.address.replace("http:", "https:")
            assert "shows a certificate that this machine does not trust" in refusal(
                put, address=address
            )
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            put(address=address)
            assert_whole(hub, shelf)


def _certificate(folder: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate, which is not here")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [openssl, *options.split(), *name, "-out", certificate, "-keyout", key],
        check=True,
        capture_output=True,
    )
    return certificate, key
