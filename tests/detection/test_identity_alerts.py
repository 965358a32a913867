"""Identity in the walk: which events are stored, and which alerts they raise."""

import dataclasses
import logging
from collections.abc import Sequence
from datetime import date

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.challenge.judge import ChallengeJudge
from detection.challenge.pack import load_challenges
from detection.disclosure.judge import DisclosureJudge
from detection.disclosure.rule import load_rule
from detection.disclosure.signs import AgentSigns
from detection.disclosure.signs_pack import load_signs
from detection.disclosure.statements import load_statements
from detection.events import (
    AlertRaised,
    Event,
    IdentityJudged,
    NotJudged,
    SpeakerChanged,
    SpeakerJudged,
)
from detection.fusion import AlertRules
from detection.pipeline import Pipeline
from detection.playbook import Situation, load_playbook
from detection.transcribe.transcriber import Rejection
from detection.types import (
    Alert,
    AlertLevel,
    EngineInfo,
    IdentityLevel,
    Segment,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceChange,
    VoiceLevel,
    VoicePoint,
    VoiceVerdict,
    WatchHit,
)
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics
from tests.detection.voice.speaker_fakes import speech

CHALLENGES = load_challenges(resources.ROOT / "challenges" / "en.yaml")
PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")
HIT = WatchHit("con man", "20261101-1", "asks for MFA", 6.0, 4.6, 0)
MATCH = SpeakerVerdict(SpeakerLevel.MATCHES, "Ann", 3.0, 5.0, reasons=("Sounds like Ann.",))
NO_MATCH = SpeakerVerdict(SpeakerLevel.DOES_NOT_MATCH, "Ann", -3.0, 5.0, reasons=("Not Ann.",))
NOBODY = SpeakerVerdict(SpeakerLevel.NOT_CHECKED, reasons=("Nobody was named.",))


class Deaf:
    """A recognizer that understands nothing."""

    engine = EngineInfo("transcript", "deaf", "1")

    def begin_call(self) -> None: ...

    def transcribe(self, segment: Segment) -> Rejection:
        return Rejection("nothing understood")

    def close(self) -> None: ...


class Voice:
    """A voice judge of one opinion."""

    engine = EngineInfo("voice", "scripted", "1")
    trace: Sequence[VoicePoint] = ()

    def __init__(self, level: VoiceLevel) -> None:
        self.verdict = VoiceVerdict(level, -3.0, 0.05, 5.0, reasons=("The voice reason.",))
        self.restarts: list[int] = []

    def hear(self, segment: Segment) -> VoiceVerdict | None:
        return self.verdict

    def advance(self) -> VoiceVerdict | None:
        return None

    def restart(self, at: int) -> VoiceVerdict:
        self.restarts.append(at)
        return self.verdict

    def finish(self) -> VoiceVerdict:
        return self.verdict


class Speaker:
    """Gives its verdicts one by one."""

    engine = EngineInfo("speaker", "scripted", "1")

    def __init__(self, *verdicts: SpeakerVerdict | None) -> None:
        self._verdicts = list(verdicts)
        self.changes: list[VoiceChange] = []

    def hear(self, segment: Segment) -> SpeakerVerdict | None:
        return self._verdicts.pop(0)

    def finish(self) -> SpeakerVerdict:
        return NOBODY


def pipeline(voice: VoiceLevel | Voice, speaker: Speaker | None) -> Pipeline:
    return Pipeline(
        Deaf(),
        voice if isinstance(voice, Voice) else Voice(voice),
        TalkJudge(load_tactics(resources.ROOT / "tactics" / "en.yaml")),
        AgentSigns(load_signs(resources.ROOT / "disclosure" / "signs.yaml"), Channel.CALLER, mono=False),
        DisclosureJudge(
            (load_rule(resources.ROOT / "policies" / "company.yaml"),),
            load_statements(resources.ROOT / "disclosure" / "en.yaml"),
            day=date(2026, 11, 22),
        ),
        AlertRules(PLAYBOOK),
        ChallengeJudge(CHALLENGES),
        speaker,
    )


def of_identity(events: list[Event]) -> list[Event]:
    return [e for e in events if isinstance(e, SpeakerJudged | SpeakerChanged | IdentityJudged)]


def alerts(events: list[Event], subject: str) -> list[Alert]:
    return [e.alert for e in events if isinstance(e, AlertRaised) and e.alert.subject == subject]


def test_a_synthetic_voice_that_matches_is_an_alert_of_its_own():
    events = pipeline(VoiceLevel.LIKELY_SYNTHETIC, Speaker(MATCH)).hear(speech(5, 0.1))
    (alert,) = alerts(events, "identity")
    assert alert.level is AlertLevel.ALERT
    assert alert.title == "The voice sounds like Ann and looks synthetic"
    assert alert.next_step == PLAYBOOK.first_step(Situation.COPIED_VOICE)
    assert "The voice reason." in alert.reason
    assert alert.at == 5 * CALL_RATE


def test_another_voice_is_a_watch_and_later_a_clone_an_alert():
    walk = pipeline(VoiceLevel.LIKELY_SYNTHETIC, Speaker(NO_MATCH, NO_MATCH, MATCH))
    (watch,) = alerts(walk.hear(speech(5, 0.1)), "identity")
    assert (watch.level, watch.next_step) == (
        AlertLevel.WATCH,
        PLAYBOOK.first_step(Situation.OTHER_VOICE),
    )
    assert alerts(walk.hear(speech(5, 0.1, start_s=5)), "identity") == []
    (alert,) = alerts(walk.hear(speech(5, 0.1, start_s=10)), "identity")
    assert alert.level is AlertLevel.ALERT


@pytest.mark.parametrize("voice", [VoiceLevel.REAL, VoiceLevel.UNSURE, VoiceLevel.NOT_ENOUGH_SPEECH])
def test_a_match_that_is_not_synthetic_raises_nothing(voice: VoiceLevel):
    assert alerts(pipeline(voice, Speaker(MATCH)).hear(speech(5, 0.1)), "identity") == []


def test_a_watched_voice_is_a_watch_with_its_name_and_case():
    hit = dataclasses.replace(NOBODY, watch_hits=(HIT,))
    (alert,) = alerts(pipeline(VoiceLevel.REAL, Speaker(hit)).hear(speech(5, 0.1)), "watch_list")
    assert alert.level is AlertLevel.WATCH
    assert "con man of the watch list, heard in case 20261101-1 (asks for MFA)" in alert.reason
    assert "likelihood ratio 6.0, threshold 4.6" in alert.reason
    assert alert.next_step == PLAYBOOK.first_step(Situation.WATCHED_VOICE)


def test_changes_come_before_the_verdict_they_led_to_and_once():
    speaker = Speaker(MATCH, NO_MATCH, NO_MATCH)
    walk = pipeline(VoiceLevel.REAL, speaker)
    walk.hear(speech(5, 0.1))
    change = VoiceChange(6 * CALL_RATE, -5.0, -4.6)
    speaker.changes.append(change)
    first, second, third = of_identity(walk.hear(speech(5, 0.1, start_s=5)))
    at = 10 * CALL_RATE
    assert first == SpeakerChanged(change, at)
    assert second == SpeakerJudged(NO_MATCH, at)
    assert isinstance(third, IdentityJudged)
    assert third.verdict.level is IdentityLevel.DOES_NOT_MATCH
    assert of_identity(walk.hear(speech(5, 0.1, start_s=10))) == []


def test_with_nobody_claimed_no_identity_is_stored():
    events = pipeline(VoiceLevel.REAL, Speaker(NOBODY)).hear(speech(5, 0.1))
    assert of_identity(events) == [SpeakerJudged(NOBODY, 5 * CALL_RATE)]


def test_without_an_encoder_nothing_is_said_of_identity_and_no_engine_named():
    walk = pipeline(VoiceLevel.REAL, None)
    events = [*walk.hear(speech(5, 0.1)), *walk.finish(5 * CALL_RATE, is_whole=True)]
    assert of_identity(events) == []
    assert "speaker" not in [engine.job for engine in walk.engines]
    with_one = pipeline(VoiceLevel.REAL, Speaker())
    assert [engine.job for engine in with_one.engines][1:3] == ["voice", "speaker"]


def test_an_encoder_that_fails_is_stored_and_the_call_goes_on(caplog: pytest.LogCaptureFixture):
    class Failing(Speaker):
        def hear(self, segment: Segment) -> SpeakerVerdict | None:
            raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL):
        events = pipeline(VoiceLevel.REAL, Failing()).hear(speech(5, 0.1))
    failed = [e for e in events if isinstance(e, NotJudged) and e.stage == "speaker"]
    assert [(e.channel, e.end) for e in failed] == [(Channel.CALLER, 5 * CALL_RATE)]
    assert "the speaker engine failed: ZeroDivisionError" in failed[0].reason
    assert "voice" in [event.kind for event in events]


def test_the_voice_is_judged_anew_where_another_took_over_and_only_once():
    speaker = Speaker(NOBODY, NOBODY, NOBODY)
    voice = Voice(VoiceLevel.REAL)
    walk = pipeline(voice, speaker)
    walk.hear(speech(5, 0.1))
    assert voice.restarts == []
    speaker.changes.append(VoiceChange(6 * CALL_RATE, -5.0, -4.6))
    walk.hear(speech(5, 0.1, start_s=5))
    walk.hear(speech(5, 0.1, start_s=10))
    assert voice.restarts == [6 * CALL_RATE]
