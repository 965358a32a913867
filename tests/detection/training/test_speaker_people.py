"""Who is learnt from and who is only measured on: no person may be in two parts."""

import csv
from pathlib import Path

from detection.training.speaker.people import ALWAYS_TRAINED, is_named, read_people


def people_of(folder: Path, rows: list[tuple[str, str, str]]) -> dict[str, set[str]]:
    """Speakers by part of a manifest of (split, label, speaker)."""
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "split", "label", "system", "speaker", "source"))
        for n, (split, label, speaker) in enumerate(rows):
            writer.writerow((f"{n}.flac", split, label, "system", speaker, "a/page"))
    people = read_people(folder)
    return {
        name: {clip.speaker for clip in getattr(people, name)}
        for name in ("training", "held", "evaluation")
    }


def test_a_held_person_is_out_of_the_training_under_every_spelling(tmp_path: Path) -> None:
    rows = [("train", "real", f"libri-{n}") for n in range(50)]
    rows += [("train", "real", f"libritts-{n}") for n in range(50)]
    rows += [("train", "synthetic", f"librispeech-{n}") for n in range(50)]
    parts = people_of(tmp_path, rows)
    assert 30 < len(parts["held"]) < 50
    assert len(parts["training"] | parts["held"]) == 50
    assert not parts["training"] & parts["held"]


def test_a_person_with_one_recording_is_learnt_from(tmp_path: Path) -> None:
    parts = people_of(tmp_path, [("train", "real", f"mls-{n}") for n in range(50)])
    assert len(parts["training"]) == 50
    assert not parts["held"]


def test_labels_that_may_share_a_person_are_never_measured_on(tmp_path: Path) -> None:
    rows = [("train", "real", f"wavefit-{n}") for n in range(20)] * 3
    rows += [("eval", "real", "pico-unlabelled"), ("eval", "real", "vctk-p225")]
    parts = people_of(tmp_path, rows)
    assert not parts["held"]
    assert parts["evaluation"] == {"vctk-p225"}


def test_a_person_of_the_evaluation_is_neither_learnt_from_nor_held(tmp_path: Path) -> None:
    rows = [("train", "real", f"vctk-p{n}") for n in range(20)] * 2
    rows += [("train", "synthetic", f"vctk-p{n}") for n in range(20)]
    rows += [("eval", "real", f"vctk-p{n}") for n in range(20)]
    parts = people_of(tmp_path, rows)
    assert len(parts["evaluation"]) == 20
    assert not parts["training"] | parts["held"]


def test_the_shared_recordings_have_enough_people_and_no_overlap(shared: Path) -> None:
    people = read_people(shared / "data" / "voice")
    trained = {clip.speaker for clip in people.training}
    held = {clip.speaker for clip in people.held}
    tested = {clip.speaker for clip in people.evaluation}
    assert len(held) >= 50
    assert len(tested) >= 50
    assert not trained & (held | tested)
    assert not held & tested
    assert trained >= ALWAYS_TRAINED
    assert all(is_named(speaker) for speaker in held | tested)
    assert not any(clip.synthetic for clip in people.held + people.evaluation)
    assert not any("/eval/" in clip.path.as_posix() for clip in people.training + people.held)
