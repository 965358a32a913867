import resources
from audio.types import Channel
from detection.fusion import AlertRules, Verdicts
from detection.playbook import load_playbook
from detection.types import (
    AlertLevel,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    Finding,
    VoiceLevel,
    VoiceVerdict,
)

PLAYBOOK = load_playbook(resources.ROOT / "playbooks" / "en.yaml")


def verdicts(
    voice: VoiceLevel = VoiceLevel.REAL,
    conversation: ConversationLevel = ConversationLevel.CALM,
    disclosure: DisclosureState = DisclosureState.LISTENING,
    tactics: tuple[tuple[str, float], ...] = (),
) -> Verdicts:
    return Verdicts(
        VoiceVerdict(voice, reasons=("The voice reason.",)),
        ConversationVerdict(conversation, reasons=("The talk reason.",)),
        DisclosureVerdict(disclosure, reasons=("The disclosure reason.",)),
        [Finding(t, t, "words", Channel.CALLER, 0, 1, weight, "pack", "1") for t, weight in tactics],
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
