"""Sound servers that die and devices that are taken away, at random moments of one recorded call."""

import random
import time
from collections.abc import Iterator
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
    away_until_s: float = 0.0
    """When the command that puts back what was taken away was begun."""
    back_s: dict[Channel, float] = field(default_factory=dict)


def measure(folder: Path, times: int) -> dict[str, Any]:
    """Let `times` faults happen to one call and tell what became of it."""
    far, near = marked_call(times * _SECONDS_EACH + 60)
    with private_pulse(folder, (FAR,)) as pulse:
        card, caller = SoundCard(pulse, folder, near), FarSide(pulse, folder, far)
        try:
            card.plug()
            card.prepare()
            card.start()
            with ListeningProgram(pulse, folder / "data", "faults") as program:
                caller.play()
                program.await_sound()
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
        case "output removed":
            pulse.unplug(FAR)
        case _:
            card.unplug()
    time.sleep(away_s)
    fault.away_until_s = now_s()
    match fault.kind:
        case "server killed":
            pulse.start()
            fault.back_s[Channel.CALLER] = now_s()
            card.plug()
            fault.back_s[Channel.AGENT] = now_s()
        case "output removed":
            pulse.plug(FAR)
            fault.back_s[Channel.CALLER] = now_s()
        case _:
            card.plug()
            fault.back_s[Channel.AGENT] = now_s()
    if Channel.CALLER in fault.back_s:
        caller.play()
    time.sleep(chance.uniform(2.5, 3.5))
    return fault


@dataclass
class _Loss:
    """What one fault took of one channel: the gap in the log, and what is recorded around it."""

    fault: Fault
    channel: Channel
    gap: GapHeard
    before: Followed | None
    ends_s: float | None
    """When the last sample before the gap was spoken; None where nothing that was played is there."""
    goes_on_s: float | None
    """When the first one after it was."""


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
        """What became of the sound around each fault, and of the call."""
        losses = list(self._losses(faults))
        explained = {id(loss.gap) for loss in losses}
        others = [
            f"{gap.channel} {(gap.end - gap.start) / CALL_RATE:.2f} s: {gap.reason}"
            for gap in chain(*self._gaps.values())
            if id(gap) not in explained and gap.start
        ]
        before = [loss.before for loss in losses if loss.before]
        missing_ms = {channel: _missing_ms(losses, channel) for channel in Channel}
        back_s = {channel: _back_s(losses, channel) for channel in Channel}
        back = list(chain(*back_s.values()))
        early = [loss for loss in losses if loss.goes_on_s and loss.goes_on_s < loss.fault.away_until_s]
        return {
            "faults": {kind: sum(fault.kind == kind for fault in faults) for kind in FAULTS},
            "pieces of sound before a fault": len(before),
            "pieces that were not found": len(losses) - len(before),
            "jumps in them": sum(piece.jumps for piece in before),
            "missing before the fault ms, microphone": spread(missing_ms[Channel.AGENT]),
            "missing before the fault ms, far side": spread(missing_ms[Channel.CALLER]),
            "faults without a gap in the log": sum(len(f.back_s) for f in faults) - len(losses),
            "gaps of another origin": others,
            "back after s, microphone": spread(back_s[Channel.AGENT]),
            "back after s, far side": spread(back_s[Channel.CALLER]),
            "gaps without sound after them": len(losses) - len(back),
            "back while the device was away": len(early),
            "back later than 2 s": sum(value > BACK_WITHIN_S for value in back),
            "call ended": self._events[-1].reason if isinstance(self._events[-1], CallEnded) else None,
            "log intact": self._program.is_intact(),
        }

    def _losses(self, faults: list[Fault]) -> Iterator[_Loss]:
        for fault in faults:
            for channel, there_s in fault.back_s.items():
                gap = self._gap_of(channel, fault.at_s, there_s)
                if gap is None:
                    continue
                before, after = self._before(channel, gap), self._after(channel, gap)
                ends_s = before and self._moment_s(channel, before.end, before.end_place)
                goes_on_s = after and self._moment_s(channel, after.begin, after.begin_place)
                yield _Loss(fault, channel, gap, before, ends_s, goes_on_s)

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
        return self._between(channel, max(ends, default=0), gap.start)

    def _after(self, channel: Channel, gap: GapHeard) -> Followed | None:
        starts = [other.start for other in self._gaps[channel] if other.start > gap.end]
        return self._between(channel, gap.end, min(starts, default=len(self._sound[channel])))

    def _between(self, channel: Channel, begin: int, end: int) -> Followed | None:
        near = self._near(channel, begin, end)
        return followed(self._sound[channel], begin, end, self._played[channel], near)

    def _near(self, channel: Channel, begin: int, end: int) -> slice:
        """Where in what was played the sound from `begin` to `end` must be."""
        from_s = self._begin_s + begin / CALL_RATE
        if channel is Channel.AGENT:
            place_s, length_s = from_s - self._stamps.begin_s, 0.0
        else:
            before = [p for p in self._players if p.start_s < self._begin_s + end / CALL_RATE]
            place_s = before[-1].offset / RATE
            length_s = max(0.0, from_s - before[-1].start_s)
        first = round((place_s - 1) * CALL_RATE)
        return slice(max(0, first), first + round((length_s + 6) * CALL_RATE))

    def _moment_s(self, channel: Channel, index: int, place: float) -> float:
        """When the recording's sample `index`, at `place` in what was played, was spoken.

        Where the channel's device has no clock of ours: when it is on the call's time line.
        """
        if channel is Channel.AGENT:
            return float(self._stamps.spoken_s(np.array([place * RATE / CALL_RATE]))[0])
        return self._begin_s + index / CALL_RATE


def _missing_ms(losses: list[_Loss], channel: Channel) -> list[float]:
    """How long before each fault sound ends; below 0 where some came while the fault was made."""
    return [
        (loss.fault.at_s - loss.ends_s) * 1e3
        for loss in losses
        if loss.channel is channel and loss.ends_s is not None
    ]


def _back_s(losses: list[_Loss], channel: Channel) -> list[float]:
    """How long after each return sound goes on; below 0 where that was before its command had ended."""
    return [
        loss.goes_on_s - loss.fault.back_s[channel]
        for loss in losses
        if loss.channel is channel and loss.goes_on_s is not None
    ]
