"""A model from the hub into a call: installed, chosen, measured, heard with, removed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.walk.conftest import Earwitness

ID = "faster-distil-whisper-small.en"


@pytest.fixture(scope="module")
def standin(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper-format model folder that always hears one sentence."""
    folder = tmp_path_factory.mktemp("whisper") / "scripted"
    maker = shared / "tools" / "standin_whisper.py"
    subprocess.run([sys.executable, maker, "scripted", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: Hub, standin: Path) -> Hub:
    """Somebody with no models and no settings yet, and the hub where the stand-in is to be had."""
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("EARWITNESS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("EARWITNESS_HUB", hub.address)
    hub.repository = "Systran/faster-distil-whisper-small.en"
    hub.files.clear()
    hub.files.update({path.name: path.read_bytes() for path in standin.iterdir()})
    return hub


def test_an_installed_model_hears_the_next_call(
    earwitness: Earwitness, samples: Path, person: Hub, tmp_path: Path
):
    run = earwitness("models", "install", ID)
    assert run.status == 0, run.err
    run = earwitness("models", "measure")
    assert run.status == 0, run.err
    assert "the largest that keeps up" in run.out
    run = earwitness("analyze", "--json", samples / "a_disclosed_assistant.wav")
    assert run.status == 0, run.err
    (engine,) = (e for e in json.loads(run.out)["engines"] if e["job"] == "transcript")
    assert engine["id"] == f"whisper/{ID}"
    with (tmp_path / "models" / ID / "vocabulary.json").open("ab") as file:
        file.write(b" ")
    run = earwitness("analyze", samples / "a_disclosed_assistant.wav")
    assert run.status == 3
    assert f"File vocabulary.json of model {ID} is damaged or was swapped" in run.err.replace("\n", " ")
    assert earwitness("models", "remove", ID, "--yes").status == 0
    run = earwitness("models", "verify", ID)
    assert run.status == 1
    assert "is not installed" in run.err


def test_a_model_that_faster_whisper_cannot_load_is_never_installed(
    earwitness: Earwitness, person: Hub, tmp_path: Path
):
    person.files["model.bin"] = person.files["model.bin"][:5_000]
    run = earwitness("models", "install", ID)
    assert run.status == 3
    assert "cannot be loaded" in run.err.replace("\n", " ")
    assert not (tmp_path / "models" / ID).exists()
    assert "Traceback" not in run.err
