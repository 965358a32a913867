"""How well a change of speaker is found: `python -m tests.bench.hand_over [PACK]`.

Needs the shared data folder. On people the built-in encoder was not trained on, clean and through G.711:
how often a single voice is taken for two, how often and how late another voice that takes over is found,
and how often recordings of one and of two people are refused at enrolment. One session each, so that
what is heard is voices and not lines.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import resources
from app.evaluation.channels import CHANNELS
from app.evaluation.hearing import read_sound, speech_in
from audio.types import CALL_RATE, Channel, Samples
from detection.errors import DetectionError
from detection.training.speaker.people import read_people
from detection.types import Segment
from detection.vad import SileroVad
from detection.voice.encoder import SpeakerEncoder, load_encoder
from detection.voice.enrolment import voiceprint
from detection.voice.scoring import Embeddings
from detection.voice.speaker import EmbeddingJudge

BUILT_IN = resources.ROOT / "models" / "earwitness-speaker-small"
LEAST_S, PAIRS = 18.0, 300
NEAR_S = 6.0
"""A change further than this from where it was is a false one."""


class Remembering:
    """An encoder that embeds no window twice: people are joined in many pairs."""

    def __init__(self, encoder: SpeakerEncoder) -> None:
        self.manifest = encoder.manifest
        self.cohort = encoder.cohort
        self._encoder = encoder
        self._known: dict[bytes, Embeddings] = {}

    def embeddings(self, windows: Samples) -> Embeddings:
        keys = [window.tobytes() for window in windows]
        for key, window in zip(keys, windows, strict=True):
            if key not in self._known:
                self._known[key] = self._encoder.embeddings(window[None])[0]
        return np.stack([self._known[key] for key in keys])


def main() -> int:
    """Measure and print; exit status 1 where there is nothing to measure on."""
    shared = Path(os.environ.get("EARWITNESS_SHARED", "../shared")) / "data" / "voice"
    if not shared.is_dir():
        sys.stderr.write(f"hand_over needs the shared data folder, which is not at {shared}.\n")
        return 1
    encoder = Remembering(load_encoder(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT_IN))
    table = Table(
        "", "people", "one voice taken for two", "hand-overs found", "heard until found", "false ones",
        "one person refused", "two people refused",
    )  # fmt: skip
    for channel in ("clean", "g711"):
        table.add_row(
            channel, *_figures(encoder, _speech(shared, channel, encoder.manifest.input.hop_s))
        )
    Console().print(table)
    return 0


def _speech(data: Path, channel: str, hop_s: float) -> list[Samples]:
    """The joined speech of each person who has enough of it, in whole hops."""
    people, vad = read_people(data), SileroVad()
    said: defaultdict[str, list[Samples]] = defaultdict(list)
    for clip in (*people.held, *people.evaluation):
        sound = CHANNELS[channel](read_sound(clip.path))
        said[clip.speaker] += [segment.samples for segment in speech_in(sound, vad)]
    hop = round(hop_s * CALL_RATE)
    joined = [np.concatenate(parts) for parts in said.values() if parts]
    whole = [speech[: len(speech) // hop * hop] for speech in joined]
    return [speech for speech in whole if len(speech) >= LEAST_S * CALL_RATE]


def _figures(encoder: SpeakerEncoder, people: list[Samples]) -> list[str]:
    alone = [bool(_changes(encoder, speech)) for speech in people]
    rng = np.random.default_rng(0)
    delays, false, refused = [], 0, 0
    for _ in range(PAIRS):
        one, other = (people[index] for index in rng.choice(len(people), 2, replace=False))
        joined = np.concatenate([one, other])
        changes = _changes(encoder, joined)
        near = [at for at, _ in changes if abs(at - len(one)) <= NEAR_S * CALL_RATE]
        false += len(changes) - len(near[:1])
        if near:
            delays.append(next(heard for at, heard in changes if at == near[0]) - len(one))
        refused += _is_refused(encoder, joined)
    waited = np.quantile(delays, [0.5, 0.9]) / CALL_RATE
    long_enough = [s for s in people if len(s) >= encoder.manifest.thresholds.enrol_speech_s * CALL_RATE]
    single = sum(_is_refused(encoder, speech) for speech in long_enough)
    return [
        str(len(people)),
        f"{sum(alone)} of {len(alone)}",
        f"{len(delays) / PAIRS:.0%} of {PAIRS}",
        f"{waited[0]:.0f} s (90%: {waited[1]:.0f} s)",
        str(false),
        f"{single} of {len(long_enough)}",
        f"{refused / PAIRS:.0%} of {PAIRS}",
    ]


def _changes(encoder: SpeakerEncoder, speech: Samples) -> list[tuple[int, int]]:
    """Where the voice changed, and how much had been heard when that was found, in samples."""
    judge, found = EmbeddingJudge(encoder), []
    for segment in _segments(speech):
        judge.hear(segment)
        found += [(change.start, segment.end) for change in judge.changes[len(found) :]]
    return found


def _is_refused(encoder: SpeakerEncoder, speech: Samples) -> bool:
    try:
        voiceprint(encoder, "somebody", _segments(speech))
    except DetectionError:
        return True
    return False


def _segments(speech: Samples) -> Iterator[Segment]:
    for start in range(0, len(speech), CALL_RATE):
        samples = speech[start : start + CALL_RATE]
        yield Segment(Channel.CALLER, start, start + len(samples), samples)


if __name__ == "__main__":
    sys.exit(main())
