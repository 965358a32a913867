"""What random sentences and phrases are made of."""

from pathlib import Path

import jiwer
import pytest
import yaml

import resources
from detection.challenge.pack import LEAST_DIFFERENT, load_challenges
from detection.errors import DetectionError
from detection.steps import ChallengeKind

SHIPPED = resources.ROOT / "challenges" / "en.yaml"
SENTENCE, PHRASE = ChallengeKind.SENTENCE, ChallengeKind.ONE_TIME_PHRASE


@pytest.fixture(scope="module")
def pack():
    return load_challenges(SHIPPED)


def test_there_are_more_than_anybody_can_prepare(pack):
    assert pack.different(SENTENCE) > 10_000_000
    assert pack.different(PHRASE) > 50_000


@pytest.mark.parametrize("kind", list(ChallengeKind))
def test_hardly_any_is_drawn_twice(pack, kind):
    drawn = {pack.draw(kind) for _ in range(200)}
    assert len(drawn) > 195


def test_a_sentence_is_whole_and_has_enough_words_that_count(pack):
    for _ in range(50):
        text = pack.draw(SENTENCE)
        assert text.endswith(".")
        assert "{" not in text
        assert len(pack.counting(text)) >= 6
        assert "the" not in pack.counting(text)


def test_a_phrase_has_different_words(pack):
    for _ in range(50):
        assert len(set(pack.counting(pack.draw(PHRASE)))) == pack.one_time_phrase.number


def test_no_word_could_be_taken_for_another_in_its_place(pack):
    lists = {**pack.words, "phrase": pack.one_time_phrase.words}
    alike = [
        (one, other)
        for words in lists.values()
        for one in words
        for other in words
        if one < other and jiwer.cer(one.lower(), other.lower()) <= pack.likeness
    ]
    assert alike == []


def broken(tmp_path: Path, *place: str, value: object) -> str:
    data = yaml.safe_load(SHIPPED.read_text("utf-8"))
    inside = data
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(DetectionError) as raised:
        load_challenges(path)
    message = str(raised.value)
    number = int(message.removeprefix(f"{path}, line ").partition(":")[0])
    lines = path.read_text().splitlines()
    begun = next(n for n, line in enumerate(lines) if line.startswith(f"{place[0]}:"))
    assert begun < number <= begun + len(yaml.safe_dump({place[0]: data[place[0]]}).splitlines())
    return message


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("sentence", "frames"), ["The {colour} house."], "sentence.frames.0: '{colour}' is no list"),
        (("sentence", "frames"), ["The house."], "has no gap"),
        (("sentence", "frames"), ["The {place"], "sentence.frames.0"),
        (("sentence", "frames"), ["{place} {place}"], "is there twice"),
        (("sentence", "frames"), ["The {place} on {day}."], f"at least {LEAST_DIFFERENT} are needed"),
        (("sentence", "failed"), 0.9, "failed must be below passed"),
        (("sentence", "pased"), 0.9, "no field of that name"),
        (("words", "place"), ["the", "garden"], "'the' must be one word that counts"),
        (("words", "place"), ["garden", "garden"], "words.place.1: 'garden' is there twice"),
        (("one_time_phrase", "words"), ["green house", "b"], "must be one word that counts"),
        (("one_time_phrase", "number"), 1, "one_time_phrase.number"),
        (("likeness",), 0.8, "likeness"),
    ],
)
def test_a_mistake_is_named_with_its_file_line_and_field(tmp_path: Path, place, value, said):
    assert said in broken(tmp_path, *place, value=value)
