"""The real loading path of a Whisper model, with a stand-in that always hears one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cases.reader import CaseReader
from app.compose import case_log_path, load_engines, open_case_log
from app.settings import Settings
from audio.file_source import FileSource
from detection.events import UtteranceHeard
from tests.sound import read_sound, write_wav
from tests.walk.conftest import Earwitness


@pytest.fixture(scope="module")
def standin(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper-format model folder."""
    folder = tmp_path_factory.mktemp("whisper") / "scripted"
    maker = shared / "tools" / "standin_whisper.py"
    subprocess.run([sys.executable, maker, "scripted", folder], check=True, capture_output=True)
    return folder


def test_a_whisper_folder_is_loaded_and_named_in_the_result(
    earwitness: Earwitness, samples: Path, standin: Path
):
    run = earwitness(
        "analyze", "--json", "--whisper-model", standin, samples / "a_disclosed_assistant.wav"
    )
    assert run.status == 0, run.err
    judged = json.loads(run.out)
    (engine,) = (e for e in judged["engines"] if e["job"] == "transcript")
    assert engine["id"] == "whisper/scripted"
    assert engine["revision"].startswith("sha256:")
    texts = {u["text"] for u in judged["transcript"]}
    assert len(texts) == 1, texts
    assert all(u["end_s"] > u["start_s"] for u in judged["transcript"])


@pytest.mark.parametrize("fault", ["absent", "no weights", "cut weights"])
def test_a_broken_whisper_folder_is_named(
    earwitness: Earwitness, samples: Path, standin: Path, tmp_path: Path, fault: str
):
    folder = tmp_path / "model"
    if fault != "absent":
        folder.mkdir()
        for file in standin.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    weights = folder / "model.bin"
    if fault == "no weights":
        weights.unlink()
    if fault == "cut weights":
        weights.write_bytes(weights.read_bytes()[:1000])
    run = earwitness("analyze", "--whisper-model", folder, samples / "a_disclosed_assistant.wav")
    assert run.status == 3
    assert str(folder) in run.err.replace("\n", "")
    assert "Traceback" not in run.err


def test_a_person_can_read_what_is_being_said_before_it_is_stored(
    samples: Path, standin: Path, tmp_path: Path
):
    """The beginning of a call at the speed at which it was spoken, through all real parts."""
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    recording = tmp_path / "call.wav"
    write_wav(recording, sound[:, : 8 * rate], rate)
    settings = Settings(data_dir=tmp_path / "data", whisper_model=standin, threads=1)
    read: set[str] = set()
    with load_engines(settings) as engines, open_case_log(settings) as writer:
        session = engines.session(FileSource(recording, realtime=True), writer)
        session.start()
        while not session.wait(0.05):
            read |= {partial.text for partial in session.partials.values()}
    with CaseReader(case_log_path(settings)) as reader:
        events = [entry.event for entry in reader.events(session.case_id)]
    heard = {event.utterance.text for event in events if isinstance(event, UtteranceHeard)}
    assert heard
    assert read
    assert all(not text or next(iter(heard)).startswith(text.split()[0]) for text in read)
    assert not session.error
