import pytest

import resources
from audio.types import Channel
from detection.fusion import AlertRules, Verdicts
from detection.playbook import load_playbook
from detection.types import (
    Alert,
    AlertLevel,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    Finding,
    IdentityLevel,
    IdentityVerdict,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceLevel,
    VoiceVerdict,
    WatchHit,
)

PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")


def verdicts(
    voice: VoiceLevel = VoiceLevel.REAL,
    conversation: ConversationLevel = ConversationLevel.CALM,
    disclosure: DisclosureState = DisclosureState.LISTENING,
    tactics: tuple[tuple[str, float], ...] = (),
    identity: IdentityLevel = IdentityLevel.NOT_CHECKED,
    side: Channel = Channel.CALLER,
) -> Verdicts:
    return Verdicts(
        VoiceVerdict(voice, reasons=("The voice reason.",)),
        ConversationVerdict(conversation, reasons=("The talk reason.",)),
        DisclosureVerdict(disclosure, reasons=("The disclosure reason.",)),
        findings=[Finding(t, t, "words", side, 0, 1, weight, "pack", "1") for t, weight in tactics],
        identity=IdentityVerdict(identity, "Ann", reasons=("The identity reason.",)),
    )


def raised(*seen: Verdicts) -> list[tuple[str, AlertLevel]]:
    rules = AlertRules(PLAYBOOK)
    return [(a.subject, a.level) for at, each in enumerate(seen) for a in rules.due(each, at)]


def test_nothing_is_raised_where_nothing_was_checked_or_found():
    nothing = [
        verdicts(),
        verdicts(VoiceLevel.NOT_CHECKED, ConversationLevel.NOT_CHECKED, DisclosureState.NOT_CHECKED),
        verdicts(VoiceLevel.UNSURE, ConversationLevel.NOT_ENOUGH_SPEECH, DisclosureState.HUMAN),
    ]
    assert raised(*nothing) == []


def test_a_disclosed_assistant_raises_nothing():
    assert raised(verdicts(VoiceLevel.LIKELY_SYNTHETIC, disclosure=DisclosureState.DISCLOSED)) == []


def test_each_alert_is_raised_once_and_a_watch_may_become_an_alert():
    watch = verdicts(conversation=ConversationLevel.WATCH)
    vishing = verdicts(conversation=ConversationLevel.VISHING)
    assert raised(watch, watch, vishing, vishing, watch) == [
        ("conversation", AlertLevel.WATCH),
        ("conversation", AlertLevel.ALERT),
    ]


def test_a_suspect_voice_alone_raises_nothing_and_makes_nothing_louder():
    suspect = verdicts(VoiceLevel.SUSPECT)
    watched = verdicts(VoiceLevel.SUSPECT, ConversationLevel.WATCH)
    synthetic = verdicts(VoiceLevel.LIKELY_SYNTHETIC)
    assert raised(suspect) == []
    assert raised(suspect, synthetic) == [("voice", AlertLevel.WATCH)]
    assert raised(watched) == [("conversation", AlertLevel.WATCH)]


def test_a_synthetic_voice_makes_a_watched_conversation_an_alert():
    seen = verdicts(VoiceLevel.LIKELY_SYNTHETIC, ConversationLevel.WATCH, DisclosureState.NOT_DISCLOSED)
    assert ("conversation", AlertLevel.ALERT) in raised(seen)


RISKY = (("R2", 1.5),)
SYNTHETIC, SUSPECT = VoiceLevel.LIKELY_SYNTHETIC, VoiceLevel.SUSPECT
ASKED = 'R2: "words" (0:00).'


def of_talk(seen: Verdicts) -> list[Alert]:
    return [alert for alert in AlertRules(PLAYBOOK).due(seen, 7) if alert.subject == "conversation"]


@pytest.mark.parametrize(
    ("seen", "title", "reason"),
    [
        (verdicts(SYNTHETIC, tactics=RISKY), "A synthetic voice", "The voice reason."),
        (
            verdicts(identity=IdentityLevel.DOES_NOT_MATCH, tactics=RISKY),
            "A voice that is not Ann's",
            "The identity reason.",
        ),
        (
            verdicts(SYNTHETIC, identity=IdentityLevel.LIKELY_CLONE, tactics=RISKY),
            "What sounds like a copy of Ann's voice",
            "The identity reason.",
        ),
    ],
)
def test_a_voice_that_is_wrong_makes_a_risky_ask_of_a_calm_talk_an_alert(
    seen: Verdicts, title: str, reason: str
):
    (alert,) = of_talk(seen)
    assert alert.level is AlertLevel.ALERT
    assert alert.title == f"{title}, and a risky request"
    assert alert.reason == f"{ASKED} {reason}"
    assert alert.next_step == PLAYBOOK.first_step("R2")


@pytest.mark.parametrize(
    "seen",
    [
        verdicts(SYNTHETIC, tactics=(("R1", 0.8), ("R4", 1.5), ("R11", 1.0), ("P1", 1.0))),
        verdicts(SYNTHETIC, tactics=RISKY, side=Channel.AGENT),
        verdicts(SYNTHETIC, disclosure=DisclosureState.DISCLOSED, tactics=RISKY),
        verdicts(SUSPECT, disclosure=DisclosureState.DISCLOSED_LATE, tactics=RISKY),
        verdicts(identity=IdentityLevel.UNSURE, tactics=RISKY),
        verdicts(identity=IdentityLevel.MATCHES, tactics=RISKY),
        verdicts(VoiceLevel.UNSURE, tactics=RISKY),
        verdicts(tactics=RISKY),
    ],
)
def test_what_is_no_risky_ask_or_no_wrong_voice_leaves_a_calm_talk_alone(seen: Verdicts):
    assert of_talk(seen) == []


def test_a_suspect_voice_only_ever_makes_a_watch():
    (watch,) = of_talk(verdicts(SUSPECT, tactics=RISKY))
    assert watch.level is AlertLevel.WATCH
    assert watch.reason == f"{ASKED} The voice reason."
    (watched,) = of_talk(verdicts(SUSPECT, ConversationLevel.WATCH, tactics=RISKY))
    assert watched.level is AlertLevel.WATCH


def test_another_voice_or_a_clone_makes_a_watched_conversation_an_alert():
    for level in (IdentityLevel.DOES_NOT_MATCH, IdentityLevel.LIKELY_CLONE):
        (alert,) = of_talk(verdicts(conversation=ConversationLevel.WATCH, identity=level))
        assert alert.level is AlertLevel.ALERT
        assert alert.reason == "The talk reason. The identity reason."
    (alert,) = of_talk(
        verdicts(SYNTHETIC, ConversationLevel.WATCH, DisclosureState.DISCLOSED, tactics=RISKY)
    )
    assert alert.level is AlertLevel.ALERT, "having said so excuses no signs of voice phishing"


def test_a_watched_voice_under_another_name_becomes_an_alert():
    seen = verdicts()
    hit = WatchHit("con man", "20261101-1", "", 6.0, 4.6, 0)
    seen.speaker = SpeakerVerdict(SpeakerLevel.UNSURE, "Ann", watch_hits=(hit,))
    rules = AlertRules(PLAYBOOK)
    (watch,) = rules.due(seen, 1)
    seen.other_claims.append("Before, it claimed to be Mark.")
    (alert,) = rules.due(seen, 2)
    assert (watch.level, alert.level) == (AlertLevel.WATCH, AlertLevel.ALERT)
    assert "Before, it claimed to be Mark." in alert.reason
    assert rules.due(seen, 3) == []


def test_a_denial_is_an_alert_and_silence_a_watch():
    synthetic = VoiceLevel.LIKELY_SYNTHETIC
    assert ("disclosure", AlertLevel.ALERT) in raised(
        verdicts(synthetic, disclosure=DisclosureState.DENIED)
    )
    for quiet in (DisclosureState.NOT_DISCLOSED, DisclosureState.EVASIVE):
        assert ("disclosure", AlertLevel.WATCH) in raised(verdicts(synthetic, disclosure=quiet))


def test_an_alert_carries_the_reason_and_the_step_for_the_heaviest_ask():
    seen = verdicts(
        conversation=ConversationLevel.VISHING, tactics=(("P1", 3.0), ("R1", 0.5), ("R2", 1.5))
    )
    (alert,) = AlertRules(PLAYBOOK).due(seen, 42)
    assert alert.reason == "The talk reason."
    assert alert.next_step == PLAYBOOK.first_step("R2")
    assert alert.at == 42
