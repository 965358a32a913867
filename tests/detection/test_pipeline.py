"""The order of a segment's events, and what is stored when a judge fails."""

import logging
from datetime import UTC, date, datetime

import numpy as np
import pytest

import resources
from audio.types import CALL_RATE, AudioGap, Channel
from detection.challenge.judge import ChallengeJudge
from detection.challenge.pack import load_challenges
from detection.circumstances import Circumstances, EarlierCall
from detection.desk_hours import DeskHours
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import load_rule
from detection.disclosure.signs import AgentSigns
from detection.disclosure.signs_pack import load_signs
from detection.disclosure.statements import load_statements
from detection.events import (
    ChallengeGiven,
    ChallengeJudged,
    ConversationJudged,
    Event,
    FindingMade,
    NotJudged,
    Stage,
    StepsAdvised,
    StepTaken,
    VoiceJudged,
    VoiceScored,
)
from detection.fusion import AlertRules
from detection.pipeline import Pipeline
from detection.playbook import load_playbook
from detection.steps import ChallengeKind, ChallengeVerdict, StepOutcome
from detection.transcribe.transcriber import Rejection
from detection.types import (
    ConversationLevel,
    EngineInfo,
    Segment,
    Utterance,
    VoiceLevel,
    VoicePoint,
    VoiceVerdict,
)
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics

CALLER, AGENT = Channel.CALLER, Channel.AGENT
TACTICS = load_tactics(resources.ROOT / "tactics" / "en.yaml")
RULE = load_rule(resources.ROOT / "policies" / "company.yaml")
SIGNS = load_signs(resources.ROOT / "disclosure" / "signs.yaml")
STATEMENTS = load_statements(resources.ROOT / "disclosure" / "en.yaml")
CHALLENGES = load_challenges(resources.ROOT / "challenges" / "en.yaml")
PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")


class Reader:
    """A transcriber that reads its lines in order; None is a rejection."""

    engine = EngineInfo("transcript", "reader", "1")

    def __init__(self, *lines: str | None) -> None:
        self._lines = list(lines)

    def begin_call(self) -> None: ...

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        line = self._lines.pop(0)
        if line is None:
            return Rejection("nothing understood")
        return Utterance(segment.channel, segment.start, segment.end, line, 0.9)

    def close(self) -> None: ...


class Voice:
    """A voice judge that finds every voice synthetic and counts what it hears."""

    engine = EngineInfo("voice", "scripted", "1")

    def __init__(self) -> None:
        self.heard: list[Channel] = []
        self.trace: list[VoicePoint] = []
        self.late: VoiceVerdict | None = None
        self.verdict = VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH)

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        self.heard.append(segment.channel)
        self.trace.append(VoicePoint(segment.start, segment.end, 3.0, "scripted"))
        self.verdict = VoiceVerdict(VoiceLevel.LIKELY_SYNTHETIC, 3.0, 0.95, len(self.heard))
        return self.verdict

    def advance(self) -> VoiceVerdict | None:
        late, self.late = self.late, None
        return late

    def restart(self, at: int) -> VoiceVerdict:
        return self.verdict

    def finish(self) -> VoiceVerdict:
        return self.verdict


class RealVoice(Voice):
    """Finds every caller's voice real."""

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        super().hear(segment)
        self.verdict = VoiceVerdict(VoiceLevel.REAL, -3.0, 0.05, len(self.heard))
        return self.verdict


def pipeline(
    *lines: str | None, voice: Voice | None = None, around: Circumstances | None = None
) -> Pipeline:
    return Pipeline(
        Reader(*lines),
        voice or Voice(),
        TalkJudge(TACTICS),
        AgentSigns(SIGNS, CALLER, mono=False),
        DisclosureJudge((RULE,), STATEMENTS, day=date(2026, 11, 22)),
        AlertRules(PLAYBOOK),
        ChallengeJudge(CHALLENGES),
        circumstances=around,
    )


def segment(channel: Channel, start_s: float, seconds: float = 3.0) -> Segment:
    start, end = round(start_s * CALL_RATE), round((start_s + seconds) * CALL_RATE)
    return Segment(channel, start, end, np.zeros(end - start, np.float32))


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_segment_gives_voice_words_findings_verdicts_and_alerts_in_this_order():
    walk = pipeline(
        "hello there this is daniel from sales", "please reset my multi factor authentication"
    )
    walk.hear(segment(CALLER, 0))
    events = walk.hear(segment(CALLER, 4))
    assert kinds(events)[:4] == ["voice_scored", "voice", "utterance", "finding"]
    order = ["voice_scored", "voice", "utterance", "finding", "conversation", "disclosure"]
    order += ["steps_advised", "alert"]
    assert kinds(events) == sorted(kinds(events), key=order.index)
    assert {event.at for event in events} == {7 * CALL_RATE}


def test_each_scored_window_is_stored_once_and_a_late_verdict_with_the_clock():
    voice = Voice()
    walk = pipeline("hello", "hello again", voice=voice)
    stored = [*walk.hear(segment(CALLER, 0)), *walk.hear(segment(CALLER, 4))]
    scored = [event for event in stored if isinstance(event, VoiceScored)]
    assert [event.points for event in scored] == [(point,) for point in voice.trace]
    voice.trace.append(VoicePoint(0, 48_000, -2.0, "second"))
    voice.late = VoiceVerdict(VoiceLevel.REAL, -2.0)
    late = walk.advance(8 * CALL_RATE)
    assert late[:2] == [
        VoiceScored((voice.trace[-1],), 8 * CALL_RATE),
        VoiceJudged(VoiceVerdict(VoiceLevel.REAL, -2.0), 8 * CALL_RATE),
    ]
    assert "voice" not in kinds(walk.advance(9 * CALL_RATE))


def test_only_the_caller_s_voice_is_judged():
    voice = Voice()
    walk = pipeline("good morning", "hello", voice=voice)
    assert "voice" not in kinds(walk.hear(segment(AGENT, 0)))
    walk.hear(segment(CALLER, 4))
    assert voice.heard == [CALLER]


class Log:
    """Knows so many earlier calls about anybody; None cannot be read."""

    def __init__(self, calls: int | None) -> None:
        self._calls = calls

    def about(self, claimed: str) -> list[EarlierCall]:
        if self._calls is None:
            raise OSError
        return [EarlierCall(f"c{n}", NIGHT, claimed) for n in range(self._calls)]

    def with_voice(self, name: str) -> list[EarlierCall]:
        raise AssertionError


NIGHT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
OFFICE = DeskHours.of("mon-fri 08:00-18:00")


def test_time_and_earlier_calls_are_evidence_from_the_first_event_on_and_once():
    walk = pipeline("good bye", around=Circumstances(Log(2), "Ann", NIGHT, OFFICE))
    events = walk.advance(CALL_RATE)
    assert kinds(events) == ["finding", "finding", "conversation", "disclosure"]
    found = [event.finding for event in events if isinstance(event, FindingMade)]
    assert [(one.tactic, one.start, one.channel) for one in found] == [
        ("P12", 0, CALLER),
        ("P13", 0, CALLER),
    ]
    assert [event.at for event in events] == [CALL_RATE] * 4
    judged = next(event.verdict for event in events if isinstance(event, ConversationJudged))
    assert judged.llr == sum(one.weight for one in found)
    assert "finding" not in kinds(walk.hear(segment(AGENT, 2)))


def test_a_log_that_cannot_be_read_is_stored_once_and_loses_nothing_else(
    caplog: pytest.LogCaptureFixture,
):
    walk = pipeline("good bye", around=Circumstances(Log(None), "Ann", NIGHT, OFFICE))
    with caplog.at_level(logging.CRITICAL):
        events = [*walk.advance(CALL_RATE), *walk.hear(segment(AGENT, 2))]
    missing = [event for event in events if isinstance(event, NotJudged)]
    assert [(event.stage, event.reason) for event in missing] == [
        ("history", "the history engine failed: OSError")
    ]
    assert [event.finding.tactic for event in events if isinstance(event, FindingMade)] == ["P12"]
    assert "utterance" in kinds(events)


def test_verdicts_are_stored_only_when_they_change():
    walk = pipeline("hello this is daniel from the sales team", "good bye", "good bye")
    walk.hear(segment(CALLER, 0))
    walk.hear(segment(AGENT, 4))
    assert kinds(walk.hear(segment(AGENT, 8))) == ["utterance"]
    assert walk.advance(12 * CALL_RATE) == []


def test_the_policy_s_deadline_passes_without_a_word():
    walk = pipeline("hello this is daniel from the sales team")
    walk.hear(segment(CALLER, 0))
    assert walk.advance(14 * CALL_RATE) == []
    events = walk.advance(20 * CALL_RATE)
    assert kinds(events) == ["disclosure", "steps_advised", "alert"]


def test_rejected_speech_is_stored_as_not_judged_and_is_no_evidence():
    events = pipeline(None).hear(segment(AGENT, 0))
    assert events[0] == NotJudged(
        "transcript", AGENT, 0, 3 * CALL_RATE, "nothing understood", 3 * CALL_RATE
    )
    assert "utterance" not in kinds(events)


@pytest.mark.parametrize("stage", ["voice", "transcript", "tactics", "disclosure", "challenge"])
def test_a_judge_that_fails_is_stored_and_the_call_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    walk = pipeline("hello this is daniel", "good bye")
    owner, method = {
        "voice": (Voice, "hear"),
        "transcript": (Reader, "transcribe"),
        "tactics": (TalkJudge, "hear"),
        "disclosure": (DisclosureJudge, "hear"),
        "challenge": (ChallengeJudge, "hear"),
    }[stage]
    with monkeypatch.context() as patched, caplog.at_level(logging.CRITICAL):
        patched.setattr(owner, method, fail)
        events = walk.hear(segment(CALLER, 0))
    (failed,) = (event for event in events if isinstance(event, NotJudged))
    assert failed.stage == stage
    assert "ZeroDivisionError" in failed.reason
    assert walk.hear(segment(AGENT, 4))


def test_a_voice_judge_that_fails_at_the_end_is_stored(caplog: pytest.LogCaptureFixture):
    class Failing(Voice):
        def finish(self) -> VoiceVerdict:
            raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL):
        events = pipeline(voice=Failing()).finish(CALL_RATE, is_whole=True)
    assert events[0].kind == "not_judged"


def test_lost_sound_is_stored_where_it_was():
    (event,) = pipeline().lose(AudioGap(CALLER, 10, 20, CALL_RATE, "unplugged"), 20)
    assert event.kind == "gap"


def test_a_call_that_was_mostly_not_understood_is_not_calm():
    walk = pipeline("hello this is daniel from the sales team", None, None, "good bye")
    assert level(walk.hear(segment(CALLER, 0))) is ConversationLevel.CALM
    walk.hear(segment(CALLER, 4))
    assert level(walk.hear(segment(AGENT, 8))) is ConversationLevel.NOT_ENOUGH_SPEECH
    walk.hear(segment(AGENT, 12))
    (verdict,) = (e.verdict for e in walk.skip(segment(AGENT, 16), "behind") if e.kind == "conversation")
    assert verdict.reasons[-1] == "9 s of 15 s of speech could not be understood."


def test_nothing_is_concluded_from_a_recording_that_was_cut_off():
    line = "hello this is daniel from the sales team"
    cut, whole = pipeline(line), pipeline(line)
    for walk in (cut, whole):
        walk.hear(segment(CALLER, 0))
    assert kinds(cut.finish(6 * CALL_RATE, is_whole=False)) == ["wording"]
    concluded = ["wording", "disclosure", "steps_advised", "alert"]
    assert kinds(whole.finish(6 * CALL_RATE, is_whole=True)) == concluded


def taken(name: str, outcome: StepOutcome, at_s: float = 5) -> StepTaken:
    (step,) = (s for s in PLAYBOOK.advice("conversation", "R2").steps if s.id == name)
    return StepTaken(step, "R2", outcome, "window", round(at_s * CALL_RATE))


@pytest.mark.parametrize("outcome", [StepOutcome.DONE, StepOutcome.SKIPPED])
def test_a_step_that_nobody_refused_is_recorded_and_no_evidence(outcome: StepOutcome):
    walk = pipeline("hello this is daniel from the sales team")
    walk.hear(segment(CALLER, 0))
    assert walk.take_step(taken("call_back", outcome)) == [taken("call_back", outcome)]


def test_a_refused_step_weighs_as_the_tactic_it_counts_as():
    walk = pipeline("i got a new phone please reset my multi factor authentication")
    before = walk.hear(segment(CALLER, 0))
    refused = taken("call_back", StepOutcome.REFUSED)
    events = walk.take_step(refused)
    assert events[0] == refused
    (finding,) = (event.finding for event in events if isinstance(event, FindingMade))
    assert (finding.tactic, finding.weight) == ("P7", TACTICS.tactics["P7"].weight)
    assert finding.quote == "refused a call-back on the number on file"
    (verdict,) = (event.verdict for event in events if isinstance(event, ConversationJudged))
    llr = [event.verdict.llr for event in before if isinstance(event, ConversationJudged)][-1]
    assert verdict.llr >= llr + finding.weight - 0.001
    assert any(finding.quote in reason for reason in verdict.reasons)


def test_a_refusal_can_be_what_raises_the_alert_and_brings_the_steps_for_the_ask():
    walk = pipeline(
        "please reset my multi factor authentication i am in a hurry",
        "my manager said it is approved and the board is waiting",
        voice=RealVoice(),
    )
    heard = [*walk.hear(segment(CALLER, 0)), *walk.hear(segment(CALLER, 4))]
    refused = walk.take_step(taken("call_back", StepOutcome.REFUSED, 8))
    loud = [e for e in refused if e.kind == "alert"]
    assert loud, kinds(heard)
    advised = [e.advice.ask for e in (*heard, *refused) if isinstance(e, StepsAdvised)]
    assert "R2" in advised


def test_a_new_ask_brings_its_own_steps_without_another_alert():
    walk = pipeline(
        "please reset my multi factor authentication do not call me back i am in a hurry",
        "please install anydesk so that i can show you",
    )
    walk.hear(segment(CALLER, 0))
    events = walk.hear(segment(CALLER, 4))
    (advice,) = (
        e.advice for e in events if isinstance(e, StepsAdvised) and e.advice.subject == "conversation"
    )
    assert advice.ask == "R7"
    assert advice.guard == PLAYBOOK.asks["R7"].guard


def test_a_challenge_is_given_heard_and_judged_once():
    walk = pipeline("please say this")
    (given,) = walk.give_challenge(ChallengeKind.SENTENCE, CALL_RATE)
    assert isinstance(given, ChallengeGiven)
    walk.hear(segment(AGENT, 2))
    reader = walk._transcriber
    assert isinstance(reader, Reader)
    reader._lines.append(given.expected)
    events = walk.hear(segment(CALLER, 6))
    (judged,) = (event for event in events if isinstance(event, ChallengeJudged))
    assert (judged.verdict, judged.share) == (ChallengeVerdict.PASSED, 1.0)
    assert "challenge_judged" not in kinds(walk.finish(60 * CALL_RATE, is_whole=True))


@pytest.mark.parametrize("how", ["time out", "end", "another"])
def test_an_open_challenge_never_ends_without_a_verdict(how: str):
    walk = pipeline()
    walk.give_challenge(ChallengeKind.SENTENCE, CALL_RATE)
    late = 60 * CALL_RATE
    match how:
        case "time out":
            assert "challenge_judged" not in kinds(walk.advance(20 * CALL_RATE))
            events = walk.advance(late)
        case "end":
            events = walk.finish(late, is_whole=False)
        case _:
            events = walk.give_challenge(ChallengeKind.ONE_TIME_PHRASE, late)
    (judged,) = (event for event in events if isinstance(event, ChallengeJudged))
    assert judged.verdict is ChallengeVerdict.NOT_HEARD


def test_speech_that_was_skipped_fails_nobody():
    walk = pipeline("please say this")
    walk.give_challenge(ChallengeKind.SENTENCE, CALL_RATE)
    walk.hear(segment(AGENT, 2))
    walk.skip(segment(CALLER, 6), "behind")
    (judged,) = (e for e in walk.advance(60 * CALL_RATE) if isinstance(e, ChallengeJudged))
    assert judged.verdict is ChallengeVerdict.NOT_HEARD
    assert judged.reason == "3 s of the caller's 3 s of speech could not be understood."


def level(events: list[Event]) -> ConversationLevel:
    (verdict,) = (event.verdict for event in events if isinstance(event, ConversationJudged))
    return verdict.level
