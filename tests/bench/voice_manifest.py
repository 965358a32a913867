"""A manifest for `earwitness evaluate voice` of the shared voice data, with groups of speakers.

    python -m tests.bench.voice_manifest --part eval build/eval.csv

`--part` is eval (systems and speakers never trained on), held (sources that chose the thresholds)
or train. The groups are as far as the data's own labels go: where a voice comes from, its language,
its line. Needs the shared data folder.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

from detection.training.countermeasure.clips import Part, read_parts

GROUPS = {
    "fsdd": "digits on an 8 kHz line, six speakers",
    "pico": "short commands, own devices, many accents",
    "az": "speech service samples",
    "psx": "recognizer test samples",
    "vctk": "read English, British and other accents",
    "vitsdemo": "read English, British and other accents",
    "arctic": "read English, US and other accents",
    "mls": "audiobooks, not English",
    "cv": "crowd recordings, own devices",
    "commonvoice": "crowd recordings, own devices",
    "thorsten": "read German",
    "aishell": "read Mandarin",
    "vox": "interviews, celebrities",
    "ljspeech": "audiobook, one US woman",
    "librivox": "audiobooks, English",
    "libritts": "audiobooks, English",
    "librispeech": "audiobooks, English",
    "libri": "audiobooks, English",
    "ms": "reference clips of a cloning page",
}
"""By the beginning of a speaker's name."""
OTHER = "other"
CROWDS = frozenset({"pico-unlabelled", "picovoice-ww-crowd"})
"""Names that stand for many people: their clips are written without a speaker."""


def group_of(speaker: str) -> str:
    """The group that a speaker's name stands for."""
    name = speaker.lower()
    return next((group for start, group in GROUPS.items() if name.startswith(start)), OTHER)


def main() -> int:
    """Write the manifest; exit status 1 without the data."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="CSV file to write")
    parser.add_argument("--part", choices=[part.value for part in Part], default=Part.EVAL.value)
    options = parser.parse_args()
    data = Path(os.environ.get("EARWITNESS_SHARED", "../shared")).resolve() / "data" / "voice"
    if not data.is_dir():
        sys.stderr.write(f"voice_manifest needs the shared data folder, which is not at {data}.\n")
        return 1
    wanted = {clip.path for clip in read_parts(data)[Part(options.part)]}
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if data / row["path"] in wanted]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "system", "speaker", "pair_id", "group"])
        for row in rows:
            group = group_of(row["speaker"]) if row["label"] == "real" else ""
            speaker = "" if row["speaker"] in CROWDS else row["speaker"]
            writer.writerow(
                [data / row["path"], row["label"], row["system"], speaker, row["pair_id"], group]
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
