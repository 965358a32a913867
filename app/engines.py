"""What judges calls: loaded once, then a fresh row of judges for each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from app.call.listening import LiveBasis
from app.call.session import Listener, Session
from app.cases.memory import CaseMemory
from app.cases.writer import CaseWriter
from audio.source import AudioSource
from audio.types import Channel
from detection.challenge.judge import ChallengeJudge
from detection.challenge.pack import ChallengePack
from detection.circumstances import Circumstances
from detection.desk_hours import DeskHours
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.reader import StatementReader
from detection.disclosure.rule import Rule
from detection.disclosure.signs import AgentSigns
from detection.disclosure.signs_pack import SignsPack
from detection.disclosure.statements import StatementsPack
from detection.errors import DetectionError
from detection.fusion import AlertRules
from detection.pipeline import Pipeline
from detection.playbook import Playbook
from detection.segmenter import Segmenter
from detection.transcribe.live import LiveText
from detection.transcribe.transcriber import LiveTranscriber, Transcriber
from detection.vad import SileroVad
from detection.vishing.judge import TalkJudge
from detection.vishing.pack import TacticsPack
from detection.vishing.reader import TalkReader
from detection.voice.cascade import StrongModel, StrongOpinion
from detection.voice.countermeasure import CountermeasureModel
from detection.voice.encoder import SpeakerEncoder
from detection.voice.enrolment import Enrolment, WatchedVoice
from detection.voice.judge import CountermeasureJudge
from detection.voice.speaker import EmbeddingJudge


@dataclass(frozen=True, slots=True)
class Engines:
    """Loaded models and packs. Calls share the models, so only one call may run at a time."""

    vad: SileroVad
    transcriber: Transcriber
    countermeasure: CountermeasureModel
    tactics: TacticsPack
    rules: tuple[Rule, ...]
    statements: StatementsPack
    signs: SignsPack
    playbook: Playbook
    challenges: ChallengePack
    encoder: SpeakerEncoder | None = None
    """None where there is no model pack to compare voices with."""
    strong: StrongModel | None = None
    """None where no large model gives a second opinion on the voice."""
    reader: TalkReader | None = None
    """None where the pack's phrases alone tell what the talk is."""
    statement_reader: StatementReader | None = None
    """None where phrases alone tell what is said of being an AI."""
    desk_hours: DeskHours | None = None
    """None where the time of a call says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the models hold; no call may run."""
        self.transcriber.close()
        if self.strong:
            self.strong.close()

    def session(
        self,
        source: AudioSource,
        writer: CaseWriter,
        listener: Listener | None = None,
        claimed: Enrolment | None = None,
        watched: Sequence[WatchedVoice] = (),
        basis: LiveBasis | None = None,
        subject: Channel = Channel.CALLER,
    ) -> Session:
        """A call from `source`, not yet started, with judges of its own.

        `subject` is the side whose voice is judged and who has to say that it is an AI, where it is one.
        Its voice is compared with that of `claimed`, whom the caller claims to be, and with every voice
        of `watched`; both are for callers. A live call needs a `basis`. Raises `DetectionError` where
        `claimed` cannot be compared.
        """
        mono = len(source.channels) == 1
        now = datetime.now(UTC)
        memory = CaseMemory(writer.path, source.name, now)
        pipeline = Pipeline(
            self.transcriber,
            CountermeasureJudge(
                self.countermeasure, self._second_opinion(is_live=source.is_live), subject
            ),
            TalkJudge(self.tactics, self.reader, mono=mono),
            AgentSigns(self.signs, subject, memory.wordings, mono=mono),
            DisclosureJudge(
                self.rules,
                self.statements,
                subject,
                self.statement_reader,
                day=now.astimezone().date(),
                mono=mono,
            ),
            AlertRules(self.playbook, subject),
            ChallengeJudge(self.challenges, mono=mono),
            self._speaker_judge(claimed, watched, subject),
            self._circumstances(source, memory, now, claimed),
        )
        segmenters = self.segmenters(source.channels)
        engines = (self.vad.engine, *pipeline.engines)
        self.transcriber.begin_call()
        return Session(source, segmenters, pipeline, engines, writer, listener, self._live_text(), basis)

    def segmenters(self, channels: Sequence[Channel]) -> dict[Channel, Segmenter]:
        """New ones, with voice activity of their own."""
        return {channel: Segmenter(channel, self.vad.stream()) for channel in channels}

    def _circumstances(
        self, source: AudioSource, memory: CaseMemory, now: datetime, claimed: Enrolment | None
    ) -> Circumstances:
        """Of a call that begins now; when a recording was made is not known."""
        begun = now.astimezone() if source.is_live else None
        return Circumstances(memory, claimed.name if claimed else "", begun, self.desk_hours)

    def _live_text(self) -> LiveText | None:
        """None for a recognizer that is too slow to be asked before a phrase has ended."""
        return LiveText(self.transcriber) if isinstance(self.transcriber, LiveTranscriber) else None

    def _second_opinion(self, *, is_live: bool) -> StrongOpinion | None:
        return StrongOpinion(self.strong, patient=not is_live) if self.strong else None

    def _speaker_judge(
        self, claimed: Enrolment | None, watched: Sequence[WatchedVoice], subject: Channel
    ) -> EmbeddingJudge | None:
        if self.encoder:
            return EmbeddingJudge(self.encoder, claimed, watched, subject)
        if claimed:
            raise DetectionError(
                f"Whether {claimed.name} is calling cannot be checked: there is no model pack to "
                "compare voices with, so name one with EARWITNESS_SPEAKER_PACK."
            )
        return None
