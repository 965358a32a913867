"""What becomes of the caller's voice in the agent's microphone: `make bench-echo`; needs shared data.

Calls are made of real voices in rooms drawn at random (exponentially decaying noise, RT60 0.2-0.6 s,
direct sound -3 to 9 dB over the reverberation, 5-400 ms late, clocks wandering by up to 2 ms,
loudspeakers that distort and cut frequencies off), cut by the program's own segmenter and judged as in a
call. A segment is echo when its agent's part is silent, the agent's when they speak in it for 0.1 s or
more. A call's delay and level are the medians of its segments that are judged to be echo; a call without
one has neither. The thresholds were set on speakers of the voice data's training part (`--tuning`); what
is told by default is on others.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from audio.echo.watch import EchoJudgement, EchoWatch, Heard
from audio.types import CALL_RATE, AudioChunk, Channel
from detection.segmenter import Segmenter, SegmenterSettings
from detection.types import Segment
from detection.vad import WINDOW, SileroVad, frame
from tests.bench.echo_calls import (
    LEVELS_DB,
    VOICE_DBFS,
    EchoCall,
    Voices,
    conversation,
    hard_cases,
    real_call,
    through_room,
    voices,
)
from tests.echo_room import Sound

CHUNK = CALL_RATE // 20
SEED = 11
AGENT_S = 0.1


@dataclass
class Outcome:
    """What came of the segments of some calls."""

    heard: dict[str, Counter[Heard]] = field(
        default_factory=lambda: {"echo": Counter(), "agent": Counter(), "both": Counter()}
    )
    silent: Counter[str] = field(default_factory=Counter)
    """Segments said to hold both in which voice activity finds no speech once the echo is gone."""
    cleaner_db: list[float] = field(default_factory=list)
    """By how much taking the echo away brought a segment with both nearer to the agent's voice alone."""
    dropped_agent_s: list[float] = field(default_factory=list)
    echo_calls: int = 0
    """Calls over a loudspeaker."""
    level_errors_db: list[float] = field(default_factory=list)
    """Of those whose echo was found."""
    delay_errors_ms: list[float] = field(default_factory=list)
    call_s: float = 0.0
    watch_s: float = 0.0
    judge_s: float = 0.0

    def take(self, call: EchoCall, segment: Segment, judgement: EchoJudgement, vad: SileroVad) -> None:
        piece = slice(segment.start, segment.end)
        agent_s, echo_s = _voiced_s(call.agent[piece]), _voiced_s(call.echo[piece])
        if judgement.heard is Heard.ECHO and agent_s:
            self.dropped_agent_s.append(agent_s)
        if 0 < agent_s < AGENT_S or not (agent_s or echo_s):
            return
        kind = "echo" if not agent_s else "both" if echo_s >= AGENT_S else "agent"
        self.heard[kind][judgement.heard] += 1
        if judgement.samples is not None and not _has_speech(judgement.samples, vad):
            self.silent["echo" if kind == "echo" else "agent"] += 1
        if kind == "both" and judgement.samples is not None:
            agent = call.agent[piece] + call.noise[piece]
            before, after = segment.samples - agent, judgement.samples - agent
            self.cleaner_db.append(10 * np.log10(np.mean(before**2) / np.mean(after**2)))

    def take_estimates(self, call: EchoCall, judgements: list[EchoJudgement]) -> None:
        if call.level_db is None:
            return
        self.echo_calls += 1
        echoes = [judgement for judgement in judgements if judgement.heard is Heard.ECHO]
        if not echoes:
            return
        told = np.array([(each.delay_ms, each.level_db) for each in echoes], float)
        delay_ms, level_db = np.median(told, axis=0)
        self.level_errors_db.append(level_db - call.level_db)
        if call.delay_ms is not None:
            self.delay_errors_ms.append(abs(delay_ms - call.delay_ms))

    def row(self) -> list[str]:
        echo, agent, both = (self.heard[kind] for kind in ("echo", "agent", "both"))
        kept = sum(agent.values()) + sum(both.values()) - agent[Heard.ECHO] - both[Heard.ECHO]
        return [
            f"{echo[Heard.ECHO]}/{sum(echo.values())}",
            f"{self.silent['echo']}",
            f"{kept}/{sum(agent.values()) + sum(both.values())}",
            f"{self.silent['agent']}",
            f"{both[Heard.BOTH]}/{sum(both.values())}",
            f"{np.median(self.cleaner_db):.1f}" if self.cleaner_db else "-",
            f"{max(self.dropped_agent_s):.2f}" if self.dropped_agent_s else "-",
            f"{len(self.level_errors_db)}/{self.echo_calls}",
            f"{np.quantile(self.delay_errors_ms, 0.95):.1f}" if self.delay_errors_ms else "-",
            f"{np.median(np.abs(self.level_errors_db)):.1f}" if self.level_errors_db else "-",
            f"{self.watch_s / self.call_s:.4f}",
            f"{(self.watch_s + self.judge_s) / self.call_s:.4f}",
        ]


def listen(call: EchoCall, vad: SileroVad, outcome: Outcome) -> None:
    """Take a call in as the pump thread does and add what became of it to `outcome`."""
    watch, judgements = EchoWatch(), []
    segmenter = Segmenter(Channel.AGENT, vad.stream())
    for start in range(0, len(call.mic), CHUNK):
        end = start + CHUNK
        own = AudioChunk(Channel.AGENT, start, CALL_RATE, call.mic[start:end])
        begun = time.process_time()
        watch.push(AudioChunk(Channel.CALLER, start, CALL_RATE, call.far[start:end]))
        watch.push(own)
        outcome.watch_s += time.process_time() - begun
        ended = segmenter.push(own)
        if end >= len(call.mic):
            ended += segmenter.flush()
        for segment in ended:
            begun = time.process_time()
            judgement = watch.judge(segment.start, segment.end)
            outcome.judge_s += time.process_time() - begun
            outcome.take(call, segment, judgement, vad)
            judgements.append(judgement)
    outcome.call_s += len(call.mic) / CALL_RATE
    outcome.take_estimates(call, judgements)


def main() -> int:
    """Measure and print; exit status 1 where there is nothing to measure on."""
    options = _options()
    data = Path(os.environ.get("EARWITNESS_SHARED", "../shared")) / "data"
    if not data.is_dir():
        sys.stderr.write(f"bench-echo needs the shared data folder, which is not at {data}.\n")
        return 1
    spoken = voices(data, held_out=not options.tuning)
    vad, console = SileroVad(), Console(width=190)
    table = _table(f"conversations, {options.calls} calls of 45 s a level, {len(spoken)} speakers")
    rng = np.random.default_rng(options.seed)
    for level_db in (*LEVELS_DB, None):
        outcome = Outcome()
        for _ in range(options.calls):
            listen(conversation(rng, spoken, level_db), vad, outcome)
        table.add_row("no loudspeaker" if level_db is None else f"{level_db:g} dB", *outcome.row())
    console.print(table)
    table = _table("a real call of 245 s, its caller over a loudspeaker")
    for level_db in (-3.0, -10.0, -20.0, None):
        outcome = Outcome()
        for call in _real_calls(data, rng, level_db, options.rooms, vad):
            listen(call, vad, outcome)
        table.add_row("no loudspeaker" if level_db is None else f"{level_db:g} dB", *outcome.row())
    console.print(table)
    table = _table(f"hard cases, {options.cases} calls of 45 s each")
    for name, draw in hard_cases().items():
        outcome = Outcome()
        for _ in range(options.cases):
            listen(draw(rng, spoken), vad, outcome)
        table.add_row(name, *outcome.row())
    console.print(table)
    console.print(_one_device(rng, spoken, vad, options.cases), markup=False)
    return 0


def _real_calls(
    data: Path, rng: np.random.Generator, level_db: float | None, rooms: int, vad: SileroVad
) -> Iterator[EchoCall]:
    """It has a room and a noise of its own; its agent speaks where the segmenter hears them alone."""
    caller, agent = real_call(data)
    segmenter = Segmenter(Channel.AGENT, vad.stream())
    speaks = np.zeros(len(agent), bool)
    for segment in [*segmenter.push(AudioChunk(Channel.AGENT, 0, CALL_RATE, agent)), *segmenter.flush()]:
        speaks[segment.start : segment.end] = True
    for _ in range(rooms):
        call = through_room(rng, caller, agent, level_db)
        yield EchoCall(caller, agent * speaks, call.echo, agent * ~speaks, call.delay_ms, level_db)


def _one_device(rng: np.random.Generator, spoken: Voices, vad: SileroVad, calls: int) -> str:
    """Both channels from one device: what is dropped of the agent's."""
    outcome = Outcome()
    for _ in range(calls):
        call = conversation(rng, spoken, None)
        both = call.far + call.mic
        nothing = np.zeros_like(both)
        listen(EchoCall(both, both, nothing, nothing), vad, outcome)
    heard = outcome.heard["agent"]
    return f"one device for both: {heard[Heard.ECHO]}/{sum(heard.values())} segments dropped"


def _voiced_s(sound: Sound) -> float:
    """Seconds in which a part of the microphone's sound is within 35 dB of a usual voice."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320).astype(np.float64)
    return 0.02 * float((10 * np.log10(np.mean(frames**2, axis=1) + 1e-12) > VOICE_DBFS - 35).sum())


def _has_speech(sound: Sound, vad: SileroVad) -> bool:
    settings = SegmenterSettings()
    windows, _ = frame(sound)
    speech = vad.stream().probabilities(windows) >= settings.on
    return bool(speech.sum() * WINDOW >= settings.min_speech_s * CALL_RATE)


def _table(title: str) -> Table:
    return Table(
        title,
        "echo dropped",
        "silent once cleaned",
        "agent kept",
        "silent once cleaned",
        "both cleaned",
        "nearer by dB",
        "most of the agent dropped, s",
        "echo found in calls",
        "delay off, ms p95",
        "level off, dB",
        "watching, core-s/s",
        "in all",
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=24, help="conversations a level")
    parser.add_argument("--cases", type=int, default=6, help="calls of each hard case")
    parser.add_argument("--rooms", type=int, default=3, help="rooms for the real call")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--tuning", action="store_true", help="on the speakers that the thresholds come from"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
