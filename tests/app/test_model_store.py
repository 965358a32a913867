"""The catalogue, the shelf and the settings together."""

from collections.abc import Callable
from pathlib import Path

import pytest

import resources
from app.errors import SettingsError, UnknownModelError
from app.models.speed import LIMIT, SPEECH_S, Speed, best, measure, phrase
from app.models.store import ModelRow, ModelState, ModelStore
from app.models.words import override_text, speed_advice, state_text
from app.settings import settings_with
from detection.errors import DetectionError
from detection.models.catalogue import Job, load_catalogue
from detection.models.shelf import ModelShelf
from detection.models.watch import StoppedError, Watch
from detection.transcribe.transcriber import Rejection
from detection.types import Segment
from tests.fakes import Deaf
from tests.hub import Hub, stall_after

ID = "faster-whisper-base.en"
CATALOGUE = load_catalogue(resources.ROOT / "models" / "catalogue.yaml")


@pytest.fixture
def settings_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(path))
    return path


@pytest.fixture
def deaf() -> Deaf:
    return Deaf()


@pytest.fixture
def store(hub: Hub, tmp_path: Path, settings_path: Path, deaf: Deaf) -> ModelStore:
    shelf = ModelShelf(tmp_path / "models")
    return ModelStore(CATALOGUE, shelf, hub.address, lambda *_: None, lambda _: deaf)


def row(store: ModelStore, model_id: str = ID) -> ModelRow:
    return next(row for row in store.rows() if row.id == model_id)


@pytest.fixture
def offline(tmp_path: Path, whisper_files: dict[str, bytes]) -> Callable[[str], Path]:
    """Makes a folder to import."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, content in whisper_files.items():
            (folder / file).write_bytes(content)
        return folder

    return make


def test_before_anything_is_installed_every_model_is_absent(store: ModelStore) -> None:
    rows = store.rows()
    assert [row.id for row in rows] == [model.id for model in CATALOGUE.models]
    assert {row.state for row in rows} == {ModelState.ABSENT}
    assert row(store).size == 145_000_000
    assert any("faster-whisper-base.en" in sentence for sentence in store.advice())


def test_installing_uses_the_model_and_ends_the_advice(store: ModelStore, hub: Hub) -> None:
    installed = store.install(ID, Watch())
    assert not installed.was_here
    assert installed.choice is not None
    assert (installed.choice.setting, installed.choice.overridden_by) == ("whisper_model", None)
    assert settings_with().whisper_model == store.folder(ID) == installed.choice.folder
    here = row(store)
    assert here.state is ModelState.USED
    assert here.size == sum(map(len, hub.files.values()))
    assert not any("faster-whisper-base.en" in sentence for sentence in store.advice())


def test_installing_without_use_leaves_the_settings_alone(store: ModelStore) -> None:
    assert store.install(ID, Watch(), use=False).choice is None
    assert settings_with().whisper_model is None
    assert row(store).state is ModelState.INSTALLED
    assert store.use(ID).folder == store.folder(ID)
    assert row(store).state is ModelState.USED


def test_what_is_here_and_whole_is_not_downloaded_again(store: ModelStore, hub: Hub) -> None:
    store.install(ID, Watch())
    hub.paths.clear()
    assert store.install(ID, Watch()).was_here
    assert hub.paths == []


def test_what_is_damaged_is_downloaded_again(store: ModelStore, hub: Hub) -> None:
    store.install(ID, Watch())
    (store.folder(ID) / "config.json").write_bytes(b"{}")
    assert not store.install(ID, Watch()).was_here
    store.verify(ID, Watch())


def test_a_check_that_is_stopped_downloads_nothing(store: ModelStore, hub: Hub) -> None:
    store.install(ID, Watch())
    hub.paths.clear()
    watch = Watch()
    watch.stop()
    with pytest.raises(StoppedError):
        store.install(ID, watch)
    assert hub.paths == []


def test_a_download_that_broke_off_is_told(store: ModelStore, hub: Hub) -> None:
    hub.fail("model.bin", stall_after(150_000))
    watch = Watch()
    watch.report = lambda progress: watch.stop() if progress.done >= 150_000 else None
    with pytest.raises(StoppedError):
        store.install(ID, watch)
    broken = row(store)
    assert (broken.state, broken.arrived) == (ModelState.PARTIAL, 150_000)
    assert state_text(broken) == "0.1 MB downloaded"
    assert settings_with().whisper_model is None
    store.remove(ID)
    assert row(store).state is ModelState.ABSENT


@pytest.mark.parametrize("name", ["nonsense", "", "../models"])
def test_an_unknown_model_is_told_with_those_that_there_are(store: ModelStore, name: str) -> None:
    with pytest.raises(UnknownModelError, match=r"there are faster-whisper-tiny\.en"):
        store.install(name, Watch())
    with pytest.raises((UnknownModelError, DetectionError), match="is not installed"):
        store.use(name)


@pytest.mark.parametrize(
    ("model_id", "told", "state"),
    [
        ("spectra-aasist3", "export_spectra.py", "make a pack of it"),
        ("all-minilm-l6-v2", "No part of Earwitness uses", "not used yet"),
    ],
)
def test_what_cannot_be_installed_says_why(
    store: ModelStore, hub: Hub, model_id: str, told: str, state: str
) -> None:
    with pytest.raises(DetectionError, match=told):
        store.install(model_id, Watch())
    assert hub.paths == []
    assert state_text(row(store, model_id)) == state


def test_an_imported_model_of_no_catalogue_is_listed_last(
    store: ModelStore, offline: Callable[[str], Path]
) -> None:
    store.bring_in(offline("our-whisper"), Watch())
    last = store.rows()[-1]
    assert (last.id, last.state, last.entry, last.job) == (
        "our-whisper",
        ModelState.USED,
        None,
        Job.TRANSCRIPT,
    )
    assert not last.is_installable


@pytest.mark.parametrize(
    ("pack", "setting"),
    [("earwitness-cm-small", "strong_voice_pack"), ("earwitness-speaker-small", "speaker_pack")],
)
def test_a_pack_goes_to_its_own_setting(store: ModelStore, pack: str, setting: str) -> None:
    choice = store.bring_in(resources.ROOT / "models" / pack, Watch()).choice
    assert choice
    assert choice.setting == setting
    assert getattr(settings_with(), setting) == store.folder(pack)


def test_removing_goes_back_to_what_is_built_in(store: ModelStore) -> None:
    store.install(ID, Watch())
    choice = store.remove(ID)
    assert choice
    assert (choice.setting, choice.folder) == ("whisper_model", None)
    assert settings_with().whisper_model is None
    assert row(store).state is ModelState.ABSENT


def test_removing_a_model_that_is_not_used_leaves_the_settings(
    store: ModelStore, offline: Callable[[str], Path]
) -> None:
    store.install(ID, Watch())
    store.bring_in(offline("our-whisper"), Watch(), use=False)
    assert store.remove("our-whisper") is None
    assert settings_with().whisper_model == store.folder(ID)


def test_a_variable_that_wins_is_told(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARWITNESS_WHISPER_MODEL", str(tmp_path / "other"))
    choice = store.install(ID, Watch()).choice
    assert "EARWITNESS_WHISPER_MODEL is set in the environment and wins" in override_text(choice)
    assert row(store).state is ModelState.INSTALLED


def test_what_a_variable_names_is_not_removed(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.install(ID, Watch())
    monkeypatch.setenv("EARWITNESS_WHISPER_MODEL", str(store.folder(ID)))
    with pytest.raises(UnknownModelError, match="EARWITNESS_WHISPER_MODEL names model"):
        store.remove(ID)
    store.verify(ID, Watch())


def test_settings_that_cannot_be_written_are_told(store: ModelStore, settings_path: Path) -> None:
    store.install(ID, Watch(), use=False)
    settings_path.mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        store.use(ID)


class TestSpeed:
    def test_each_installed_whisper_model_is_measured_and_let_go(
        self, store: ModelStore, deaf: Deaf, offline: Callable[[str], Path]
    ) -> None:
        assert store.measure(Watch()) == []
        store.install(ID, Watch())
        store.bring_in(offline("our-whisper"), Watch())
        store.bring_in(resources.ROOT / "models" / "earwitness-cm-small", Watch())
        speeds = store.measure(Watch())
        assert [speed.model_id for speed in speeds] == [ID, "our-whisper"]
        assert deaf.closed == 2
        assert len(deaf.heard) == 4, "once to warm up, once to measure, for each"
        assert {len(segment.samples) for segment in deaf.heard} == {80_000}

    def test_it_counts_the_cores_time_of_the_second_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cores = wall = 0.0

        class Busy(Deaf):
            """Takes 3 s of two cores the first time, later half a second."""

            def transcribe(self, segment: Segment) -> Rejection:
                nonlocal cores, wall
                seconds = 0.5 if self.heard else 3.0
                cores, wall = cores + 2 * seconds, wall + seconds
                return super().transcribe(segment)

        monkeypatch.setattr("time.process_time", lambda: cores)
        monkeypatch.setattr("time.perf_counter", lambda: wall)
        speech = phrase(resources.ROOT / "samples" / "b_helpdesk_con.wav")
        assert speech.duration_s == SPEECH_S
        assert measure("busy", 75, Busy(), speech) == Speed("busy", 75, cores=0.2, wall=0.1)

    def test_the_largest_that_keeps_up_is_the_best(self) -> None:
        tiny = Speed("tiny", 75, 0.12, 0.08)
        base = Speed("base", 145, LIMIT, 0.2)
        small = Speed("small", 484, LIMIT + 0.01, 0.3)
        starved = Speed("starved", 200, 0.3, 1.2)
        assert best([tiny, small, base, starved]) is base
        assert best([small]) is None
        assert best([]) is None
        assert "base is the largest that keeps up" in speed_advice([tiny, base, small])
        assert "fall behind" in speed_advice([small])
        assert "install faster-whisper-tiny.en" in speed_advice([])

    def test_measuring_can_be_stopped(self, store: ModelStore, deaf: Deaf) -> None:
        store.install(ID, Watch())
        watch = Watch()
        watch.stop()
        with pytest.raises(StoppedError):
            store.measure(watch)
        assert deaf.heard == []
