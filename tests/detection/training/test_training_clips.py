import csv
from collections import Counter
from pathlib import Path

from detection.training.countermeasure.clips import (
    DEBIAN_SOURCE,
    Clip,
    Part,
    read_parts,
    speaker_identity,
)
from detection.training.countermeasure.folds import FOLDS, folds


def test_the_same_reader_has_one_name() -> None:
    assert speaker_identity("librispeech-1089") == speaker_identity("libritts-1089") == "libri-1089"
    assert speaker_identity("LJSpeech") == speaker_identity("ljspeech")


def test_evaluation_rows_are_never_in_another_part(shared: Path) -> None:
    data = shared / "data" / "voice"
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        kept = {data / row["path"] for row in csv.DictReader(file) if row["split"] == "eval"}
    parts = read_parts(data)
    assert {clip.path for clip in parts[Part.EVAL]} == kept
    assert not kept & {clip.path for clip in parts[Part.TRAIN]}


def test_every_source_is_in_one_fold_and_all_folds_have_enough_of_both_classes(shared: Path) -> None:
    clips = read_parts(shared / "data" / "voice")[Part.TRAIN]
    fold_of = folds(clips)
    assert fold_of.keys() == {clip.source for clip in clips}
    for synthetic in (False, True):
        sizes = Counter(fold_of[clip.source] for clip in clips if clip.synthetic == synthetic)
        assert len(sizes) == FOLDS
        assert max(sizes.values()) - min(sizes.values()) < 10


def test_debians_voices_are_never_left_out() -> None:
    clips = [
        Clip(Path("a"), True, "flite rms", DEBIAN_SOURCE, "rms"),
        Clip(Path("b"), True, "some system", "some page", "x"),
        Clip(Path("c"), False, "human", "other page", "y"),
    ]
    assert folds(clips).keys() == {"some page", "other page"}
