"""Installing from a hub on this machine that does everything a network can do to a download."""

import _thread
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from detection.errors import DetectionError
from detection.models.catalogue import PublicModel
from detection.models.install import install
from detection.models.record import InstallRecord
from detection.models.shelf import ModelShelf
from detection.models.transfer import Patience
from detection.models.watch import Progress, Stage, StoppedError, Watch
from tests.hub import (
    COMMIT,
    Answer,
    Hub,
    cut_after,
    redirects_to,
    says,
    serving,
    sha256,
    short,
    silent,
    stall_after,
    status,
    swapped,
    too_long,
    whole,
    wrong_range,
)

QUICK = Patience(connect_s=5.0, silence_s=5.0, attempts=3, first_pause_s=0.01)
STALLED = Patience(connect_s=5.0, silence_s=0.5, attempts=3, first_pause_s=0.01)
ID = "faster-whisper-base.en"


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def model(names: Iterable[str], /, **changes: Any) -> PublicModel:
    entry: dict[str, Any] = {
        "id": ID,
        "title": "The Whisper transcript",
        "job": "transcript",
        "hub": "Systran/faster-whisper-base.en",
        "commit": None,
        "files": [{"name": name, "sha256": None} for name in names],
        "licence": "MIT",
        "carrier": "installer",
        "parameters_m": 74,
        "download_mb": 145,
        "installed_mb": 145,
        "does": "writes down what is said",
        "input": "80 log-mel bands, 30 s",
        "output": "text",
        "setting": "whisper_model",
    }
    return PublicModel.model_validate(entry | changes)


Install = Callable[..., InstallRecord]


@pytest.fixture
def put(hub: Hub, shelf: ModelShelf) -> Install:
    """Installs from the hub."""

    def run(
        patience: Patience = QUICK,
        watch: Watch | None = None,
        address: str = "",
        try_out: Callable[..., None] = lambda *_: None,
        *,
        trust_anew: bool = False,
        **changes: Any,
    ) -> InstallRecord:
        return install(
            model(hub.files, **changes),
            shelf,
            address or hub.address,
            try_out,
            watch or Watch(),
            trust_anew=trust_anew,
            patience=patience,
        )

    return run


def refusal(put: Install, **arguments: Any) -> str:
    with pytest.raises(DetectionError) as caught:
        put(**arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def assert_whole(hub: Hub, shelf: ModelShelf) -> None:
    folder = shelf.folder(ID)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == hub.files
    assert shelf.verify(ID, Watch()).id == ID
    assert not shelf.partial(ID).exists()


def assert_nothing_installed(shelf: ModelShelf) -> None:
    assert not shelf.folder(ID).exists()
    assert shelf.installed() == []


def test_a_model_is_installed_at_the_commit_that_the_hub_names(
    hub: Hub, shelf: ModelShelf, put: Install
) -> None:
    record = put()
    assert_whole(hub, shelf)
    assert record == shelf.record(ID)
    assert (record.commit, record.licence) == (COMMIT, "MIT")
    assert record.origin == f"{hub.address}/Systran/faster-whisper-base.en"
    assert record.files["model.bin"].sha256 == sha256(hub.files["model.bin"])
    assert all("/main/" not in path for path in hub.paths if "resolve" in path), "never a moving branch"


def test_progress_rises_to_the_whole_and_tells_the_stages(hub: Hub, put: Install) -> None:
    heard: list[Progress] = []
    hub.fail("model.bin", cut_after(100_000))
    put(watch=Watch(heard.append))
    total = sum(map(len, hub.files.values()))
    downloading = [p for p in heard if p.stage is Stage.DOWNLOADING and p.total]
    done = [p.done for p in downloading]
    assert done == sorted(done)
    assert (done[-1], downloading[-1].total) == (total, total)
    assert any("broke off; trying again" in p.note for p in downloading)
    assert downloading[-1].note == ""
    checking = [p for p in heard if p.stage is Stage.CHECKING]
    assert checking[-1].done == checking[-1].total == total
    assert heard[-1].stage is Stage.TRYING


@pytest.mark.parametrize("fault", [cut_after(200_000), stall_after(200_000)], ids=["cut", "stalled"])
def test_a_broken_download_goes_on_where_it_stopped(
    hub: Hub, shelf: ModelShelf, put: Install, fault: Any
) -> None:
    hub.fail("model.bin", fault)
    put(STALLED)
    assert_whole(hub, shelf)
    first, second = hub.asked_for("model.bin?signature=abc")
    assert first.range is None
    assert second.range == "bytes=200000-"
    assert second.if_range == f'"{sha256(hub.files["model.bin"])[:16]}"'


def test_it_goes_on_after_the_program_ended(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    hub.fail("model.bin", cut_after(150_000), status(503), status(503))
    sentence = refusal(put)
    assert "model.bin of Systran/faster-whisper-base.en could not be downloaded" in sentence
    assert "answered 503, 3 times in a row" in sentence
    assert_nothing_installed(shelf)
    assert shelf.partial_bytes(ID) == 150_000
    before = len(hub.asked)
    put()
    assert_whole(hub, shelf)
    later = [asked for asked in hub.asked[before:] if "model.bin" in asked.path]
    assert [asked.range for asked in later] == ["bytes=150000-"]


def test_what_was_downloaded_of_another_commit_is_not_used(
    hub: Hub, shelf: ModelShelf, put: Install
) -> None:
    hub.fail("model.bin", cut_after(150_000), status(503), status(503))
    refusal(put)
    hub.commit = "2" * 40
    hub.files["model.bin"] = hub.files["model.bin"][::-1]
    assert put().commit == "2" * 40
    assert_whole(hub, shelf)
    assert hub.asked_for("model.bin?signature=abc")[-1].range is None


def test_a_server_that_ignores_the_range_starts_anew(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    hub.fail("model.bin", cut_after(100_000), whole)
    put()
    assert_whole(hub, shelf)


def test_a_file_that_changed_meanwhile_starts_anew(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    def other_tag(answer: Answer, content: bytes, tag: str) -> None:
        cut_after(100_000)(answer, content[::-1], '"older"')

    hub.fail("model.bin", other_tag)
    put()
    assert_whole(hub, shelf)
    assert hub.asked_for("model.bin?signature=abc")[-1].if_range == '"older"'


def test_without_a_strong_entity_tag_nothing_is_pieced_together(
    hub: Hub, shelf: ModelShelf, put: Install
) -> None:
    hub.weak_tags = True
    hub.fail("model.bin", cut_after(100_000))
    put()
    assert_whole(hub, shelf)
    assert [asked.range for asked in hub.asked_for("model.bin?signature=abc")] == [None, None]


def test_a_range_that_cannot_be_satisfied_starts_anew(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    hub.fail("model.bin", cut_after(100_000), status(416))
    put()
    assert_whole(hub, shelf)
    assert hub.asked_for("model.bin?signature=abc")[-1].range is None


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds; none of them is waited for."""
    taken: list[float] = []

    async def skip(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr("detection.models.transfer.asyncio.sleep", skip)
    return taken


def test_a_server_that_is_busy_is_asked_again_when_it_says(
    hub: Hub, shelf: ModelShelf, put: Install, pauses: list[float]
) -> None:
    hub.fail("listing", status(503))
    hub.fail("config.json", status(429, Retry_After="7"), status(429, Retry_After="86400"))
    put(Patience())
    assert_whole(hub, shelf)
    assert pauses == [1.0, 7.0, 60.0]


def test_pauses_grow_until_it_is_given_up(hub: Hub, put: Install, pauses: list[float]) -> None:
    hub.fail("listing", *[status(503)] * 5)
    assert "answered 503, 5 times in a row" in refusal(put, patience=Patience())
    assert pauses == [1.0, 2.0, 4.0, 8.0]


def test_bytes_that_keep_coming_are_never_given_up(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    def a_little(answer: Answer, content: bytes, tag: str) -> None:
        start = int((answer.headers["Range"] or "bytes=0-")[6:-1])
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        headers = {"Content-Length": str(len(content) - start), "ETag": tag, "Content-Range": span}
        answer.head(206 if start else 200, headers)
        answer.wfile.write(content[start : start + 40_000])
        answer.close_connection = True

    hub.fail("model.bin", *[a_little] * 7)
    put()
    assert_whole(hub, shelf)


@pytest.mark.parametrize(
    ("name", "fault", "told"),
    [
        (
            "model.bin",
            swapped,
            "File model.bin of model faster-whisper-base.en is not the one that the hub",
        ),
        ("config.json", swapped, "File config.json of model faster-whisper-base.en is not the one that"),
        ("model.bin", too_long, "model.bin of Systran/faster-whisper-base.en is longer than the"),
        ("vocabulary.txt", too_long, "vocabulary.txt of Systran/faster-whisper-base.en is longer"),
    ],
)
def test_a_file_that_is_not_what_was_announced_is_refused_by_name(
    hub: Hub, shelf: ModelShelf, put: Install, name: str, fault: Any, told: str
) -> None:
    hub.fail(name, fault)
    assert told in refusal(put)
    assert_nothing_installed(shelf)
    put()
    assert_whole(hub, shelf)


def test_bytes_are_never_added_to_a_swapped_file(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    def half_of_another(answer: Answer, content: bytes, tag: str) -> None:
        cut_after(100_000)(answer, content[::-1], tag)

    hub.fail("model.bin", half_of_another)
    assert "model.bin" in refusal(put)
    assert_nothing_installed(shelf)
    put()
    assert_whole(hub, shelf)


def test_another_part_than_was_asked_for_is_not_used(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    hub.fail("model.bin", cut_after(100_000), wrong_range)
    put()
    assert_whole(hub, shelf)
    assert [asked.range for asked in hub.asked_for("model.bin?signature=abc")] == [
        None,
        "bytes=100000-",
        None,
    ]


def test_a_file_that_is_always_short_is_given_up(hub: Hub, shelf: ModelShelf, put: Install) -> None:
    hub.fail("config.json", short, short, short, short)
    assert "config.json" in refusal(put)
    assert_nothing_installed(shelf)


@pytest.mark.parametrize(
    ("name", "fault", "told"),
    [
        ("model.bin", status(404), "has no model.bin of Systran/faster-whisper-base.en"),
        ("listing", status(404), "has no Systran/faster-whisper-base.en"),
        ("listing", status(401), "does not give Systran/faster-whisper-base.en to this machine"),
        ("config.json", status(403), "download it with a browser and import the folder"),
        ("config.json", status(418), "answered 418"),
        ("config.json", status(206), "gave another part than was asked for"),
        ("listing", status(407), "The proxy set on this machine refused"),
        ("listing", says(b"<html>Please sign in</html>"), "look for a sign-in page"),
        ("listing", says(b'{"sha": "main", "siblings": []}'), "no description of a model"),
        ("listing", says(b"[" * 6_000_000), "far too long"),
        ("listing", redirects_to("/api/models/Systran/faster-whisper-base.en/revision/main"), None),
        (
            "config.json",
            redirects_to("http://hub.invalid/config.json"),
            "hub.invalid would send the model",
        ),
        ("config.json", redirects_to("ftp://hub.invalid/config.json"), "unencrypted"),
    ],
)
def test_every_refusal_is_one_sentence(
    hub: Hub, shelf: ModelShelf, put: Install, name: str, fault: Any, told: str | None
) -> None:
    hub.fail(name, *[fault] * 30)
    sentence = refusal(put)
    assert (told or "sends in circles") in sentence
    assert_nothing_installed(shelf)


def test_a_redirect_is_followed_as_the_hub_does_after_a_renaming(
    hub: Hub, shelf: ModelShelf, put: Install
) -> None:
    hub.fail("listing", redirects_to("/api/models/Systran/faster-whisper-base.en/revision/main"))
    put()
    assert_whole(hub, shelf)


def test_a_file_that_the_hub_no_longer_has_is_named(hub: Hub, put: Install) -> None:
    missing = [{"name": "other.bin", "sha256": None}]
    assert "has no other.bin at commit 111111111111" in refusal(put, files=missing)
    assert hub.asked_for("other.bin") == []


def test_only_the_files_of_the_catalogue_are_downloaded(
    hub: Hub, shelf: ModelShelf, put: Install
) -> None:
    put(files=[{"name": name, "sha256": None} for name in ("model.bin", "config.json")])
    assert {path.name for path in shelf.folder(ID).iterdir()} == {"model.bin", "config.json"}


class TestTrust:
    """The catalogue's digests, those of the first installation, and the hub's must agree."""

    def test_a_digest_of_the_catalogue_is_held_against_the_hub_before_anything_is_downloaded(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        files = [{"name": "model.bin", "sha256": "0" * 64}]
        assert (
            "File model.bin of model faster-whisper-base.en is not the one that this program"
            in refusal(put, files=files)
        )
        assert [
            asked.path for asked in hub.asked if "resolve" in asked.path or "cdn" in asked.path
        ] == []

    def test_a_digest_of_the_catalogue_is_held_against_the_bytes(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        hub.hide_digests = True
        assert "config.json" in refusal(put, files=[{"name": "config.json", "sha256": "0" * 64}])
        assert_nothing_installed(shelf)

    def test_the_digest_in_the_redirect_counts_where_the_listing_has_none(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        hub.hide_digests = True
        hub.extra_headers = {"X-Linked-Etag": f'"{"0" * 64}"'}
        assert (
            "model.bin of model faster-whisper-base.en is not the one that the hub announced"
            in refusal(put)
        )
        assert_nothing_installed(shelf)

    def test_a_redirect_to_another_file_is_refused(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        hub.extra_headers = {"X-Linked-Etag": f'"{"0" * 64}"'}
        assert "The hub holds another model.bin" in refusal(put)
        hub.extra_headers = {"X-Repo-Commit": "2" * 40}
        assert "of commit 222222222222 for 111111111111" in refusal(put)
        assert_nothing_installed(shelf)

    def test_the_catalogues_commit_is_the_one_asked_for(self, hub: Hub, put: Install) -> None:
        assert "has no Systran/faster-whisper-base.en" in refusal(put, commit="3" * 40)
        assert put(commit=COMMIT).commit == COMMIT
        assert f"/api/models/{hub.repository}/revision/{COMMIT}" in hub.paths

    def test_a_hub_that_answers_with_another_commit_is_refused(self, hub: Hub, put: Install) -> None:
        answer = b'{"sha": "%s", "siblings": []}' % (b"4" * 40)
        hub.fail("listing", says(answer))
        assert "gives commit 444444444444" in refusal(put, commit=COMMIT)

    def test_a_later_download_stays_at_the_first_commit(
        self, hub: Hub, shelf: ModelShelf, put: Install
    ) -> None:
        put()
        shelf.remove(ID)
        hub.paths.clear()
        assert put().commit == COMMIT
        assert hub.paths[0].endswith(f"/revision/{COMMIT}")

    @pytest.mark.parametrize("lies", [False, True])
    def test_what_changed_since_the_first_installation_is_refused_until_it_is_trusted_anew(
        self, hub: Hub, shelf: ModelShelf, put: Install, lies: bool
    ) -> None:
        put()
        shelf.remove(ID)
        hub.hide_digests = lies
        hub.extra_headers = {"X-Linked-Etag": ""} if lies else {}
        hub.files["model.bin"] = hub.files["model.bin"][::-1]
        sentence = refusal(put)
        assert "is not the one that was installed here first" in sentence
        assert "--trust-anew" in sentence
        assert_nothing_installed(shelf)
        put(trust_anew=True)
        assert_whole(hub, shelf)

    def test_trusting_anew_does_not_override_the_catalogue(self, hub: Hub, put: Install) -> None:
        files = [{"name": "model.bin", "sha256": "0" * 64}]
        assert "that this program knows" in refusal(put, files=files, trust_anew=True)


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

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://127.0.0.1:9"])
    def test_a_proxy_that_cannot_be_used_is_told(
        self, put: Install, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", proxy)
        assert "The proxy set on this machine cannot be used" in refusal(put)

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
