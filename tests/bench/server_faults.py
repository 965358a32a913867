"""Sound servers that die and devices that are taken away, at random moments of one recorded call."""

import random
import time
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from audio.live.clock import now_s
from audio.types import CALL_RATE, Channel, Samples
from detection.events import CallEnded, GapHeard
from tests.bench.far_side import FAR, FarSide, Player
from tests.bench.listening_program import ListeningProgram, recorded
from tests.bench.marked_sound import RATE, Followed, at_call_rate, followed, marked_call
from tests.bench.sound_card import SoundCard, Stamps
from tests.bench.spread import spread
from tests.pulse import PrivatePulse, private_pulse

FAULTS = ("server killed", "output removed", "microphone removed")
BACK_WITHIN_S = 2.0
_SECONDS_EACH = 14.0
_LOOK_S = 5.0
"""How long after its device's return a gap may end and still be this fault's."""


@dataclass
class Fault:
    """What was done, when it began, and when each channel's device was there again (`now_s`)."""

    kind: str
    at_s: float
    back_s: dict[Channel, float] = field(default_factory=dict)


def measure(folder: Path, times: int) -> dict[str, Any]:
    """Let `times` faults happen to one call and tell what became of it."""
    far, near = marked_call(times * _SECONDS_EACH + 60)
    with private_pulse(folder, (FAR,)) as pulse:
        card, caller = SoundCard(pulse, folder, near), FarSide(pulse, folder, far)
        card.plug()
        card.prepare()
        card.start()
        try:
            program = ListeningProgram(pulse, folder / "data", "faults")
            caller.play()
            while not program.heard_something():
                time.sleep(0.1)
            faults = [_fault(pulse, card, caller, number) for number in range(times)]
            time.sleep(_LOOK_S)
            went_on = program.is_running
            status = program.interrupt()
            stamps = card.stamps()
        finally:
            caller.stop()
            card.stop()
    call = _Call(program, caller.players, stamps, at_call_rate(far), at_call_rate(near))
    return {"went on": went_on, "exit status": status, **call.figures(faults)}


def _fault(pulse: PrivatePulse, card: SoundCard, caller: FarSide, number: int) -> Fault:
    chance = random.Random(number)  # noqa: S311  when to kill is no secret
    time.sleep(chance.uniform(1, 4))
    fault = Fault(chance.choice(FAULTS), now_s())
    away_s = chance.uniform(0.1, 2)
    match fault.kind:
        case "server killed":
            pulse.kill()
            time.sleep(away_s)
            pulse.start()
            fault.back_s[Channel.CALLER] = now_s()
            card.plug()
            fault.back_s[Channel.AGENT] = now_s()
        case "output removed":
            pulse.unplug(FAR)
            time.sleep(away_s)
            pulse.plug(FAR)
            fault.back_s[Channel.CALLER] = now_s()
        case _:
            card.unplug()
            time.sleep(away_s)
            card.plug()
            fault.back_s[Channel.AGENT] = now_s()
    if Channel.CALLER in fault.back_s:
        caller.play()
    time.sleep(chance.uniform(2.5, 3.5))
    return fault


class _Call:
    """What the program has left of a call, compared with what was played."""

    def __init__(
        self,
        program: ListeningProgram,
        players: list[Player],
        stamps: Stamps,
        far: Samples,
        near: Samples,
    ) -> None:
        self._players = players
        self._stamps = stamps
        self._played = {Channel.CALLER: far, Channel.AGENT: near}
        self._program = program
        self._events = program.events()
        self._sound = {
            channel: recorded(path) for channel, path in zip(Channel, program.recordings, strict=True)
        }
        self._gaps = {
            channel: [
                gap for gap in self._events if isinstance(gap, GapHeard) and gap.channel is channel
            ]
            for channel in Channel
        }
        self._begin_s = self._placed()

    def figures(self, faults: list[Fault]) -> dict[str, Any]:
        """What became of the sound before each fault, and of the call."""
        jumps, unfound, without_gap = 0, 0, 0
        lost_ms: dict[Channel, list[float]] = {channel: [] for channel in Channel}
        back_s: dict[Channel, list[float]] = {channel: [] for channel in Channel}
        explained = set[int]()
        for fault in faults:
            for channel, there_s in fault.back_s.items():
                gap = self._gap_of(channel, fault.at_s, there_s)
                if gap is None:
                    without_gap += 1
                    continue
                explained.add(id(gap))
                back_s[channel].append(max(0.0, self._begin_s + gap.end / CALL_RATE - there_s))
                heard = self._before(channel, gap)
                if heard is None:
                    unfound += 1
                    continue
                jumps += heard.jumps
                lost_ms[channel].append(max(0.0, fault.at_s - self._heard_until_s(channel, heard)) * 1e3)
        others = [
            f"{gap.channel} {(gap.end - gap.start) / CALL_RATE:.2f} s: {gap.reason}"
            for gap in chain(*self._gaps.values())
            if id(gap) not in explained and gap.start
        ]
        return {
            "faults": {kind: sum(fault.kind == kind for fault in faults) for kind in FAULTS},
            "pieces of sound before a fault": sum(map(len, lost_ms.values())),
            "pieces that were not found": unfound,
            "jumps in them": jumps,
            "missing before the fault ms, microphone": spread(lost_ms[Channel.AGENT]),
            "missing before the fault ms, far side": spread(lost_ms[Channel.CALLER]),
            "faults without a gap in the log": without_gap,
            "gaps of another origin": others,
            "back after s, microphone": spread(back_s[Channel.AGENT]),
            "back after s, far side": spread(back_s[Channel.CALLER]),
            "back later than 2 s": sum(value > BACK_WITHIN_S for value in chain(*back_s.values())),
            "call ended": self._events[-1].reason if isinstance(self._events[-1], CallEnded) else None,
            "log intact": self._program.is_intact(),
        }

    def _placed(self) -> float:
        """When the call began: the microphone tells, whose every sample's moment is known."""
        gaps = self._gaps[Channel.AGENT]
        sound = self._sound[Channel.AGENT]
        end = gaps[0].start if gaps else len(sound)
        heard = followed(sound, 0, end, self._played[Channel.AGENT], slice(0, None))
        if heard is None:
            raise RuntimeError("nothing of what was spoken into the microphone is in the recording")
        spoken_s = self._stamps.spoken_s(heard.places * RATE / CALL_RATE)
        return float(np.median(spoken_s - heard.starts / CALL_RATE))

    def _gap_of(self, channel: Channel, at_s: float, there_s: float) -> GapHeard | None:
        for gap in self._gaps[channel]:
            start_s, end_s = (self._begin_s + index / CALL_RATE for index in (gap.start, gap.end))
            if start_s < there_s + _LOOK_S and end_s > at_s and end_s < there_s + _LOOK_S:
                return gap
        return None

    def _before(self, channel: Channel, gap: GapHeard) -> Followed | None:
        ends = [other.end for other in self._gaps[channel] if other.end <= gap.start]
        begin = max(ends, default=0)
        return followed(
            self._sound[channel],
            begin,
            gap.start,
            self._played[channel],
            self._near(channel, begin, gap),
        )

    def _near(self, channel: Channel, begin: int, gap: GapHeard) -> slice:
        """Where in what was played the sound from `begin` to a gap must be."""
        from_s = self._begin_s + begin / CALL_RATE
        if channel is Channel.AGENT:
            place_s, length_s = from_s - self._stamps.begin_s, 0.0
        else:
            before = [p for p in self._players if p.start_s < self._begin_s + gap.start / CALL_RATE]
            place_s = before[-1].offset / RATE
            length_s = max(0.0, from_s - before[-1].start_s)
        first = round((place_s - 1) * CALL_RATE)
        return slice(max(0, first), first + round((length_s + 6) * CALL_RATE))

    def _heard_until_s(self, channel: Channel, heard: Followed) -> float:
        """When the last of it was spoken; played, where the channel's device has no clock of ours."""
        if channel is Channel.AGENT:
            return float(self._stamps.spoken_s(np.array([heard.end_place * RATE / CALL_RATE]))[0])
        return self._begin_s + heard.end / CALL_RATE
