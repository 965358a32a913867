"""The only place that builds real parts, from the settings."""

from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

import resources
from app.call.consent import ConsentRules
from app.call.listening import LiveBasis
from app.call.setup import LiveParts
from app.cases.writer import CaseWriter
from app.desk import LocalDesk
from app.engines import Engines
from app.logs import log_to_file
from app.models.store import SETTING_OF, ModelStore
from app.paths import case_log, data_dir, models_dir, recordings_dir
from app.settings import Settings, settings_with
from audio.devices.choose import find, input_devices, pick
from audio.devices.loopback import TAPS_PROGRAMS, loopback_devices
from audio.devices.tap import Devices
from audio.live.source import LiveSource, Side
from audio.types import Channel, DeviceKind
from detection.challenge.pack import load_challenges
from detection.disclosure.reader import StatementReader, load_statement_reader
from detection.disclosure.rule import load_rules
from detection.disclosure.signs_pack import load_signs
from detection.disclosure.statements import StatementsPack, load_statements
from detection.errors import DetectionError
from detection.events import ConsentRecorded
from detection.models.catalogue import Job, load_catalogue
from detection.models.shelf import ModelShelf
from detection.playbook import Playbook, load_playbook
from detection.transcribe.phantoms import load_phantoms
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber, pronounced_words
from detection.transcribe.pronunciation import written
from detection.transcribe.transcriber import Transcriber
from detection.transcribe.whisper import AUTO, WhisperTranscriber
from detection.transcribe.worker import WorkerTranscriber
from detection.vad import SileroVad
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack
from detection.vishing.reader import TalkReader, load_reader
from detection.voice.cascade import StrongModel, load_strong
from detection.voice.countermeasure import load_countermeasure
from detection.voice.encoder import SpeakerEncoder, load_encoder
from detection.voice.speechbrain_encoder import is_speechbrain_folder, load_speechbrain_encoder

_BUILT_IN_ENCODER = resources.ROOT / "models" / "earwitness-speaker-small"
_BUILT_IN_READER = resources.ROOT / "models" / "earwitness-talk-minilm-en"
_BUILT_IN_STATEMENTS = resources.ROOT / "models" / "earwitness-statements-en"
_BUILT_IN_RECOGNIZER = resources.ROOT / "transcript"


def load_engines(settings: Settings) -> Engines:
    """Load every model and pack. Raises `DetectionError` for the first that cannot be used."""
    # As in detection.transcribe.worker, for this process.
    threadpool_limits(1, user_api="blas")
    # What is quickest to fail comes first; the recognizer, which may start a process, last.
    tactics = load_tactics(settings.tactics_pack)
    rules = load_rules(settings.policies)
    signs = load_signs(settings.signs)
    statements = load_statements(settings.statements)
    playbook = load_playbook_for(tactics, settings)
    challenges = load_challenges(settings.challenges)
    reader = load_talk_reader(settings, tactics)
    countermeasure = load_countermeasure(settings.voice_pack)
    encoder = load_speaker_encoder(settings)
    strong = load_strong_voice(settings)
    vad = SileroVad()
    transcriber = load_transcriber(settings)
    return Engines(
        vad,
        transcriber,
        countermeasure,
        tactics,
        rules,
        statements,
        signs,
        playbook,
        challenges,
        encoder,
        strong,
        reader,
        load_reader_of_statements(statements),
        settings.desk_hours,
    )


def load_playbook_for(tactics: TacticsPack, settings: Settings) -> Playbook:
    """The playbook, whose refusals count as tactics of that pack. Raises `DetectionError`."""
    playbook = load_playbook(settings.playbook)
    for label, step in playbook.tactics.items():
        if label not in tactics.tactics:
            raise DetectionError(
                f"{settings.playbook}: refusing the step {step!r} counts as {label}, which is no tactic "
                f"of {settings.tactics_pack}: add it there or set if_refused to null."
            )
    return playbook


def load_talk_reader(settings: Settings, tactics: TacticsPack) -> TalkReader | None:
    """The network that reads talk beside `tactics`; None where there is none for their language.

    Raises `DetectionError`.
    """
    if settings.talk_pack:
        return load_reader(settings.talk_pack)
    if not _BUILT_IN_READER.is_dir():
        return None
    reader = load_reader(_BUILT_IN_READER)
    return reader if reader.manifest.language == tactics.language else None


def load_reader_of_statements(statements: StatementsPack) -> StatementReader | None:
    """The network that reads statements beside the pack; None where there is none for its language.

    Raises `DetectionError`.
    """
    if not _BUILT_IN_STATEMENTS.is_dir():
        return None
    reader = load_statement_reader(_BUILT_IN_STATEMENTS)
    return reader if reader.manifest.language == statements.language else None


def load_strong_voice(settings: Settings) -> StrongModel | None:
    """The large pack that gives a second opinion on the voice. Raises `DetectionError`."""
    return load_strong(settings.strong_voice_pack) if settings.strong_voice_pack else None


def load_speaker_encoder(settings: Settings) -> SpeakerEncoder | None:
    """The pack that compares voices; None where none is set or built in. Raises `DetectionError`."""
    if settings.speaker_pack:
        is_original = is_speechbrain_folder(settings.speaker_pack)
        return (load_speechbrain_encoder if is_original else load_encoder)(settings.speaker_pack)
    return load_encoder(_BUILT_IN_ENCODER) if _BUILT_IN_ENCODER.is_dir() else None


def load_transcriber(settings: Settings) -> Transcriber:
    """Whisper where a model folder is set, else the built-in recognizer. Raises `DetectionError`."""
    if settings.whisper_model is None:
        if settings.language not in ("en", AUTO):
            raise DetectionError(
                f"The language is set to {settings.language!r}, but the built-in recognizer knows "
                "English only: change the setting or install a multilingual Whisper model."
            )
        words = pronounced_words(_BUILT_IN_RECOGNIZER, settings.domain_words)
        return WorkerTranscriber(partial(PocketSphinxTranscriber, _BUILT_IN_RECOGNIZER, words))
    _shelf(settings).refuse_damaged(settings.whisper_model)
    return WhisperTranscriber(
        settings.whisper_model,
        settings.language,
        settings.threads,
        tuple(map(written, settings.domain_words)),
        load_phantoms(settings.phantoms),
    )


def open_models() -> ModelStore:
    """The models that are here or can be had. Raises `EarwitnessError` and `DetectionError`."""
    settings = settings_with()
    catalogue = load_catalogue(resources.ROOT / "models" / "catalogue.yaml")
    return ModelStore(catalogue, _shelf(settings), settings.hub, _try_model, _load_whisper)


def _shelf(settings: Settings) -> ModelShelf:
    return ModelShelf(models_dir(settings.models_dir))


def _try_model(job: Job, folder: Path) -> None:
    """Load the model in `folder` as a call would, and let it go. Raises `DetectionError`."""
    settings = settings_with().model_copy(update={SETTING_OF[job]: folder})
    match job:
        case Job.TRANSCRIPT:
            load_transcriber(settings).close()
        case Job.STRONG_VOICE:
            load_strong_voice(settings)
            load_countermeasure(folder)
        case _:
            load_speaker_encoder(settings)


def _load_whisper(folder: Path) -> Transcriber:
    return load_transcriber(settings_with().model_copy(update={"whisper_model": folder}))


def live_source(settings: Settings) -> LiveSource:
    """The devices of a live call, by the settings or the system's defaults. Raises `AudioError`."""
    devices = call_devices()
    wanted = {Channel.CALLER: settings.far_side, Channel.AGENT: settings.microphone}
    return LiveSource({channel: _side(devices[channel], channel, wanted[channel]) for channel in wanted})


def _side(devices: Devices, channel: Channel, wanted: str | None) -> Side:
    there = devices.list()
    if wanted is not None:
        return Side(devices, find(there, wanted))
    kind = DeviceKind.OUTPUT if channel is Channel.CALLER else DeviceKind.INPUT
    return Side(devices, pick(there, kind), follows_default=True)


def consent_rules(settings: Settings) -> ConsentRules:
    """What has to be said before a live call is kept. Raises `ConsentError` and `DetectionError`."""
    return ConsentRules.of(
        settings.consent,
        settings.consent_basis,
        settings.consent_notice,
        keeps_audio=settings.recording,
    )


def live_basis(settings: Settings, consent: ConsentRecorded) -> LiveBasis:
    """The consent and, where the sound is kept, the folder for it. Raises `DataFolderError`."""
    folder = recordings_dir(data_dir(settings.data_dir)) if settings.recording else None
    return LiveBasis(consent, folder)


def call_devices() -> dict[Channel, Devices]:
    """What each side of a call can be heard from on this machine."""
    return {Channel.AGENT: input_devices(), Channel.CALLER: loopback_devices()}


def open_case_log(settings: Settings) -> CaseWriter:
    """The case log for writing, and the program's own log beside it. Raises `EarwitnessError`."""
    folder = data_dir(settings.data_dir)
    log_to_file(folder)
    return CaseWriter(case_log(folder))


def case_log_path(settings: Settings) -> Path:
    """Where the case log is, for reading. Raises `DataFolderError`."""
    return case_log(data_dir(settings.data_dir, writable=False))


def build_desk(settings: Settings) -> LocalDesk:
    """The window's desk; the engines load with its first call. Raises `EarwitnessError`."""
    writer = open_case_log(settings)
    live = LiveParts(call_devices, live_source, consent_rules, live_basis, TAPS_PROGRAMS)
    return LocalDesk(case_log_path(settings), writer, settings, load_engines, live)
