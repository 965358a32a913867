"""Makes the sample calls from `calls.yaml`: python -m resources.samples.make_samples [FOLDER].

Each turn is spoken by flite (Debian package `flite`), put on its speaker's channel (caller left,
agent right), given a low noise floor, limited to the telephone band (300-3400 Hz) and written as
8 kHz G.711 mu-law WAV, with the true times of the turns as JSON beside it. The same flite gives the
same bytes each time.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from app.evaluation.spoken_calls import Line, speak_call, write_mulaw
from app.evaluation.synthesizers import FLITE, SPEECH_RATE
from audio.types import Channel

HERE = Path(__file__).parent


def main() -> None:
    """Write every call of `calls.yaml` and its truth into the folder given, or beside this script."""
    if not FLITE.is_here:
        sys.exit("flite was not found: install it (Debian: apt-get install flite) and run this again.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    scripts = yaml.safe_load((HERE / "calls.yaml").read_text(encoding="utf-8"))
    for name, script in scripts.items():
        lines = [Line(**turn | {"speaker": Channel(turn["speaker"])}) for turn in script["turns"]]
        call, turns = speak_call(lines, FLITE, script["seed"])
        write_mulaw(folder / f"{name}.wav", call)
        truth = {"duration_s": call.shape[1] / SPEECH_RATE, "turns": [asdict(turn) for turn in turns]}
        (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
