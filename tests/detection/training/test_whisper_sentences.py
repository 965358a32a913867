"""What the recognizer's training has said: wordings, and how they are read out."""

import json
from pathlib import Path

import numpy as np
import pytest

from detection.training.whisper.sentences import (
    Grammar,
    Part,
    call_sentences,
    in_no_order,
    read_grammar,
    robocall_sentences,
    words_as_written,
)
from detection.training.whisper.spoken import spoken


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return read_grammar()


def sentences(grammar: Grammar, part: Part, count: int = 1500) -> list[str]:
    rng = np.random.default_rng(0)
    return [grammar.sentence(part, rng) for _ in range(count)]


def test_wordings_measured_on_are_never_learnt(grammar: Grammar):
    templates = [
        {t for many in part.values() for t in many} for part in (grammar.training, grammar.held_out)
    ]
    assert not templates[0] & templates[1]
    learnt, measured = (set(sentences(grammar, part)) for part in Part)
    assert len(learnt) > 1000
    assert len(measured) > 500
    assert not learnt & measured


def test_every_word_measured_on_can_have_been_learnt(grammar: Grammar):
    unknown = grammar.words(Part.HELD_OUT) - grammar.words(Part.TRAINING) - grammar.slot_words()
    assert not unknown


@pytest.mark.parametrize("part", Part)
def test_sentences_are_plain_writing(grammar: Grammar, part: Part):
    for sentence in sentences(grammar, part):
        assert not set(sentence) & set("[]{}|"), sentence
        assert sentence == " ".join(sentence.split())
        assert sentence[0].isupper(), sentence
        assert sentence[-1] in ".?!", sentence
        assert " ," not in sentence


def test_alternatives_and_slots_stand_within_each_other():
    grammar = Grammar(
        {"who": ["[my|your] {one}", "nobody"], "one": ["boss"]}, {"f": ["[ask|] {who}"]}, {}
    )
    said = {grammar.sentence(Part.TRAINING, np.random.default_rng(seed)) for seed in range(60)}
    assert said == {
        f"{text[0].upper()}{text[1:]}."
        for verb in ("ask ", "")
        for text in (f"{verb}my boss", f"{verb}your boss", f"{verb}nobody")
    }


def test_a_slot_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError, match="where"):
        Grammar({}, {"f": ["{where}"]}, {}).sentence(Part.TRAINING, np.random.default_rng(0))


def test_of_robocalls_only_what_can_be_read_out(tmp_path: Path):
    texts = [
        "Press 1 now. Your car is old. HURRY UP please. Thanks",
        "Call us at home. " + "so " * 30 + "far.",
    ]
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    assert robocall_sentences(path) == ["Call us at home.", "Your car is old."]


def test_of_written_calls_every_turn(tmp_path: Path):
    path = tmp_path / "calls.jsonl"
    turns = [
        {"speaker": "agent", "text": "hi there, who is it"},
        {"speaker": "caller", "text": "it's me. Ok?"},
    ]
    path.write_text(json.dumps({"turns": turns}))
    assert call_sentences(path) == ["Hi there, who is it.", "It's me."]


def test_words_keep_the_capitals_that_they_always_have():
    assert words_as_written(["Please ask Karen. Ask the MFA team.", "An MFA Team, please?"]) == {
        "ask", "Karen", "the", "MFA", "team", "please",
    }  # fmt: skip


def test_words_in_no_order_are_many_and_of_those_given():
    words = ["reset", "the", "phone", "Karen"]
    said = [in_no_order(words, np.random.default_rng(seed)) for seed in range(50)]
    assert all(3 <= len(text.split()) <= 9 and text.endswith(".") for text in said)
    assert {word.lower() for text in said for word in text[:-1].split()} == {w.lower() for w in words}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("MFA,", "em eff ay,"),
        ("D-A-N.", "dee ay en."),
        ("W", "double you"),
        ("I", "I"),
        ("A", "A"),
        ("iPhone?", "eye phone?"),
        ("PIN.", "pin."),
        ("password", "password"),
        ("Karen,", "Karen,"),
    ],
)
def test_what_a_synthesizer_reads_for_a_word(written: str, said: str):
    assert spoken(written) == said
