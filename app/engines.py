"""What judges calls: loaded once, then a fresh row of judges for each call."""

from dataclasses import dataclass
from typing import Self

from app.cases.writer import CaseWriter
from app.session import Listener, Session
from audio.source import AudioSource
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import Rule
from detection.disclosure.statements import StatementsPack
from detection.fusion import AlertRules
from detection.pipeline import Pipeline
from detection.playbook import Playbook
from detection.segmenter import Segmenter
from detection.transcribe.transcriber import Transcriber
from detection.vad import SileroVad
from detection.vishing.judge import TalkJudge
from detection.vishing.pack import TacticsPack
from detection.voice.countermeasure import CountermeasureModel
from detection.voice.judge import CountermeasureJudge


@dataclass(frozen=True, slots=True)
class Engines:
    """Loaded models and packs. Calls share the models, so only one call may run at a time."""

    vad: SileroVad
    transcriber: Transcriber
    countermeasure: CountermeasureModel
    tactics: TacticsPack
    rule: Rule
    statements: StatementsPack
    playbook: Playbook

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the models hold; no call may run."""
        self.transcriber.close()

    def session(
        self, source: AudioSource, writer: CaseWriter, listener: Listener | None = None
    ) -> Session:
        """A call from `source`, not yet started, with judges of its own."""
        mono = len(source.channels) == 1
        pipeline = Pipeline(
            self.transcriber,
            CountermeasureJudge(self.countermeasure),
            TalkJudge(self.tactics, mono=mono),
            DisclosureJudge(self.rule, self.statements, mono=mono),
            AlertRules(self.playbook),
        )
        segmenters = {channel: Segmenter(channel, self.vad.stream()) for channel in source.channels}
        engines = (self.vad.engine, *pipeline.engines)
        return Session(source, segmenters, pipeline, engines, writer, listener)
