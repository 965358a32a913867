"""Installing from a hub on this machine that does everything a network can do to a download."""

from typing import Any

import pytest

from detection.models.shelf import ModelShelf
from detection.models.transfer import Patience
from detection.models.watch import Progress, Stage, Watch
from tests.detection.models.installing import (
    ID,
    STALLED,
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
    redirects_to,
    says,
    sha256,
    short,
    stall_after,
    status,
    swapped,
    too_long,
    whole,
    wrong_range,
)


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
    hub.fail("listing", status(520))
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
