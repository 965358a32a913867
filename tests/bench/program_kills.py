"""`earwitness listen` killed at random moments while it transcribes, and what each call has left."""

import random
import shutil
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from audio.clock import now_s
from audio.types import CALL_RATE, Channel, Samples
from tests.bench.far_side import FAR, FarSide
from tests.bench.listening_program import ListeningProgram, is_alive, recorded, shown
from tests.bench.marked_sound import RATE, Followed, at_call_rate, followed, marked_call
from tests.bench.sound_card import SoundCard, Stamps
from tests.bench.spread import spread
from tests.pulse import PrivatePulse, private_pulse

_SECONDS_EACH = 30.0
_LIVES_S = (2.0, 14.0)
_CHILD_ENDS_WITHIN_S = 10.0
_AROUND_S = 6.0
"""Silence at the begin, and what a player holds back, are less."""


@dataclass
class Killed:
    """A call whose program was killed at `at_s` (`now_s`)."""

    program: ListeningProgram
    at_s: float
    children_left: int


def measure(folder: Path, kills: int, at_once: int) -> dict[str, Any]:
    """Kill so many programs, of which several run at a time, and tell what they have left."""
    far, near = marked_call(kills / at_once * _SECONDS_EACH + 60)
    with private_pulse(folder, (FAR,)) as pulse:
        card, caller = SoundCard(pulse, folder, near), FarSide(pulse, folder, far)
        card.plug()
        card.prepare()
        card.start()
        try:
            caller.play()
            with ThreadPoolExecutor(at_once) as lanes:
                # Each lane has a data folder, in which one call is killed after another.
                killed = list(
                    chain(*lanes.map(partial(_lane, pulse, folder, kills, at_once), range(at_once)))
                )
            stamps = card.stamps()
        finally:
            caller.stop()
            card.stop()
    begun_s = caller.players[0].start_s
    return _figures(killed, stamps, begun_s, at_call_rate(far), at_call_rate(near))


def _lane(pulse: PrivatePulse, folder: Path, kills: int, at_once: int, lane: int) -> list[Killed]:
    return [_kill(pulse, folder / f"data{lane}", run) for run in range(lane, kills, at_once)]


def _kill(pulse: PrivatePulse, data: Path, run: int) -> Killed:
    program = ListeningProgram(pulse, data, str(run))
    while not program.heard_something():
        time.sleep(0.05)
    time.sleep(random.Random(run).uniform(*_LIVES_S))  # noqa: S311  when to kill is no secret
    at_s = now_s()
    children = program.kill()
    program.wait()
    deadline = now_s() + _CHILD_ENDS_WITHIN_S
    while (left := sum(map(is_alive, children))) and now_s() < deadline:
        time.sleep(0.1)
    return Killed(program, at_s, left)


def _figures(
    killed: list[Killed], stamps: Stamps, played_s: float, far: Samples, near: Samples
) -> dict[str, Any]:
    jumps, unplayable, unfound, refused, lines, missing = 0, 0, 0, 0, 0, 0
    lost_ms: dict[Channel, list[float]] = {channel: [] for channel in Channel}
    seconds, shown_events = 0.0, Counter[str]()
    for each in killed:
        paths = each.program.recordings
        unplayable += sum(map(_is_refused, paths))
        caller, agent = (recorded(path) for path in paths)
        seconds += len(agent) / CALL_RATE
        begin_s = each.at_s - len(agent) / CALL_RATE
        heard = _follow(agent, near, begin_s - stamps.begin_s)
        far_heard = _follow(caller, far, begin_s - played_s)
        if heard is None or far_heard is None:
            unfound += 1
            continue
        spoken_s = stamps.spoken_s(heard.places * RATE / CALL_RATE)
        call_s = float(np.median(spoken_s - heard.starts / CALL_RATE))
        until_s = stamps.spoken_s(np.array([heard.end_place * RATE / CALL_RATE]))[0]
        jumps += heard.jumps + far_heard.jumps
        lost_ms[Channel.AGENT].append((each.at_s - until_s) * 1e3)
        lost_ms[Channel.CALLER].append((each.at_s - call_s - far_heard.end / CALL_RATE) * 1e3)
        events = each.program.events()
        told = shown(each.program.output, each.program.case_id, events)
        lines, missing = lines + told.lines, missing + told.missing
        shown_events.update(event.kind for event in events)
        refused += not each.program.is_intact()
    return {
        "programs killed": len(killed),
        "seconds recorded": round(seconds),
        "files that cannot be played": unplayable,
        "recordings that were not found in what was played": unfound,
        "jumps in them": jumps,
        "missing before the kill ms, microphone": spread(lost_ms[Channel.AGENT]),
        "missing before the kill ms, far side": spread(lost_ms[Channel.CALLER]),
        "lines shown": lines,
        "lines shown that are not in the log": missing,
        "utterances and findings in the log": shown_events["utterance"] + shown_events["finding"],
        "cases not intact": refused,
        "child processes left": sum(each.children_left for each in killed),
    }


def _follow(sound: Samples, played: Samples, begin_s: float) -> Followed | None:
    """Follow a recording that began about `begin_s` after the sound did."""
    first = max(0, round((begin_s - _AROUND_S) * CALL_RATE))
    return followed(sound, 0, len(sound), played, slice(first, first + round(2 * _AROUND_S * CALL_RATE)))


def _is_refused(path: Path) -> bool:
    """Whether FLAC's own program, where it is installed, finds fault with a file."""
    flac = shutil.which("flac")
    if not flac:
        return False
    return (
        subprocess.run([flac, "-t", "-s", str(path)], capture_output=True, check=False).returncode != 0
    )
