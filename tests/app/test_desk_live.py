"""The desk's live calls: consent before a device is touched, and devices remembered by id."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from app.call.consent import ConsentError
from app.call.listening import LiveBasis
from app.call.setup import LiveParts, SideDevices
from app.cases.writer import CaseWriter
from app.compose import consent_rules, live_basis
from app.desk import LocalDesk
from app.engines import Engines
from app.paths import case_log, recordings_dir
from app.settings import Settings, settings_with
from audio.errors import AudioError
from audio.source import AudioSource
from audio.types import Channel, DeviceInfo, DeviceKind
from detection.events import Acknowledgement
from tests.fakes import Listed

HEADSET = DeviceInfo("usb-headset", "Jabra Evolve2", DeviceKind.INPUT, 48_000, is_default=True)
WEBCAM = DeviceInfo("usb-webcam", "Webcam", DeviceKind.INPUT, 16_000, is_default=False)
SPEAKERS = DeviceInfo("pci-out", "Speakers", DeviceKind.OUTPUT, 48_000, is_default=True)
BROWSER = DeviceInfo("firefox", "Firefox", DeviceKind.APPLICATION, 48_000, is_default=False)


class Machine:
    """What a desk is given in place of devices and models; notes what it was asked for, in order."""

    def __init__(self) -> None:
        self.desks: list[LocalDesk] = []
        self.done: list[str] = []
        self.opened: list[Settings] = []
        self.bases: list[LiveBasis | None] = []
        self.microphones = Listed(HEADSET, WEBCAM)
        self.outputs = Listed(SPEAKERS, BROWSER)
        self.source_error: AudioError | None = None
        self.start_error: AudioError | None = None
        self.taps_programs = False

    def desk(self, settings: Settings) -> LocalDesk:
        log = case_log(cast("Path", settings.data_dir))
        parts = LiveParts(
            lambda: {Channel.AGENT: self.microphones, Channel.CALLER: self.outputs},
            self.source,
            consent_rules,
            live_basis,
            self.taps_programs,
        )
        self.desks.append(LocalDesk(log, CaseWriter(log), settings, self.load, parts))
        return self.desks[-1]

    def source(self, settings: Settings) -> AudioSource:
        self.done.append("devices")
        self.opened.append(settings)
        if self.source_error:
            raise self.source_error
        return cast("AudioSource", object())

    def load(self, _: Settings) -> Engines:
        self.done.append("engines")
        return cast("Engines", self)

    def session(self, *_: object, basis: LiveBasis | None = None, **__: object) -> "Machine":
        self.bases.append(basis)
        return self

    def start(self) -> None:
        self.done.append("start")
        if self.start_error:
            raise self.start_error

    def stop(self, **_: object) -> None: ...

    def wait(self) -> bool:
        return True

    def close(self) -> None: ...


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    for desk in machine.desks:
        desk.close()


@pytest.fixture(autouse=True)
def own_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARWITNESS_SETTINGS_FILE", str(tmp_path / "settings.toml"))
    return tmp_path / "settings.toml"


@pytest.fixture
def asking(tmp_path: Path) -> Settings:
    return settings_with(data_dir=tmp_path)


@pytest.fixture
def standing(asking: Settings) -> Settings:
    return asking.model_copy(update={"consent": "standing", "consent_basis": "Works agreement 12"})


@pytest.fixture
def desk(machine: Machine, standing: Settings) -> LocalDesk:
    return machine.desk(standing)


def listen(
    desk: LocalDesk,
    microphone: str | None = None,
    far_side: str | None = None,
    *,
    recording: bool = False,
    given: Acknowledgement | None = None,
) -> None:
    desk.start_live(microphone, far_side, recording, given, lambda *_: None)


def test_without_consent_no_device_is_touched(machine: Machine, asking: Settings) -> None:
    desk = machine.desk(asking)
    with pytest.raises(ConsentError):
        listen(desk)
    assert machine.done == []
    listen(desk, given=desk.consent_rules().acknowledged("window", "anna"))
    assert machine.done == ["devices", "engines", "start"]


def test_what_was_confirmed_has_to_fit_whether_the_sound_is_kept(
    machine: Machine, asking: Settings
) -> None:
    desk = machine.desk(asking)
    rules = desk.consent_rules()
    with pytest.raises(ConsentError, match="not the notice that is in force"):
        listen(desk, recording=True, given=rules.acknowledged("window", "anna"))
    assert machine.done == []
    listen(desk, recording=True, given=replace(rules, keeps_audio=True).acknowledged("window", "anna"))
    (basis,) = machine.bases
    assert basis is not None
    assert basis.consent.keeps_audio
    assert basis.recordings == recordings_dir(cast("Path", asking.data_dir))


def test_recording_is_for_one_call_and_the_sites_setting_stays(
    machine: Machine, desk: LocalDesk, own_settings_file: Path
) -> None:
    listen(desk, recording=True)
    assert not desk.consent_rules().keeps_audio
    assert not own_settings_file.exists(), "nothing was chosen that differs from before"
    listen(desk, recording=desk.consent_rules().keeps_audio)
    assert [basis.recordings is not None for basis in machine.bases if basis] == [True, False]


def test_devices_are_remembered_by_id_and_the_default_again_by_nothing(
    machine: Machine, desk: LocalDesk, own_settings_file: Path
) -> None:
    own_settings_file.write_text("# ours\nthreads = 3\n", encoding="utf-8")
    listen(desk, WEBCAM.id, SPEAKERS.id)
    assert [machine.opened[-1].microphone, machine.opened[-1].far_side] == [WEBCAM.id, SPEAKERS.id]
    assert settings_with().microphone == WEBCAM.id
    assert settings_with().far_side == SPEAKERS.id
    assert own_settings_file.read_text(encoding="utf-8").startswith("# ours\nthreads = 3\n")
    assert desk.call_devices()[Channel.AGENT].chosen == WEBCAM
    listen(desk, None, SPEAKERS.id)
    assert settings_with().microphone is None
    assert desk.call_devices()[Channel.AGENT].wanted is None
    assert desk.call_devices()[Channel.CALLER].wanted == SPEAKERS.id


def test_what_the_environment_names_is_not_written_over(
    desk: LocalDesk, own_settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARWITNESS_MICROPHONE", HEADSET.id)
    listen(desk, WEBCAM.id)
    assert not own_settings_file.exists()
    assert desk.call_devices()[Channel.AGENT].chosen == WEBCAM, "while this program runs"


def test_a_call_that_could_not_begin_changes_no_choice(
    machine: Machine, desk: LocalDesk, own_settings_file: Path
) -> None:
    machine.start_error = AudioError("Webcam could not be opened: check that it is connected.")
    with pytest.raises(AudioError, match="Webcam"):
        listen(desk, WEBCAM.id)
    assert not own_settings_file.exists()
    assert desk.call_devices()[Channel.AGENT].wanted is None


def test_a_settings_file_that_cannot_be_written_does_not_end_the_call(
    machine: Machine, desk: LocalDesk, own_settings_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own_settings_file.write_text("threads = = 3", encoding="utf-8")
    listen(desk, WEBCAM.id)
    assert machine.done[-1] == "start"
    assert "not remembered" in caplog.text


def test_the_device_that_is_missing_is_known_before_models_are_loaded(
    machine: Machine, desk: LocalDesk
) -> None:
    machine.source_error = AudioError("No microphone was found: connect one and start again.")
    with pytest.raises(AudioError):
        listen(desk)
    assert machine.done == ["devices"]


def test_models_are_loaded_ahead_and_once(machine: Machine, desk: LocalDesk) -> None:
    desk.prepare()
    desk.prepare()
    listen(desk)
    assert machine.done == ["engines", "devices", "start"]
    desk.use_model("whisper_model", Path("/models/a"))
    desk.prepare()
    assert machine.done.count("engines") == 2


def test_the_setting_may_be_a_name_or_a_part_of_one(machine: Machine, standing: Settings) -> None:
    desk = machine.desk(standing.model_copy(update={"microphone": "webc"}))
    side = desk.call_devices()[Channel.AGENT]
    assert (side.wanted, side.chosen, side.default) == ("webc", WEBCAM, HEADSET)


@pytest.mark.parametrize("wanted", ["gone", "e"], ids=["fits none", "fits several"])
def test_a_choice_that_names_no_one_device_is_none(machine: Machine, wanted: str) -> None:
    side = SideDevices.of(Channel.AGENT, machine.microphones, wanted, programs=False)
    assert (side.wanted, side.chosen) == (wanted, None)
    assert side.devices == (HEADSET, WEBCAM)


@pytest.mark.parametrize("programs", [True, False])
def test_programs_are_offered_only_where_one_can_be_heard_by_itself(
    machine: Machine, programs: bool
) -> None:
    side = SideDevices.of(Channel.CALLER, machine.outputs, None, programs=programs)
    assert (BROWSER in side.devices) is programs
    assert side.default == SPEAKERS
    only = Listed(BROWSER)
    assert SideDevices.of(Channel.CALLER, only, None, programs=programs).default is None


def test_one_side_that_cannot_be_listed_leaves_the_other(machine: Machine, desk: LocalDesk) -> None:
    machine.microphones.error = AudioError("The sound system does not answer: start it.")
    sides = desk.call_devices()
    assert sides[Channel.AGENT].problem == "The sound system does not answer: start it."
    assert sides[Channel.AGENT].devices == ()
    assert sides[Channel.CALLER].default == SPEAKERS
    assert sides[Channel.CALLER].problem == ""
