"""The shipped pack on real words, and what a pack that is amiss says."""

import json
import shutil
from pathlib import Path

import pytest

import resources
from detection.disclosure.reader import LONGEST_TURN, load_statement_reader
from detection.errors import DetectionError
from detection.text.passage import normal_words

PACK = resources.ROOT / "models" / "earwitness-statements-en"


@pytest.fixture(scope="module")
def reader():
    return load_statement_reader(PACK)


def told(reader, text, before="", *, is_subject=True):
    return reader.read(normal_words(before), normal_words(text), is_subject=is_subject)


@pytest.mark.parametrize(
    ("label", "said", "before", "other"),
    [
        ("disclosure", "Hello, I'm an automated assistant, not a person.", "", "Hello, I'm a plumber."),
        ("denied", "No, I'm a real person.", "Are you a robot?", "No, the other account."),
        ("evasive", "Let's get back to your order.", "Are you a real person?", "It's the blue one."),
        ("truthful", "Yes, I am.", "Are you a bot?", "Yes, on Monday."),
    ],
)
def test_plain_statements_stand_out(reader, label, said, before, other):
    threshold = reader.manifest.thresholds[label]
    assert told(reader, said, before)[label] >= threshold
    assert told(reader, other, "Which one do you mean?")[label] < threshold


def test_a_question_is_one_whoever_asks_and_depends_on_the_side(reader):
    asks = reader.manifest.thresholds["asks"]
    assert told(reader, "Am I talking to a real person?", is_subject=False)["asks"] >= asks
    assert told(reader, "Are you open on Monday?", is_subject=False)["asks"] < asks


def test_the_other_sides_statement_is_none_of_the_party(reader):
    text = "I'm an automated assistant, not a person."
    assert told(reader, text)["disclosure"] > told(reader, text, is_subject=False)["disclosure"]


@pytest.mark.parametrize("text", ["", "🤖", "word " * 5_000, "a" * 100_000, "\u202eabc\x00"])
def test_any_text_is_read(reader, text):
    shares = told(reader, text, before=text)
    assert set(shares) == set(reader.manifest.labels)
    assert all(0 <= share <= 1 for share in shares.values())


def test_only_the_last_words_are_read(reader):
    words = tuple(f"w{number}" for number in range(500))
    whole = reader.read((), words, is_subject=True)
    assert whole == reader.read((), words[-LONGEST_TURN:], is_subject=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda pack: (pack / "tokenizer.json").write_text("{}"), "tokenizer.json"),
        (lambda pack: (pack / "statements.onnx").write_bytes(b"no"), "statements.onnx"),
        (lambda pack: (pack / "manifest.json").unlink(), "manifest.json"),
    ],
)
def test_a_damaged_pack_is_named(tmp_path: Path, change, says):
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    change(pack)
    with pytest.raises(DetectionError) as caught:
        load_statement_reader(pack)
    assert says in str(caught.value)


def test_a_threshold_of_an_unknown_label_is_refused(tmp_path: Path):
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    manifest = json.loads((pack / "manifest.json").read_text())
    manifest["thresholds"]["jokes"] = 0.5
    (pack / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DetectionError, match="jokes"):
        load_statement_reader(pack)
