import csv
from pathlib import Path

from detection.training.countermeasure.clips import Part, read_parts, speaker_identity


def test_the_same_reader_has_one_name() -> None:
    assert speaker_identity("librispeech-1089") == speaker_identity("libritts-1089") == "libri-1089"
    assert speaker_identity("LJSpeech") == speaker_identity("ljspeech")


def test_evaluation_rows_are_never_in_another_part(shared: Path) -> None:
    data = shared / "data" / "voice"
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        kept = {data / row["path"] for row in csv.DictReader(file) if row["split"] == "eval"}
    parts = read_parts(data)
    assert {clip.path for clip in parts[Part.EVAL]} == kept
    assert not kept & {clip.path for part in (Part.TRAIN, Part.HELD) for clip in parts[part]}


def test_no_source_that_is_held_whole_and_no_held_person_is_trained_on(shared: Path) -> None:
    parts = read_parts(shared / "data" / "voice")
    trained = {clip.speaker for clip in parts[Part.TRAIN] if not clip.synthetic}
    held = {clip.speaker for clip in parts[Part.HELD] if not clip.synthetic}
    assert len(held) > 50
    assert not trained & held


def test_the_held_part_has_enough_of_both_classes(shared: Path) -> None:
    held = read_parts(shared / "data" / "voice")[Part.HELD]
    assert sum(clip.synthetic for clip in held) > 150
    assert sum(not clip.synthetic for clip in held) > 150
