import json
import time
from pathlib import Path

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.text.passage import Passage, spoken_words
from detection.types import ConversationLevel, Utterance
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics

CALLER, AGENT = Channel.CALLER, Channel.AGENT
TALK = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def pack():
    return load_tactics(resources.ROOT / "tactics" / "en.yaml")


def _say(judge, *turns, start_s=0.0):
    """Hears the turns one after the other; every finding."""
    findings = []
    now = start_s
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        findings += judge.hear(Utterance(channel, int(now * CALL_RATE), int(end * CALL_RATE), text, 1.0))
        now = end + 0.5
    return findings


def _labels(pack, *turns):
    return {finding.tactic for finding in _say(TalkJudge(pack), *turns)}


CON = (
    (
        CALLER,
        "hi this is daniel from the sales team i've got a new phone and i need you to reset my mfa",
    ),
    (AGENT, "can i call you back on the number on file"),
    (CALLER, "you can't call me back my old phone is broken please don't call back"),
    (AGENT, "what is your employee id"),
    (CALLER, "i don't remember it i'm in a hurry i have a board meeting in ten minutes"),
)
LOCKED_OUT = (
    (
        CALLER,
        "i'm locked out of my account can you reset my password please i have a meeting in ten minutes",
    ),
    (AGENT, "sure can i call you back on the number on file"),
    (CALLER, "yes of course my employee id is 4 4 1 2"),
)


def test_what_the_log_shows_is_evidence_that_repeats_weigh_less(pack):
    judge = TalkJudge(pack)
    finding = judge.note("P13", "call 3 about Ann in 24 hours", 7)
    assert finding
    assert (finding.title, finding.channel, finding.start, finding.end) == (
        *("Repeated calls for one identity", CALLER),
        *(7, 7),
    )
    weight = pack.tactics["P13"].weight
    assert judge.verdict.llr == finding.weight == weight
    assert judge.verdict.level is ConversationLevel.NOT_ENOUGH_SPEECH, "nothing was said"
    _say(judge, *CON)
    told = 'The same identity was called about several times. "call 3 about Ann in 24 hours" (0:00).'
    assert told in judge.verdict.reasons
    again = judge.note("P13", "call 3 about Ann in 24 hours", 8)
    assert again
    assert again.weight == pytest.approx(weight * pack.repeat_factor)


def test_a_pack_without_the_tactic_takes_no_note_of_it(pack):
    tactics = {label: tactic for label, tactic in pack.tactics.items() if label != "P13"}
    judge = TalkJudge(pack.model_copy(update={"tactics": tactics}))
    assert judge.note("P13", "call 3 about Ann in 24 hours", 0) is None
    assert judge.verdict.llr == 0


def test_a_con_is_recognised_and_quoted(pack):
    judge = TalkJudge(pack)
    findings = _say(judge, *CON)
    assert {"R2", "R3", "P6", "P7", "P1"} <= {f.tactic for f in findings}
    verdict = judge.verdict
    assert verdict.level is ConversationLevel.VISHING
    assert verdict.llr >= pack.thresholds.alert == verdict.threshold_alert
    assert verdict.score > 0.5
    isolation = next(f for f in findings if f.tactic == "P6")
    assert "can't call me back" in isolation.quote
    assert any("can't call me back" in reason for reason in verdict.reasons)
    assert isolation.channel is CALLER
    assert isolation.pack == pack.id


def test_an_honest_locked_out_caller_stays_calm(pack):
    judge = TalkJudge(pack)
    assert "R1" in {f.tactic for f in _say(judge, *LOCKED_OUT)}
    assert judge.verdict.level is ConversationLevel.CALM
    doubt = "Only known phrases were looked for: a con in other words goes unnoticed."
    assert judge.verdict.reasons == (doubt,)


@pytest.mark.parametrize(
    "text",
    [
        "please reset my password",
        "please reset my mfa and give me a temporary access code",
        "don't call me back don't call me back don't tell anyone keep this between us",
        "read me the code what is the code read me the code tell me the code",
        "it is urgent right now immediately i am in a hurry asap",
    ],
)
def test_one_kind_of_evidence_never_raises_an_alert(pack, text):
    judge = TalkJudge(pack)
    for index in range(30):
        _say(judge, (CALLER, text), start_s=60.0 * index)
    assert judge.verdict.level is not ConversationLevel.VISHING


def test_pressure_without_any_request_is_at_most_a_watch(pack):
    judge = TalkJudge(pack)
    _say(
        judge,
        (CALLER, "do you know who i am this is on you i am in a hurry"),
        (CALLER, "don't hang up don't tell anyone it was already approved by the director"),
        (CALLER, "i can't do video call me on my other number"),
    )
    assert judge.verdict.level is ConversationLevel.WATCH


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("i would never ask you to read me the code", "R5"),
        ("someone called and told me to install any desk", "R7"),
        ("do you need to reset my password for that", "R1"),
        ("you don't need to reset my password", "R1"),
        ("there is no rush it is not urgent at all", "P1"),
        ("what happens if you reset my mfa", "R2"),
        ("the scammer said don't tell anyone", "P6"),
        ("where do i enter my discount code tell me the discount code", "R5"),
    ],
)
def test_negation_hypotheticals_and_reports_are_no_tactic(pack, text, label):
    assert label not in _labels(pack, (CALLER, text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Could you please just take my old phone off, and put this one on?", "R2"),
        ("can you please research my my low key factor authentication and remove my old phone", "R2"),
        ("please reset an affair", "R2"),
        ("i need you to respect the multi factor authentication on my account", "R2"),
        ("please reset my password and send me the temporary access code", "R6"),
        ("I need you to open Quick Assist for me.", "R7"),
        ("could you buy some gift cards", "R12"),
        ("Turn off your anti-virus.", "R10"),
        ("my manager already approved it", "P8"),
        ("call me on my personal number", "P14"),
    ],
)
def test_requests_in_many_wordings(pack, text, label):
    assert label in _labels(pack, (CALLER, text))


def test_who_says_it_matters(pack):
    assert _labels(pack, (AGENT, "what is your employee id and do you have a new phone")) == set()
    assert "A1" in _labels(pack, (AGENT, "let me provide the password to you okay"))
    assert "A1" not in _labels(pack, (CALLER, "let me provide the password to you okay"))
    assert "R1" not in _labels(pack, (AGENT, "i can reset the password for you"))


def test_an_answer_means_something_only_after_its_question(pack):
    assert "C1" in _labels(pack, (AGENT, "can i call you back"), (CALLER, "yes go ahead"))
    assert "C1" not in _labels(pack, (AGENT, "is it raining"), (CALLER, "yes go ahead"))
    assert "P7" in _labels(pack, (AGENT, "can you do a video call"), (CALLER, "i can't right now"))
    assert "P7" not in _labels(pack, (AGENT, "can you see the icon"), (CALLER, "i can't right now"))


def test_an_answer_long_after_its_question_is_none(pack):
    judge = TalkJudge(pack)
    _say(judge, (AGENT, "can i call you back"))
    assert _say(judge, (CALLER, "yes go ahead"), start_s=60) == []


def test_on_one_channel_replies_are_not_judged(pack):
    judge = TalkJudge(pack, mono=True)
    assert _say(judge, (CALLER, "are you able to do a video call"), (CALLER, "no i can't")) == []


def test_a_phrase_cut_by_a_breath_is_found_once_with_its_time(pack):
    judge = TalkJudge(pack)
    assert _say(judge, (CALLER, "i really need you to reset")) == []
    found = _say(judge, (CALLER, "my multi factor authentication"), start_s=3.0)
    assert [f.tactic for f in found] == ["R2"]
    assert found[0].start < 3 * CALL_RATE < found[0].end
    assert _say(judge, (CALLER, "thank you"), start_s=6.0) == []


def test_repeats_weigh_less_and_then_nothing(pack):
    judge = TalkJudge(pack)
    weights = []
    for index in range(6):
        found = _say(judge, (CALLER, "please reset my mfa"), start_s=60.0 * index)
        weights += [f.weight for f in found]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) < 6
    assert sum(weights) <= pack.most("R2")


def test_counter_evidence_lowers(pack):
    judge = TalkJudge(pack)
    _say(judge, *CON)
    before = judge.verdict.llr
    found = _say(
        judge,
        (AGENT, "may i call you back on the number on file"),
        (CALLER, "sure go ahead"),
        start_s=120,
    )
    assert [f.tactic for f in found] == ["C1"]
    assert judge.verdict.llr == pytest.approx(before + found[0].weight, abs=0.01)


def test_too_little_talk_is_not_a_pass(pack):
    judge = TalkJudge(pack)
    assert judge.verdict.level is ConversationLevel.NOT_ENOUGH_SPEECH
    _say(judge, (AGENT, "hello and welcome to the service desk how can i help you today"))
    _say(judge, (CALLER, "yes hello"))
    assert judge.verdict.level is ConversationLevel.NOT_ENOUGH_SPEECH
    _say(judge, (CALLER, "the printer is broken again"))
    assert judge.verdict.level is ConversationLevel.CALM


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\x00\x01\x02",
        "\u202e\u05d0\u05e0\u05d9 \u05e6\u05e8\u05d9\u05da reset my password",
        "<script>alert('reset my password')</script>",
        "'; DROP TABLE cases; -- reset my password",
        "\ud7ff\U0010ffff " * 50,
        "a" * 1_000_000,
        "reset my password " * 55_000,
        "do you " * 140_000,
    ],
    ids=[
        "empty",
        "blank",
        "control",
        "rtl",
        "html",
        "sql",
        "planes",
        "one-word",
        "repeated",
        "hypothetical",
    ],
)
def test_hostile_text_is_handled_in_bounded_time(pack, text):
    judge = TalkJudge(pack)
    began = time.perf_counter()
    findings = judge.hear(Utterance(CALLER, 0, CALL_RATE, text, 1.0))
    assert time.perf_counter() - began < 20
    assert len(findings) <= len(pack.tactics)
    assert all(f.quote.isprintable() and len(f.quote) < 2_000 for f in findings)


def test_a_turn_is_matched_quickly(pack):
    judge = TalkJudge(pack)
    _say(judge, *CON)
    began = time.perf_counter()
    for index in range(50):
        _say(judge, *CON, start_s=60.0 * index)
    assert (time.perf_counter() - began) / (50 * len(CON)) < 0.02


def test_what_a_person_saw_weighs_like_what_was_said_and_its_repeats_less(pack):
    judge = TalkJudge(pack)
    _say(judge, *CON[:1])
    before = judge.verdict.llr
    first, second = (judge.note("P7", "refused a call-back", 9 * CALL_RATE) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.weight == pack.tactics["P7"].weight
    assert second.weight == pytest.approx(first.weight * pack.repeat_factor)
    assert judge.verdict.llr >= before + first.weight + second.weight - 0.001
    assert (first.start, first.channel, first.pack) == (9 * CALL_RATE, CALLER, pack.id)
    while judge.note("P7", "refused again", 10 * CALL_RATE):
        pass


def test_a_tactic_that_the_pack_has_not_is_no_evidence(pack):
    judge = TalkJudge(pack)
    assert judge.note("X1", "refused", 0) is None
    assert judge.verdict.llr == 0


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("reset my em ef a", "R2"),
        ("i need the multi factor authentic nation reset", "R2"),
        ("reset my oct a", "R2"),
        ("reset authenticate her app", "R2"),
        ("open annie desk", "R7"),
        ("start team fewer", "R7"),
        ("open quick a cyst", "R7"),
        ("buy gif cards", "R12"),
    ],
)
def test_sound_alikes_of_the_built_in_recognizer(pack, text, label):
    assert label in _labels(pack, (CALLER, text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("re set my pass word", "R1"),
        ("un lock my log in", "R1"),
        ("switch off the anti virus", "R10"),
        ("any desk please open any desk", "R7"),
        ("change my e mail address", "R4"),
    ],
)
def test_words_that_were_split(pack, text, label):
    assert label in _labels(pack, (CALLER, text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("reset password", "R1"),
        ("remove old phone", "R2"),
        ("register new phone", "R3"),
        ("change phone number", "R4"),
        ("read code", "R5"),
        ("approve push", "R5"),
        ("turn off anti virus", "R10"),
        ("change direct deposit", "R12"),
        ("in hurry", "P1"),
        ("do not remember employee id", "P7"),
    ],
)
def test_function_words_that_were_dropped(pack, text, label):
    assert label in _labels(pack, (CALLER, text))


def test_the_filter_before_the_phrases_loses_none(pack):
    index = pack.index
    for line in (TALK / "talk_dev.jsonl").read_text(encoding="utf-8").splitlines():
        for turn in json.loads(line)["turns"]:
            said = Utterance(CALLER, 0, CALL_RATE, turn["text"], 1.0)
            passage = Passage(spoken_words(said), frozenset(pack.ignore))
            searched = {one for one in pack.label_of if one.search(passage)}
            assert searched <= index.held_by(passage)


def test_a_call_of_five_hours_is_heard_to_its_end(pack):
    judge = TalkJudge(pack)
    for minute in range(300):
        _say(judge, (CALLER, "well the weather is nice here and so on " * 20), start_s=60.0 * minute)
    found = _say(judge, (CALLER, "please reset my mfa"), start_s=18_000)
    assert [f.tactic for f in found] == ["R2"]
    assert found[0].start >= 18_000 * CALL_RATE
