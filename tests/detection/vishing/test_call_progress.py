"""Whether the caller was verified, what the agent did, and which of them was first."""

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.types import CallStage, CheckState, ConversationLevel, Utterance, Verified
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics

CALLER, AGENT = Channel.CALLER, Channel.AGENT


@pytest.fixture(scope="module")
def pack():
    return load_tactics(resources.ROOT / "tactics" / "en.yaml")


def _call(pack, *turns, mono=False):
    judge = TalkJudge(pack, mono=mono)
    now = 0.0
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        judge.hear(Utterance(channel, int(now * CALL_RATE), int(end * CALL_RATE), text, 1.0))
        now = end + 0.5
    return judge


def _states(judge):
    return {check.name: check.state for check in judge.verdict.checks}


def test_a_call_without_checks_or_acts_stays_at_contact(pack):
    judge = _call(pack, (CALLER, "hi my printer eats paper"), (AGENT, "is it the big one"))
    assert judge.verdict.stage is CallStage.CONTACT
    assert judge.verdict.verified is Verified.NO
    assert judge.verdict.checks == judge.verdict.acts == ()


def test_the_stages_of_a_con_in_their_order(pack):
    turns = (
        (CALLER, "hi it is daniel from sales i need you to reset my mfa"),
        (CALLER, "my flight leaves in ten minutes and my old phone is broken"),
        (AGENT, "okay i will skip the security check this once"),
        (AGENT, "there the old phone is removed"),
    )
    stages = [_call(pack, *turns[:n]).verdict.stage for n in range(1, 5)]
    assert stages == list(CallStage)


def test_a_dodged_call_back_is_quoted_with_its_time(pack):
    judge = _call(
        pack,
        (AGENT, "Can I call you back on the number on file?"),
        (CALLER, "That number is old, it was stolen with my bag."),
    )
    (check,) = (one for one in judge.verdict.checks if one.name == "call_back")
    assert check.state is CheckState.DODGED
    assert check.is_strong
    assert check.asked_at < 5 * CALL_RATE < check.at + CALL_RATE
    assert "number is old" in check.quote


@pytest.mark.parametrize(
    ("name", "asked", "answer", "state"),
    [
        ("video_or_badge", "can you do a video call", "my camera is broken", CheckState.DODGED),
        ("video_or_badge", "hold your badge to the camera", "i will not do that", CheckState.REFUSED),
        ("video_or_badge", "hold your badge to the camera", "like this", CheckState.ASKED),
        ("manager", "your manager has to confirm it", "she is on a plane", CheckState.DODGED),
        ("call_back", "i will ring you back", "no don't call back", CheckState.REFUSED),
        ("known_facts", "what is your date of birth", "i don't remember", CheckState.DODGED),
        ("known_device", "i am sending a push to your phone", "i can't see it", CheckState.DODGED),
    ],
)
def test_what_became_of_each_check(pack, name, asked, answer, state):
    assert _states(_call(pack, (AGENT, asked), (CALLER, answer)))[name] is state


def test_an_act_before_a_strong_check_is_a_reason(pack):
    judge = _call(
        pack,
        (CALLER, "please reset my mfa and do not call me back my phone is broken i am in a hurry"),
        (AGENT, "what is your date of birth"),
        (CALLER, "first of may nineteen eighty"),
        (AGENT, "that is right. I have removed the old phone."),
    )
    verdict = judge.verdict
    assert verdict.verified is Verified.WEAKLY
    assert verdict.stage is CallStage.EXTRACTION
    assert [act.is_verified for act in verdict.acts] == [False]
    assert verdict.level in {ConversationLevel.WATCH, ConversationLevel.VISHING}
    assert "A second factor was reset before the caller was verified." in verdict.reasons


def test_an_act_after_a_strong_check_is_none(pack):
    judge = _call(
        pack,
        (AGENT, "turn your camera on and hold the badge up"),
        (CALLER, "like this"),
        (AGENT, "I can see you, same face as the photo."),
        (AGENT, "I have removed the old phone."),
    )
    assert judge.verdict.verified is Verified.YES
    assert [act.is_verified for act in judge.verdict.acts] == [True]
    assert not any("before the caller" in reason for reason in judge.verdict.reasons)


def test_a_caller_cannot_pass_a_check_by_saying_so(pack):
    judge = _call(
        pack,
        (AGENT, "turn your camera on and hold the badge up"),
        (CALLER, "you can see me, same face, the badge matches, that is me"),
    )
    assert judge.verdict.verified is Verified.NO


def test_a_dodged_check_must_be_asked_again_before_it_can_be_passed(pack):
    dodged = (
        (AGENT, "turn your camera on"),
        (CALLER, "my camera is broken"),
        (AGENT, "i see it does not matter, that is you then"),
    )
    assert _call(pack, *dodged).verdict.verified is Verified.NO
    again = (*dodged, (AGENT, "let us try the camera again"), (AGENT, "I can see you now."))
    assert _call(pack, *again).verdict.verified is Verified.YES


@pytest.mark.parametrize(
    ("asked", "said", "act"),
    [
        ("so what do i write", "It's capital H, dash, four, seven.", "secret_given"),
        ("you read me the code", "four one nine oh seven two", "secret_given"),
        ("take the old one off", "it's gone", "factor_reset"),
        ("it's callum at outlook dot com", "That's saved for you.", "contact_changed"),
        ("press allow", "Okay. My mouse is moving.", "remote_session"),
        ("press approve when it buzzes", "Approved.", "prompt_approved"),
        ("sort code oh four oh six", "it's saved", "payment_changed"),
        ("can you switch it off", "real-time protection is paused", "protection_off"),
    ],
)
def test_acts_in_the_agents_words(pack, asked, said, act):
    judge = _call(pack, (CALLER, asked), (AGENT, said))
    assert act in {one.name for one in judge.verdict.acts}


@pytest.mark.parametrize(
    "said",
    [
        "I can't remove the old phone.",
        "I have not removed the old phone.",
        "If I have removed the old phone you must come in.",
        "Your ticket is four one nine oh seven two.",
    ],
)
def test_what_was_not_done_is_no_act(pack, said):
    assert _call(pack, (CALLER, "hello"), (AGENT, said)).verdict.acts == ()


def test_the_callers_words_are_no_act_of_the_agent(pack):
    assert _call(pack, (CALLER, "i have removed the old phone")).verdict.acts == ()


def test_where_nobody_knows_who_spoke_nothing_is_said_of_verification(pack):
    verdict = _call(pack, (AGENT, "what is your date of birth"), mono=True).verdict
    assert (verdict.stage, verdict.verified) == (None, Verified.NOT_CHECKED)
