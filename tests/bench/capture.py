"""What live capture loses, and how late it is, while inference never rests: `make bench-capture`.

A private PulseAudio has a sink `far`, into which a long marked sound is played, and a microphone that
`tests.bench.sound_card` feeds with another by a clock of its own. The program's own session listens to
both, records and judges, as in a call. Beside it a recognizer and a voice detector of their own work
without rest. Every sample that leaves the ring is compared with what was played.

Latency ends when the segmenter is given the sound. It begins, on the microphone, when the sample was
spoken by the card's clock; the card hands over 10 ms at a time, and its own lateness is left out. When a
sink plays a sample cannot be known from outside: on the far side latency begins with the sink's clock,
as the least late block of the run tells it, so that the least delay of any block is left out.

The goals are of a run with inference flat out: what `--idle` measures is not held to them.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from app.compose import consent_rules, live_basis, live_source, load_engines, open_case_log
from app.settings import Settings, settings_with
from audio.types import Channel
from tests.bench.call_times import ChannelTimes, watched
from tests.bench.far_side import FAR, FarSide
from tests.bench.flat_out import flat_out
from tests.bench.marked_sound import RATE, Pcm, arrived, marked_call
from tests.bench.sound_card import NAME, SoundCard, Stamps
from tests.bench.spread import spread
from tests.pulse import missing, private_pulse

GOAL_MS = 60
_REST_S = 5.0
"""Sound that goes on after what is measured."""
_BEGIN_S = 2.0
"""What a side may take until it is heard: the rest of the call must be there as it was played."""
_ENDS_WITHIN_S = 120.0


def main() -> int:
    """Measure and print; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--idle", action="store_true", help="let nothing work beside the call")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if needed := missing():
        sys.exit(f"needs Debian's PulseAudio; missing here: {needed}")
    folder = Path(tempfile.mkdtemp())
    try:
        figures = _measure(folder, arguments.minutes * 60, idle=arguments.idle)
    finally:
        shutil.rmtree(folder)
    if arguments.json:
        print(json.dumps(figures, indent=1))  # noqa: T201
    else:
        Console().print(_table(figures))
    return int(not (arguments.idle or _meets_goals(figures)))


def _measure(folder: Path, seconds: float, *, idle: bool) -> dict[str, Any]:
    far, near = marked_call(seconds + _REST_S)
    with private_pulse(folder, (FAR,)) as pulse, patch.dict(os.environ, pulse.env):
        card, caller = SoundCard(pulse, folder, near), FarSide(pulse, folder, far)
        card.plug()
        card.prepare()
        settings = settings_with(data_dir=folder / "data", microphone=NAME, far_side=FAR, recording=True)
        try:
            with nullcontext() if idle else flat_out(load_engines(settings)), watched() as times:
                call = _listen(settings, caller, card, seconds)
            stamps = card.stamps()
        finally:
            card.stop()
    return {
        "seconds": seconds,
        **call,
        "microphone's own clock late, ms": spread(stamps.late_s[: round(seconds * 100)] * 1e3),
        "caller": _side(times[Channel.CALLER], far, None),
        "agent": _side(times[Channel.AGENT], near, stamps),
    }


def _listen(settings: Settings, caller: FarSide, card: SoundCard, seconds: float) -> dict[str, Any]:
    """Listen to a call of so many seconds; what the program itself says of it."""
    rules = consent_rules(settings)
    basis = live_basis(settings, rules.record(rules.acknowledged("command line", "bench")))
    with load_engines(settings) as engines, open_case_log(settings) as writer:
        source = live_source(settings)
        session = engines.session(source, writer, basis=basis)
        session.start()
        try:
            card.start()
            caller.play()
            before = _busy_s()
            time.sleep(seconds)
            after = _busy_s()
        finally:
            session.stop(judge_rest=False)
            caller.stop()
        if not session.wait(_ENDS_WITHIN_S):
            raise RuntimeError(f"the call did not end within {_ENDS_WITHIN_S:g} s of its stop")
        if session.error:
            raise session.error
    busy, idle = after[0] - before[0], after[1] - before[1]
    return {
        "cores busy": busy / (busy + idle),
        "overflows": source.overflows,
        "ring drops": session._ring.dropped_samples,
    }


def _busy_s() -> tuple[float, float]:
    """Seconds for which this machine's cores worked, and for which they did not, since it started.

    What a hypervisor gave to other machines is neither.
    """
    fields = [float(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return sum(fields[:7]) - idle, idle


def _side(times: ChannelTimes, played: Pcm, stamps: Stamps | None) -> dict[str, Any]:
    found = arrived(times.received, played)
    if not found.runs:
        raise RuntimeError("nothing of what was played is in what a device delivered")
    delivered, at_s = times.delivered()
    number, given_s = times.given_samples()
    # Silence that the line put in before the first sound was never spoken.
    heard = number >= found.runs[0][0]
    number, given_s = number[heard], given_s[heard]
    if stamps:
        tap_s = at_s - stamps.spoken_s(found.played(delivered - 1))
        late_s = given_s - stamps.spoken_s(found.played(number))
    else:
        begin_s = np.min(at_s - delivered / RATE)
        tap_s = at_s - delivered / RATE - begin_s
        late_s = given_s - number / RATE - begin_s
    return {
        "samples as played": found.as_played,
        "samples lost": found.lost + found.changed,
        "samples repeated": found.repeated,
        "silence the device put in, samples": found.silence,
        "gaps": [f"{(gap.end - gap.start) / gap.rate:.2f} s: {gap.reason}" for gap in times.gaps],
        "block, ms": round(float(np.median(np.diff(delivered))) / RATE * 1e3, 2),
        "jitter ms": spread(times.jitter_s() * 1e3),
        "tap latency ms": spread(tap_s * 1e3),
        "latency ms": spread(late_s * 1e3),
    }


def _meets_goals(figures: dict[str, Any]) -> bool:
    sides = [figures[channel] for channel in Channel]
    heard = all(side["samples as played"] >= (figures["seconds"] - _BEGIN_S) * RATE for side in sides)
    lost = figures["overflows"] + figures["ring drops"] + sum(s["samples lost"] for s in sides)
    return heard and not lost and all(side["latency ms"]["p95"] <= GOAL_MS for side in sides)


def _table(figures: dict[str, Any]) -> Table:
    title = (
        f"{figures['seconds'] / 60:g} minutes, cores busy {figures['cores busy']:.1%}, "
        f"{figures['overflows']} overflows, {figures['ring drops']} samples dropped by the ring"
    )
    table = Table("", "far side", "microphone", title=title)
    far, near = (figures[channel] for channel in Channel)
    for name, figure in far.items():
        table.add_row(name, _cell(figure), _cell(near[name]))
    table.add_row(
        "the device's own clock late, ms", "", _cell(figures["microphone's own clock late, ms"])
    )
    return table


def _cell(figure: object) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {value:.1f}" for name, value in figure.items())
    if isinstance(figure, list):
        return "; ".join(figure) or "0"
    return f"{figure:,}"


if __name__ == "__main__":
    sys.exit(main())
