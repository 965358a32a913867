import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.disclosure.signs import AgentSigns
from detection.disclosure.signs_pack import load_signs
from detection.errors import DetectionError
from detection.types import AgentLevel, Utterance, VoiceLevel, VoiceVerdict

CALLER, AGENT = Channel.CALLER, Channel.AGENT
FILE = resources.ROOT / "disclosure" / "signs.yaml"
PACK = load_signs(FILE)
SCRIPT = (
    "hello this is ava from brightsmile dental i am calling about your cleaning on monday at nine "
    "and i would like to know whether that time still works for you or whether you would rather come "
    "later in the week we have thursday at ten and friday at eleven please tell me which of these you "
    "would like"
)


def voice(level, llr):
    return VoiceVerdict(level, llr, 0.5, 20.0, threshold_real=-1.6, threshold_synthetic=2.2)


def signs(earlier=None, mono=False):
    return AgentSigns(PACK, CALLER, earlier, mono=mono)


def talk(judge, delays, text="the order is number four", question="what is the order number"):
    now = 0.0
    for delay in delays:
        for channel, said, start, end in (
            (AGENT, question, now, now + 2),
            (CALLER, text, now + 2 + delay, now + 5 + delay),
        ):
            span = (round(start * CALL_RATE), round(end * CALL_RATE))
            judge.hear_speech(channel, *span)
            judge.hear(Utterance(channel, *span, said, 1.0))
        now += 6 + delay


@pytest.mark.parametrize(
    ("level", "llr", "agent"),
    [
        (VoiceLevel.NOT_CHECKED, None, AgentLevel.NOT_CHECKED),
        (VoiceLevel.NOT_ENOUGH_SPEECH, 1.0, AgentLevel.NOT_ENOUGH_SPEECH),
        (VoiceLevel.REAL, -3.0, AgentLevel.HUMAN_LIKE),
        (VoiceLevel.UNSURE, 0.0, AgentLevel.UNSURE),
        (VoiceLevel.SUSPECT, 1.8, AgentLevel.UNSURE),
        (VoiceLevel.LIKELY_SYNTHETIC, 3.0, AgentLevel.AGENT_LIKE),
    ],
)
def test_the_voice_alone_decides_where_nothing_else_is_known(level, llr, agent):
    judge = signs()
    judge.hear_voice(voice(level, llr))
    verdict = judge.verdict
    assert verdict.level is agent
    assert verdict.llr == (llr or 0.0)


def test_how_it_takes_turns_can_tip_a_suspect_voice_and_never_a_real_one():
    even = [1.0, 1.05, 0.95, 1.0, 1.02, 0.98] * 4
    suspect, real = signs(), signs()
    suspect.hear_voice(voice(VoiceLevel.SUSPECT, 2.0))
    real.hear_voice(voice(VoiceLevel.REAL, -1.7))
    for judge in (suspect, real):
        talk(judge, even)
    assert suspect.verdict.level is AgentLevel.AGENT_LIKE
    assert {"gap_spread", "overlap"} <= {sign.name for sign in suspect.verdict.signs}
    assert real.verdict.level is AgentLevel.UNSURE


def test_a_synthetic_voice_with_a_persons_manner_is_unsure():
    judge = signs()
    judge.hear_voice(voice(VoiceLevel.LIKELY_SYNTHETIC, 2.3))
    talk(
        judge, [-0.5, 0.1, 2.5, 0.4, -0.8, 1.6, 0.2, -0.4, 3.0, 0.7], text="um well uh the order is four"
    )
    assert judge.verdict.level is AgentLevel.UNSURE
    assert "fillers" in {sign.name for sign in judge.verdict.signs}


def test_all_but_the_voice_together_is_bounded():
    judge = signs(lambda: [same.sketch.text] * 5)
    same = signs()
    same.hear(Utterance(CALLER, 0, CALL_RATE, SCRIPT, 1.0))
    judge.hear_voice(voice(VoiceLevel.UNSURE, 0.0))
    talk(judge, [1.0] * 40)
    judge.hear(Utterance(CALLER, 10**7, 10**7 + CALL_RATE, SCRIPT, 1.0))
    verdict = judge.verdict
    assert verdict.llr == PACK.most_llr
    assert verdict.level is AgentLevel.UNSURE


def test_the_wording_of_earlier_calls_is_a_sign_and_is_asked_for_once():
    asked = []
    same, other = signs(), signs()
    same.hear(Utterance(CALLER, 0, CALL_RATE, SCRIPT, 1.0))
    other.hear(Utterance(CALLER, 0, CALL_RATE, " ".join(reversed(SCRIPT.split())), 1.0))

    def earlier():
        asked.append(1)
        return [same.sketch.text, other.sketch.text, "damaged"]

    judge = signs(earlier)
    for number in range(4):
        judge.hear(Utterance(CALLER, number * CALL_RATE, (number + 1) * CALL_RATE, SCRIPT, 1.0))
    (sign,) = (one for one in judge.verdict.signs if one.name == "repeated_wording")
    assert sign.llr == PACK.repeated_wording.one
    assert "1 earlier" in sign.sentence
    assert asked == [1]


def test_on_one_channel_only_the_voice_is_told():
    judge = signs(mono=True)
    judge.hear_voice(voice(VoiceLevel.LIKELY_SYNTHETIC, 3.0))
    talk(judge, [1.0] * 10)
    assert [sign.name for sign in judge.verdict.signs] == ["voice"]
    assert judge.sketch.runs == 0


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("least_turns: 6", "least_turns: 1", "least_turns"),
        ("most_llr: 1.5", "most_llr: lots", "most_llr"),
        ("{agent: 0.02, person: 0.06}", "{agent: 0.02}", "overlap.person"),
        ("agent: 0.9, person", "agent: 0, person", "a spread is more than 0 s"),
        ('"spell"', '"Spell!"', "questions.open"),
    ],
)
def test_a_mistake_in_the_pack_is_named_with_its_line(tmp_path, before, after, says):
    text = FILE.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(DetectionError, match=r"mine\.yaml, line \d+") as caught:
        load_signs(path)
    assert says in str(caught.value)
