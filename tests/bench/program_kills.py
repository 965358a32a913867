"""`earwitness listen` killed at random moments while it transcribes, and what each call has left."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from audio.errors import AudioError
from audio.live.clock import now_s
from audio.types import CALL_RATE, Channel, Samples
from detection.events import FindingMade, GapHeard, UtteranceHeard
from tests.bench.far_side import FAR, FarSide
from tests.bench.flac import count_refused
from tests.bench.listening_program import ListeningProgram, is_alive, recorded, shown
from tests.bench.marked_sound import RATE, Followed, at_call_rate, followed, marked_call, pieces
from tests.bench.sound_card import SoundCard, Stamps
from tests.bench.spread import spread
from tests.pulse import PrivatePulse, private_pulse

_SECONDS_EACH = 30.0
_LIVES_S = (2.0, 14.0)
_CHILD_ENDS_WITHIN_S = 10.0
_SHORTEST = CALL_RATE // 5
"""Samples of sound that are enough to be followed."""
_EDGE = CALL_RATE // 50
"""Samples by which silence may be longer than its gap: a resampler begins anew after one."""
_AROUND_S = 6.0
"""Silence at the begin, and what a player holds back, are less."""


@dataclass
class Killed:
    """A call whose program was killed at `at_s` (`now_s`)."""

    program: ListeningProgram
    at_s: float
    children: int
    children_left: int


def measure(folder: Path, kills: int, at_once: int) -> dict[str, Any]:
    """Kill so many programs, of which several run at a time, and tell what they have left."""
    far, near = marked_call(kills / at_once * _SECONDS_EACH + 60)
    with private_pulse(folder, (FAR,)) as pulse:
        card, caller = SoundCard(pulse, folder, near), FarSide(pulse, folder, far)
        try:
            card.plug()
            card.prepare()
            card.start()
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
    with ListeningProgram(pulse, data, str(run)) as program:
        program.await_sound()
        time.sleep(random.Random(run).uniform(*_LIVES_S))  # noqa: S311  when to kill is no secret
        at_s = now_s()
        children = program.kill()
        program.wait()
    deadline = now_s() + _CHILD_ENDS_WITHIN_S
    while (left := sum(map(is_alive, children))) and now_s() < deadline:
        time.sleep(0.1)
    return Killed(program, at_s, len(children), left)


class _Left:
    """What one channel's recording holds of what was played."""

    def __init__(self, sound: Samples, played: Samples, begin_s: float, gaps: list[GapHeard]) -> None:
        """`begin_s` is about when the recording began after the sound did."""
        spans = [span for span in pieces(sound) if span.stop - span.start > _SHORTEST]
        found = [_follow(sound, span, played, begin_s) for span in spans]
        self.unfound = [
            f"{(span.stop - span.start) / CALL_RATE:.2f} s at {span.start / CALL_RATE:.2f} s"
            for span, piece in zip(spans, found, strict=True)
            if piece is None
        ]
        if not spans:
            self.unfound.append("all of it")
        self.heard = [piece for piece in found if piece]
        self.jumps = sum(piece.jumps for piece in self.heard)
        silent = np.ones(len(sound), bool)
        for span in spans:
            silent[span] = False
        self.silence_s = silent.sum() / CALL_RATE
        for gap in gaps:
            silent[max(0, gap.start - _EDGE) : gap.end + _EDGE] = False
        self.untold_s = silent.sum() / CALL_RATE


def _figures(
    killed: list[Killed], stamps: Stamps, played_s: float, far: Samples, near: Samples
) -> dict[str, Any]:
    lefts: list[_Left] = []
    unfound: list[str] = []
    lost_ms: dict[Channel, list[float]] = {channel: [] for channel in Channel}
    unread, refused, lines, missing, told_of, seconds = 0, 0, 0, 0, 0, 0.0
    for each in killed:
        caller, agent = sounds = [_readable(path) for path in each.program.recordings]
        unread += sum(not len(sound) for sound in sounds)
        seconds += len(agent) / CALL_RATE
        begin_s = each.at_s - max(map(len, sounds)) / CALL_RATE
        events = each.program.events()
        gaps = [event for event in events if isinstance(event, GapHeard)]
        sides = {
            channel: _Left(sound, played, begin_s - from_s, [g for g in gaps if g.channel is channel])
            for channel, sound, played, from_s in (
                (Channel.CALLER, caller, far, played_s),
                (Channel.AGENT, agent, near, stamps.begin_s),
            )
        }
        lefts += sides.values()
        for channel, left in sides.items():
            unfound += [f"{each.program.case_id} {channel}: {what}" for what in left.unfound]
        if all(left.heard for left in sides.values()):
            last = sides[Channel.AGENT].heard[-1]
            call_s = float(np.median(_spoken_s(stamps, last.places) - last.starts / CALL_RATE))
            lost_ms[Channel.AGENT].append((each.at_s - _spoken_s(stamps, last.end_place)) * 1e3)
            end = sides[Channel.CALLER].heard[-1].end
            lost_ms[Channel.CALLER].append((each.at_s - call_s - end / CALL_RATE) * 1e3)
        told = shown(each.program.output, each.program.case_id, events)
        lines, missing = lines + told.lines, missing + told.missing
        told_of += sum(isinstance(event, UtteranceHeard | FindingMade) for event in events)
        refused += not each.program.is_intact()
    return {
        "programs killed": len(killed),
        "seconds recorded": round(seconds),
        "files that cannot be read": unread,
        "files that flac -t refuses": count_refused(
            path for each in killed for path in each.program.recordings
        ),
        "pieces that were not found in what was played": unfound,
        "jumps in them": sum(left.jumps for left in lefts),
        "silence in them, s": round(sum(left.silence_s for left in lefts), 2),
        "of that not told as a gap, s": round(sum(left.untold_s for left in lefts), 2),
        "missing before the kill ms, microphone": spread(lost_ms[Channel.AGENT]),
        "missing before the kill ms, far side": spread(lost_ms[Channel.CALLER]),
        "lines shown": lines,
        "lines shown that are not in the log": missing,
        "utterances and findings in the log": told_of,
        "cases not intact": refused,
        "child processes seen": sum(each.children for each in killed),
        "child processes left": sum(each.children_left for each in killed),
    }


def _spoken_s(stamps: Stamps, places: Any) -> Any:
    return stamps.spoken_s(np.asarray(places) * RATE / CALL_RATE)


def _follow(sound: Samples, span: slice, played: Samples, begin_s: float) -> Followed | None:
    """Follow a piece of a recording that began about `begin_s` after the sound did."""
    first = max(0, span.start + round((begin_s - _AROUND_S) * CALL_RATE))
    near = slice(first, first + round(2 * _AROUND_S * CALL_RATE))
    return followed(sound, span.start, span.stop, played, near)


def _readable(path: Path) -> Samples:
    """What a recording holds; nothing where it is damaged."""
    try:
        return recorded(path)
    except AudioError:
        return np.zeros(0, np.float32)
