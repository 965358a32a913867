"""The walk from a segment of speech to what is to be stored about it, as plain function calls."""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from audio.types import AudioGap, Channel
from detection.challenge.judge import ChallengeJudge
from detection.circumstances import Circumstances, Note
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.signs import AgentSigns
from detection.events import (
    AgentJudged,
    AlertRaised,
    ChallengeJudged,
    ConversationJudged,
    DisclosureJudged,
    Event,
    FindingMade,
    GapHeard,
    IdentityJudged,
    NotJudged,
    SpeakerChanged,
    SpeakerJudged,
    Stage,
    StepsAdvised,
    StepTaken,
    UtteranceHeard,
    VoiceJudged,
    VoiceScored,
    WordingSketched,
)
from detection.fusion import AlertRules, Verdicts
from detection.steps import ChallengeKind, StepKind, StepOutcome
from detection.transcribe.transcriber import Rejection, Transcriber
from detection.types import EngineInfo, Segment, SpeakerVerdict, Utterance, VoiceVerdict
from detection.vishing.judge import TalkJudge
from detection.voice.identity import identity
from detection.voice.judge import VoiceJudge
from detection.voice.speaker import SpeakerJudge

_log = logging.getLogger(__name__)

_TOLD_LLR = 0.25
"""How far the signs' likelihood ratio has to move to be told anew."""


class Pipeline:
    """One call's judges in a row. Runs on the inference thread; every method returns new events.

    The party whose voice is judged is the one that `disclosure` follows. A judge that fails on a
    segment is recorded as `NotJudged` and the call goes on without it for that segment. Without
    `speaker` nobody's identity is checked, without `circumstances` neither time nor earlier calls are
    looked at.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        voice: VoiceJudge,
        talk: TalkJudge,
        signs: AgentSigns,
        disclosure: DisclosureJudge,
        alerts: AlertRules,
        challenges: ChallengeJudge,
        speaker: SpeakerJudge | None = None,
        circumstances: Circumstances | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._voice = voice
        self._talk = talk
        self._signs = signs
        self._disclosure = disclosure
        self.subject = disclosure.subject
        """The party whose voice and disclosure are judged."""
        self._alerts = alerts
        self._challenges = challenges
        self._speaker = speaker
        self._circumstances = circumstances
        self._changes_told = 0
        self._changes_heard = 0
        self._verdicts = Verdicts()
        self._points_told = 0

    @property
    def engines(self) -> tuple[EngineInfo, ...]:
        """What judges this call, in the order it is asked."""
        ears = tuple(part.engine for part in (self._transcriber, self._voice, self._speaker) if part)
        return (*ears, *self._talk.engines, *self._disclosure.engines)

    def hear(self, segment: Segment) -> list[Event]:
        """Judge one segment; the events it gives rise to, in the order they are to be stored."""
        events: list[Event] = []
        span = _Span.of(segment)
        self._signs.hear_speech(segment.channel, segment.start, segment.end)
        if segment.channel is self.subject:
            events += self._guarded("voice", span, lambda: self._hear_voice(segment))
            events += self._guarded("speaker", span, lambda: self._hear_speaker(segment))
            events += self._guarded("voice", span, lambda: self._hear_change(segment))
        words = self._guarded("transcript", span, lambda: self._hear_words(segment))
        said = next((event.utterance for event in words if isinstance(event, UtteranceHeard)), None)
        if said is None:
            self._talk.miss(segment)
        words += self._guarded("challenge", span, lambda: _made(self._challenges.hear(segment, said)))
        return events + words + self._conclude(segment.end)

    def skip(self, segment: Segment, reason: str) -> list[Event]:
        """Record speech that is not to be judged, and why."""
        self._talk.miss(segment)
        self._challenges.hear(segment, None)
        return [_Span.of(segment).not_judged("all", reason), *self._conclude(segment.end)]

    def lose(self, gap: AudioGap, at: int) -> list[Event]:
        """Record sound that was lost before it got here."""
        return [GapHeard(gap.channel, gap.start, gap.end, gap.reason, at)]

    def advance(self, at: int) -> list[Event]:
        """Let the clocks of policy and challenge run: all speech before `at` has been heard."""
        call = _Span(self.subject, 0, at)
        events = self._guarded("voice", call, lambda: self._voice_events(self._voice.advance(), at))
        events += self._guarded("challenge", call, lambda: _made(self._challenges.advance(at)))
        self._disclosure.advance(at)
        return events + self._conclude(at)

    def take_step(self, taken: StepTaken) -> list[Event]:
        """Record what came of a step; what a refusal counts as is evidence like a spoken tactic."""
        call = _Span(self.subject, taken.at, taken.at)
        found = self._guarded("tactics", call, lambda: self._note_refusal(taken))
        if taken.step.kind is StepKind.QUESTION and taken.outcome is StepOutcome.DONE:
            self._disclosure.ask(taken.step.say, taken.at)
        return [taken, *found, *self._conclude(taken.at)]

    def give_challenge(self, kind: ChallengeKind, at: int) -> list[Event]:
        """Give the caller something to say, `at` being now; what is still open is judged before."""
        call = _Span(self.subject, at, at)
        before = self._guarded("challenge", call, lambda: _made(self._challenges.conclude(at)))
        return before + self._guarded("challenge", call, lambda: [self._challenges.give(kind, at)])

    def finish(self, at: int, *, is_whole: bool) -> list[Event]:
        """Judge what was still held back at `at`; `is_whole` where the call itself ended there.

        Where only the hearing ended, nothing is concluded from what was not said.
        """
        call = _Span(self.subject, 0, at)
        events = self._guarded("voice", call, lambda: self._voice_events(self._voice.finish(), at))
        if speaker := self._speaker:
            events += self._guarded("speaker", call, lambda: self._speaker_events(speaker.finish(), at))
        events += self._guarded("challenge", call, lambda: _made(self._challenges.conclude(at)))
        self._disclosure.advance(at)
        if is_whole:
            self._disclosure.finish()
        events += self._guarded("signs", call, lambda: self._sum_up(at))
        return events + self._conclude(at)

    def _hear_voice(self, segment: Segment) -> list[Event]:
        return self._voice_events(self._voice.hear(segment), segment.end)

    def _voice_events(self, verdict: VoiceVerdict | None, at: int) -> list[Event]:
        points = tuple(self._voice.trace[self._points_told :])
        self._points_told += len(points)
        events: list[Event] = [VoiceScored(points, at)] if points else []
        if verdict is None or verdict == self._verdicts.voice:
            return events
        self._verdicts.voice = verdict
        self._signs.hear_voice(verdict)
        return [*events, VoiceJudged(verdict, at)]

    def _hear_speaker(self, segment: Segment) -> list[Event]:
        if self._speaker is None:
            return []
        return self._speaker_events(self._speaker.hear(segment), segment.end)

    def _speaker_events(self, verdict: SpeakerVerdict | None, at: int) -> list[Event]:
        if self._speaker is None or verdict is None or verdict == self._verdicts.speaker:
            return []
        self._verdicts.speaker = verdict
        changes = self._speaker.changes[self._changes_told :]
        self._changes_told += len(changes)
        return [*(SpeakerChanged(change, at) for change in changes), SpeakerJudged(verdict, at)]

    def _hear_change(self, segment: Segment) -> list[Event]:
        if self._speaker is None or len(self._speaker.changes) == self._changes_heard:
            return []
        changes = self._speaker.changes
        self._changes_heard = len(changes)
        return self._voice_events(self._voice.restart(changes[-1].start), segment.end)

    def _hear_words(self, segment: Segment) -> list[Event]:
        span = _Span.of(segment)
        heard = self._transcriber.transcribe(segment)
        if isinstance(heard, Rejection):
            return [span.not_judged("transcript", heard.reason)]
        events: list[Event] = [UtteranceHeard(heard, segment.end)]
        events += self._guarded("tactics", span, lambda: self._hear_tactics(heard, segment))
        events += self._guarded("signs", span, lambda: self._hear_signs(heard))
        events += self._guarded("disclosure", span, lambda: self._hear_disclosure(heard))
        return events

    def _hear_tactics(self, utterance: Utterance, segment: Segment) -> list[Event]:
        findings = self._talk.hear(utterance)
        self._verdicts.findings += findings
        return [FindingMade(finding, segment.end) for finding in findings]

    def _note_refusal(self, taken: StepTaken) -> list[Event]:
        label = taken.step.if_refused
        if taken.outcome is not StepOutcome.REFUSED or label is None:
            return []
        finding = self._talk.note(label, f"refused {taken.step.name}", taken.at)
        if finding is None:
            return []
        self._verdicts.findings.append(finding)
        return [FindingMade(finding, taken.at)]

    def _hear_signs(self, utterance: Utterance) -> list[Event]:
        self._signs.hear(utterance)
        return []

    def _sum_up(self, at: int) -> list[Event]:
        """What of the whole call later ones are compared with, and the signs as they are by now."""
        sketch = self._signs.sketch
        kept: list[Event] = [WordingSketched(sketch.text, sketch.runs, at)] if sketch.runs else []
        return [*kept, *self._judge_signs(at, told_from=0.0)]

    def _judge_signs(self, at: int, told_from: float = _TOLD_LLR) -> list[Event]:
        agent, told = self._signs.verdict, self._verdicts.agent
        self._disclosure.hear_signs(agent)
        if agent == told or (agent.level is told.level and abs(agent.llr - told.llr) < told_from):
            return []
        self._verdicts.agent = agent
        return [AgentJudged(agent, at)]

    def _hear_disclosure(self, utterance: Utterance) -> list[Event]:
        self._disclosure.hear(utterance)
        return []

    def _look_around(self, circumstances: Circumstances, at: int) -> list[Event]:
        call = _Span(self.subject, 0, at)
        return [
            *self._guarded("history", call, lambda: self._note(circumstances.time(), at)),
            *self._guarded("history", call, lambda: self._note(circumstances.earlier_calls(), at)),
            *self._guarded("history", call, lambda: self._compare_claims(circumstances)),
        ]

    def _note(self, notes: Sequence[Note], at: int) -> list[Event]:
        noted = (self._talk.note(note.tactic, note.quote, 0) for note in notes)
        findings = [finding for finding in noted if finding]
        self._verdicts.findings += findings
        return [FindingMade(finding, at) for finding in findings]

    def _compare_claims(self, circumstances: Circumstances) -> list[Event]:
        self._verdicts.other_claims += circumstances.other_claims(self._verdicts.speaker.watch_hits)
        return []

    def _conclude(self, at: int) -> list[Event]:
        events: list[Event] = []
        if self._circumstances:
            events += self._look_around(self._circumstances, at)
        claim = identity(self._verdicts.voice, self._verdicts.speaker)
        if claim != self._verdicts.identity:
            self._verdicts.identity = claim
            events.append(IdentityJudged(claim, at))
        conversation = self._talk.verdict
        if conversation != self._verdicts.conversation:
            self._verdicts.conversation = conversation
            events.append(ConversationJudged(conversation, at))
        call = _Span(self.subject, at, at)
        events += self._guarded("signs", call, lambda: self._judge_signs(at))
        disclosure = self._disclosure.verdict
        if disclosure != self._verdicts.disclosure:
            self._verdicts.disclosure = disclosure
            events.append(DisclosureJudged(disclosure, at))
        alerts = [AlertRaised(alert, at) for alert in self._alerts.due(self._verdicts, at)]
        advised = [StepsAdvised(advice, at) for advice in self._alerts.advice(self._verdicts)]
        return [*events, *advised, *alerts]

    def _guarded(self, stage: Stage, span: "_Span", judge: Callable[[], list[Event]]) -> list[Event]:
        try:
            return judge()
        except Exception as error:  # noqa: BLE001 - whatever a model does, the call goes on
            _log.exception("%s failed on %s", stage, span)
            return [span.not_judged(stage, f"the {stage} engine failed: {type(error).__name__}")]


def _made(judged: ChallengeJudged | None) -> list[Event]:
    return [judged] if judged else []


class _Span(NamedTuple):
    """A stretch of one channel, in samples."""

    channel: Channel
    start: int
    end: int

    @classmethod
    def of(cls, segment: Segment) -> "_Span":
        return cls(segment.channel, segment.start, segment.end)

    def not_judged(self, stage: Stage, reason: str) -> NotJudged:
        return NotJudged(stage, self.channel, self.start, self.end, reason, self.end)
