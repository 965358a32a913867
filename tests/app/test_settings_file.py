"""Settings from the environment and from a file, and writing that file."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import settings_with, variable_of
from app.settings_file import save_settings
from detection.desk_hours import DeskHours


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, which does not exist yet."""
    path = tmp_path / "config" / "settings.toml"
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(path))
    return path


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode("latin-1"))
    return file


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        settings_with()
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_without_a_file_everything_has_its_default(file: Path) -> None:
    settings = settings_with()
    assert (settings.threads, settings.whisper_model) == (2, None)
    assert settings.hub == "https://huggingface.co"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(file, "threads = 3\nspeaker_pack = '/packs/a'\n")
    assert settings_with().threads == 3
    monkeypatch.setenv("EARWITNESS_THREADS", "4")
    assert settings_with().threads == 4
    assert settings_with(threads=5).threads == 5
    assert settings_with().speaker_pack == Path("/packs/a")
    assert (variable_of("threads"), variable_of("speaker_pack")) == ("EARWITNESS_THREADS", None)


def test_desk_hours_are_read_from_file_and_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings_with().desk_hours is None
    written(file, "desk_hours = 'Mon-Fri 08:00-18:00'\n")
    assert settings_with().desk_hours == DeskHours.of("mon-fri 08:00-18:00")
    monkeypatch.setenv("EARWITNESS_DESK_HOURS", "sat 09:00-12:00, sun 09:00-12:00")
    hours = settings_with().desk_hours
    assert hours
    assert hours.text == "sat 09:00-12:00, sun 09:00-12:00"
    monkeypatch.setenv("EARWITNESS_DESK_HOURS", "always")
    with pytest.raises(SettingsError, match="EARWITNESS_DESK_HOURS is 'always', which cannot be used"):
        settings_with()


def test_an_empty_variable_leaves_the_files_value(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(file, "threads = 3\n")
    monkeypatch.setenv("EARWITNESS_THREADS", "")
    assert settings_with().threads == 3
    assert variable_of("threads") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("threads = 0", "threads in .*settings.toml is 0, which cannot be used"),
        ("threads = 'many'", "threads in .*settings.toml is 'many'"),
        ("thread = 2", "has a setting 'thread' that there is not"),
        ("[whisper]\nmodel = 'x'", "has a setting 'whisper' that there is not"),
        ("threads =", "is not valid TOML"),
        ("threads = 2\nthreads = 3", "is not valid TOML"),
        ("hub = 'http://hub.example'", "hub in .* cannot be used .it must be an https address"),
        ("hub = 'ftp://hub.example'", "it must be an address such as"),
        ("hub = 'hub.example'", "it must be an address such as"),
        ("hub = 'https://me:token@hub.example'", "'https://...@hub.example', .* no name or password"),
        ("hub = 'https://hub.example?x=1'", "it must be an address such as"),
        ("# \xff\xfe", "is not valid TOML"),
        (
            "desk_hours = 'nine to five'",
            "desk_hours in .* is 'nine to five', .* as in 'mon-fri 08:00-18:00",
        ),
        ("desk_hours = 'mon 08:00-26:00'", "26:00 is no time of day"),
        ("desk_hours = 8", "desk_hours in .* is 8, .* days and times in quotation marks"),
    ],
)
def test_a_mistake_in_the_file_is_named(file: Path, text: str, told: str) -> None:
    written(file, text)
    with pytest.raises(SettingsError, match=told):
        settings_with()


def test_a_folder_in_place_of_the_file_is_told(file: Path) -> None:
    file.mkdir(parents=True)
    assert settings_with().threads == 2
    with pytest.raises(SettingsError, match="cannot be written"):
        save_settings(file, threads="3")


def test_a_mistake_in_the_environment_is_named_there(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(file, "threads = 3\n")
    monkeypatch.setenv("EARWITNESS_THREADS", "many")
    assert "The environment variable EARWITNESS_THREADS is 'many'" in refusal()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/", "http://localhost", "https://mirror.example/hf/"]
)
def test_a_mirror_is_taken_without_the_last_stroke(
    file: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("EARWITNESS_HUB", address)
    assert settings_with().hub == address.rstrip("/")


def test_what_is_saved_is_read_back(file: Path) -> None:
    save_settings(file, whisper_model=r"C:\models\with 'quotes' and ü")
    assert settings_with().whisper_model == Path(r"C:\models\with 'quotes' and ü")
    assert file.stat().st_mode & 0o077 == 0
    save_settings(file, whisper_model=None)
    save_settings(file, whisper_model=None)
    assert settings_with().whisper_model is None
    assert [path.name for path in file.parent.iterdir()] == ["settings.toml"]


def test_saving_leaves_comments_and_other_settings(file: Path) -> None:
    written(file, "# set by Kim\nthreads = 3  # two are too few\n")
    save_settings(file, speaker_pack="/packs/a")
    assert file.read_text() == (
        '# set by Kim\nthreads = 3  # two are too few\nspeaker_pack = "/packs/a"\n'
    )


def test_a_link_to_the_file_stays_one(file: Path, tmp_path: Path) -> None:
    real = written(tmp_path / "dotfiles" / "settings.toml", "threads = 3\n")
    file.parent.mkdir()
    file.symlink_to(real)
    save_settings(file, speaker_pack="/packs/a")
    assert file.is_symlink()
    assert real.read_text() == 'threads = 3\nspeaker_pack = "/packs/a"\n'


def test_a_broken_file_is_not_overwritten(file: Path) -> None:
    written(file, "threads =")
    with pytest.raises(SettingsError, match="is not valid TOML"):
        save_settings(file, speaker_pack="/packs/a")
    assert file.read_text() == "threads ="


def test_a_write_that_fails_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(file, "threads = 3\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        save_settings(file, speaker_pack="/packs/a")
    assert file.read_text() == "threads = 3\n"
    assert [path.name for path in file.parent.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    ("language", "pack"), [("en", "en.yaml"), ("es", "es.yaml"), ("auto", "en.yaml"), ("fr", "en.yaml")]
)
def test_the_tactics_pack_follows_the_language(
    file: Path, monkeypatch: pytest.MonkeyPatch, language: str, pack: str
) -> None:
    monkeypatch.setenv("EARWITNESS_LANGUAGE", language)
    assert settings_with().tactics_pack.name == pack
    monkeypatch.setenv("EARWITNESS_TACTICS_PACK", "/site/own.yaml")
    assert settings_with().tactics_pack == Path("/site/own.yaml")
