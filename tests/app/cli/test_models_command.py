"""`earwitness models`, from the command line to the hub and the settings file."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import app.compose
import resources
from app.cli.commands import cli
from app.cli.model_tables import model_table
from app.errors import USER_ERRORS
from app.models.store import ModelStore
from app.models.words import state_text
from app.settings import settings_with
from detection.models.catalogue import Job, load_catalogue
from detection.models.shelf import ModelShelf
from tests.fakes import Deaf
from tests.hub import Hub, swapped

ID = "faster-whisper-base.en"
PACK = resources.ROOT / "models" / "earwitness-speaker-small"

Invoke = Callable[..., Result]


@pytest.fixture
def models(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command of `earwitness models` with a hub, a shelf and settings of the test's own.

    The hub's files are no real model, so that what would load them is put aside.
    """
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("EARWITNESS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("EARWITNESS_HUB", hub.address)
    monkeypatch.setattr(app.compose, "load_transcriber", lambda _: Deaf())

    def run(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(cli, ["models", *arguments], **options)  # type: ignore[arg-type]

    return run


def error_of(result: Result) -> str:
    assert isinstance(result.exception, USER_ERRORS), result.exception
    return str(result.exception)


def test_the_list_names_every_model_and_recommends_what_is_missing(models: Invoke) -> None:
    result = models("list")
    assert result.exit_code == 0
    for model in load_catalogue(resources.ROOT / "models" / "catalogue.yaml").models:
        assert any(line.startswith(f"{model.id} ") for line in result.output.splitlines())
    assert "only you may bring it here" in result.output
    assert "The strong voice check is not installed." in result.output
    assert f"earwitness models install {ID} gets it" in result.output


def test_on_a_narrow_terminal_no_name_is_cut_and_no_row_folded() -> None:
    catalogue = load_catalogue(resources.ROOT / "models" / "catalogue.yaml")
    shelf = ModelShelf(Path("nowhere"))
    rows = ModelStore(catalogue, shelf, "", lambda *_: None, lambda _: Deaf()).rows()
    console = Console(width=80, file=io.StringIO())
    console.print(model_table(rows, console.width))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 1 + len(rows) + 2 * len(Job)
    for row in rows:
        assert any(line.startswith(f"{row.id} ") and state_text(row) in line for line in lines)


def test_what_is_set_is_shown_and_no_longer_recommended(
    models: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARWITNESS_STRONG_VOICE_PACK", "/packs/strong")
    output = models("list").output
    assert "Strong voice check: /packs/strong is set." in output.replace("\\", "/")
    assert "The strong voice check is not installed." not in output
    assert "The public voice comparison is not installed." in output


def test_as_json_every_line_is_a_model(models: Invoke) -> None:
    listed = [json.loads(line) for line in models("list", "--json").output.splitlines()]
    first = listed[0]
    assert (first["hub"], first["licence"], first["set"]) == (
        "Systran/faster-whisper-tiny.en",
        "MIT",
        None,
    )
    assert first["commit"] is None, "nobody has pinned it yet"
    assert (first["state"], first["installed"]) == ("absent", None)


def test_a_model_is_installed_used_checked_and_removed(models: Invoke, hub: Hub, tmp_path: Path) -> None:
    result = models("install", ID)
    assert result.exit_code == 0
    assert (
        f"{ID} is installed and checked: 4 files, 0.3 MB. It is used from the next call on."
        in result.output
    )
    assert settings_with().whisper_model == tmp_path / "models" / ID
    line = next(line for line in models("list").output.splitlines() if line.startswith(f"{ID} "))
    assert "in use" in line
    assert "is here already and whole" in models("install", ID).output
    listed = [json.loads(line) for line in models("list", "--json").output.splitlines()]
    entry = next(each for each in listed if each["id"] == ID)
    assert entry["state"] == "used"
    assert entry["installed"]["commit"] == hub.commit
    assert set(entry["installed"]["files"]) == set(hub.files)
    verified = models("verify")
    assert (verified.exit_code, f"{ID} is whole: 4 files" in verified.output) == (0, True)
    removed = models("remove", ID, "--yes")
    assert "is removed; what is built in is used" in removed.output
    assert settings_with().whisper_model is None


def test_no_use_leaves_the_settings_and_use_changes_them(models: Invoke, tmp_path: Path) -> None:
    assert "used from" not in models("install", ID, "--no-use").output
    assert settings_with().whisper_model is None
    assert "is used from the next call on" in models("use", ID).output
    assert settings_with().whisper_model == tmp_path / "models" / ID


def test_a_variable_that_wins_is_a_warning(models: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARWITNESS_WHISPER_MODEL", "/elsewhere")
    result = models("install", ID)
    assert result.exit_code == 0
    assert "EARWITNESS_WHISPER_MODEL is set in the environment" in result.stderr.replace("\n", " ")


def test_a_swapped_file_is_refused_by_name(models: Invoke, hub: Hub) -> None:
    hub.fail("model.bin", swapped)
    assert "File model.bin of model faster-whisper-base.en is not the one" in error_of(
        models("install", ID)
    )
    assert settings_with().whisper_model is None


def test_verify_says_that_nothing_was_checked_where_nothing_is_installed(models: Invoke) -> None:
    result = models("verify")
    assert (result.exit_code, result.output.strip()) == (
        0,
        "No model is installed, so nothing was checked.",
    )


def test_verify_names_every_damaged_model_and_goes_on(models: Invoke, tmp_path: Path) -> None:
    models("install", ID)
    models("import", str(PACK))
    (tmp_path / "models" / PACK.name / "cohort.npy").write_bytes(b"")
    result = models("verify")
    assert result.exit_code == 1
    assert f"{ID} is whole" in result.output
    assert "File cohort.npy of model earwitness-speaker-small is damaged" in result.stderr.replace(
        "\n", " "
    )
    assert models("verify", ID).exit_code == 0
    assert models("verify", "nonsense").exit_code == 1


def test_a_pack_is_imported_from_a_zip_and_really_loaded(models: Invoke, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "pack"), "zip", PACK.parent, PACK.name)
    result = models("import", archive)
    assert "earwitness-speaker-small is installed and checked: 3 files" in result.output
    assert settings_with().speaker_pack == tmp_path / "models" / PACK.name


def test_a_pack_whose_network_is_none_is_not_imported(models: Invoke, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PACK, tmp_path / "pack"))
    (folder / "encoder.onnx").write_bytes(b"not a network")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["encoder.onnx"] = "e00fd8" + "0" * 58
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "File encoder.onnx" in error_of(models("import", str(folder)))
    import hashlib

    manifest["files"]["encoder.onnx"] = hashlib.sha256(b"not a network").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "does not load in ONNX Runtime" in error_of(models("import", str(folder)))
    assert settings_with().speaker_pack is None


def test_a_whisper_folder_gets_the_name_it_is_given(
    models: Invoke, tmp_path: Path, whisper_files: dict[str, bytes]
) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    for name, content in whisper_files.items():
        (folder / name).write_bytes(content)
    assert models("import", str(folder), "--as", ID).exit_code == 0
    (folder / "config.json").write_bytes(b"{}")
    assert "installed here first" in error_of(models("import", str(folder), "--as", ID))
    assert models("import", str(folder), "--as", ID, "--trust-anew").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "status", "stays"), [("n\n", 1, True), ("y\n", 0, False), ("", 1, True)]
)
def test_removing_asks_first(
    models: Invoke, tmp_path: Path, answer: str, status: int, stays: bool
) -> None:
    models("install", ID)
    assert models("remove", ID, input=answer).exit_code == status
    assert (tmp_path / "models" / ID).is_dir() == stays


def test_what_is_not_there_is_told(models: Invoke) -> None:
    assert "There is no model 'nonsense' to install" in error_of(models("install", "nonsense"))
    assert "is not installed" in error_of(models("remove", "nonsense", "--yes"))
    assert "is not installed" in error_of(models("use", ID))
    assert "There is nothing at" in error_of(models("import", "/nowhere"))


def test_speed_is_measured_and_the_best_is_used(models: Invoke, tmp_path: Path) -> None:
    assert "install faster-whisper-tiny.en, the smallest" in error_of(models("measure"))
    models("install", ID, "--no-use")
    result = models("measure", "--use")
    assert f"{ID} is the largest that keeps up" in result.output.replace("\n", " ")
    assert f"{ID} is used from the next call on." in result.output
    assert settings_with().whisper_model == tmp_path / "models" / ID
    measured = json.loads(models("measure", "--json").output)
    assert (measured["id"], measured["keeps_up"], measured["recommended"]) == (ID, True, True)
    assert measured["core_seconds_per_second"] < 0.35


def test_a_model_that_is_too_slow_is_not_used(models: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.models.speed.LIMIT", -1.0)
    models("install", ID, "--no-use")
    assert "None of them stays within" in models("measure", "--use").output
    assert settings_with().whisper_model is None
