"""What a turn costs the rules of the tactics pack, and the models that read talk: `make bench-tactics`.

Prints the time per turn on one thread, in milliseconds at the 50th and 99th percentile and at most,
over every turn of the written calls (`detection/training/talk/calls`, without the held-out ones), over
hostile texts as long as speech can be, and over both; then the time per 1,000 words of texts far longer
than any turn. A turn is an utterance in, findings and checks out, without the transcript. The time is
the thread's processor time, so that other programs disturb it less. The models are measured in the
same way with the rules under them.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from audio.types import CALL_RATE, Channel
from detection.types import Utterance
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack
from detection.vishing.reader import TalkReader, load_reader
from resources import ROOT

CALLS = Path(__file__).parents[2] / "detection" / "training" / "talk" / "calls"
TARGET_MS = 1.0
"""For the 99th percentile over both."""
TURN_WORDS = 100
"""About what is said in 30 s, the longest segment that speech is cut into."""

Turn = tuple[Channel, str]

_SAID = (
    "reset my password ",
    "do you need my code ",
    "never read me the code right now please ",
    "call me back on the number on file i do not have it ",
    "capital a seven b dash nine nine four one ",
    "it is gone it is saved that is in okay done ",
    "\u202e\u05d0\u05e0\u05d9 \u05e6\u05e8\u05d9\u05da reset my password ",
    "<script>alert('reset my password')</script> ",
    "'; DROP TABLE cases; -- reset my password ",
    "\x00\x1b[31m\x07 mfa\x00 ",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z ",
    "\u00e1\u00e9\u00ed\u00f3\u00fa \u00f1\u00fc \ufb01\u2460 \U0001f600 ",
)
HOSTILE = tuple(
    (channel, " ".join((said * TURN_WORDS).split()[:TURN_WORDS]))
    for said in _SAID
    for channel in Channel
)
LONG = {
    "one line of 1 MB, the same request": "reset my password " * 55_000,
    "one line of 1 MB, a hypothetical": "do you " * 140_000,
    "one word of 1 MB": "a" * 1_000_000,
}


def written_calls() -> Iterator[Sequence[Turn]]:
    """The turns of each written call that was not held out."""
    for path in sorted(CALLS.glob("*.jsonl")):
        if path.stem.startswith("held_out"):
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            yield [(Channel(turn["speaker"]), turn["text"]) for turn in json.loads(line)["turns"]]


def time_call(pack: TacticsPack, turns: Sequence[Turn], reader: TalkReader | None = None) -> list[float]:
    """Milliseconds of processor time that each of `turns` takes."""
    judge, now, taken = TalkJudge(pack, reader), 0.0, []
    for channel, text in turns:
        end = now + len(text.split()) / 2.5
        utterance = Utterance(channel, int(now * CALL_RATE), int(end * CALL_RATE), text, 1.0)
        began = time.thread_time()
        judge.hear(utterance)
        taken.append((time.thread_time() - began) * 1_000)
        now = end + 0.5
    return taken


def main() -> None:
    """Measure and print."""
    pack = load_tactics(ROOT / "tactics" / "en.yaml")
    console = Console()
    rules = _table(console, f"rules of {pack.id} per turn", pack, None)
    over = np.percentile(rules, 99) > TARGET_MS
    console.print(f"p99 over both is {'OVER' if over else 'within'} the target of {TARGET_MS:g} ms")
    reader = load_reader(ROOT / "models" / "earwitness-talk-minilm-en")
    _table(console, f"the same with {reader.manifest.id} per turn", pack, reader)
    for name, text in LONG.items():
        (taken,) = time_call(pack, [(Channel.CALLER, text)])
        console.print(
            f"{name}: {taken:.0f} ms, {1_000 * taken / len(text.split()):.2f} ms per 1,000 words"
        )


def _table(console: Console, title: str, pack: TacticsPack, reader: TalkReader | None) -> list[float]:
    written = [taken for turns in written_calls() for taken in time_call(pack, turns, reader)]
    hostile = [taken for _ in range(10) for taken in time_call(pack, HOSTILE, reader)]
    table = Table("", "turns", "p50 ms", "p99 ms", "most ms", title=title)
    for name, taken in (
        ("written calls", written),
        (f"hostile texts of {TURN_WORDS} words", hostile),
        ("both", written + hostile),
    ):
        figures = (*np.percentile(taken, (50, 99)), max(taken))
        table.add_row(name, str(len(taken)), *(f"{figure:.3f}" for figure in figures))
    console.print(table)
    return written + hostile


if __name__ == "__main__":
    main()
