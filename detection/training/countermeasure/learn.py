"""Learns the kernel machine, and judges every source as one not heard."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.training.countermeasure.calibrate import SHORT_S, HeldScores
from detection.training.countermeasure.clips import DEBIAN_SOURCE, Clip
from detection.training.countermeasure.distill_mos.kernel import Fit, Machine, Projection, fit, principal
from detection.training.countermeasure.measure import CONDITIONS
from detection.training.countermeasure.views import LEARNED, SHORT_CONDITIONS, Described

COMPONENTS = 480
WIDTH = 1.0
RIDGE = 1.0
DEBIAN_SHARE = 0.4
"""Of the weight of the synthetic half; the rest are the recorded systems."""
RESIDUAL_WEIGHT = 0.2
"""What the residual network's score counts beside the kernel machine's.

Chosen on sources left out, where it catches more clones at the alert threshold than the 0.11 of
logistic regression does.
"""


@dataclass(frozen=True, slots=True)
class Learned:
    """The machine of all sources, and the projection before it."""

    projection: Projection
    fit: Fit
    rows: NDArray[np.intp]
    """Rows of the statistics that are its anchors."""

    @property
    def machine(self) -> Machine:
        return self.fit.machine


def learn(clips: Sequence[Clip], heard: Described, parts: Sequence[int]) -> Learned:
    """The machine learned from all views that are `LEARNED`; `parts` as in `kernel.principal`."""
    rows = heard.of(*LEARNED)
    statistics = heard.statistics[rows].astype(np.float32)
    projection = principal(statistics, parts, COMPONENTS, WIDTH)
    of_rows = [clips[number] for number in heard.clips[rows]]
    synthetic = np.array([clip.synthetic for clip in of_rows])
    points = projection.points(statistics)
    return Learned(projection, fit(points, synthetic, importance(of_rows), RIDGE), rows)


def importance(clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Weight (n,) of each view, mean 1: both classes alike, within them the root of a source's size."""
    weights = np.zeros(len(clips))
    for synthetic in (False, True):
        members = np.array([clip.synthetic == synthetic for clip in clips])
        sources = [clip.source for clip in clips if clip.synthetic == synthetic]
        sizes = Counter(sources)
        own = np.array([sizes[source] ** -0.5 for source in sources])
        added = np.array([source == DEBIAN_SOURCE for source in sources])
        if added.any():
            own[added] = DEBIAN_SHARE / added.sum()
            own[~added] *= (1 - DEBIAN_SHARE) / own[~added].sum()
        weights[members] = own / own.sum()
    return weights / weights.mean()


def left_out_scores(clips: Sequence[Clip], heard: Described, learned: Learned) -> NDArray[np.float64]:
    """Scores (n,) of all views by the kernel machine that never saw their source."""
    scores = np.full(len(heard.clips), np.nan)
    sources = np.array([clip.source for clip in clips])[heard.clips]
    for source in sorted(set(sources)):
        machine = learned.fit.without(np.flatnonzero(sources[learned.rows] == source))
        rows = np.flatnonzero(sources == source)
        scores[rows] = machine.scores(learned.projection.points(heard.statistics[rows]))
    return scores


def condition_scores(
    clips: Sequence[Clip], heard: Described, scores: NDArray[np.float64]
) -> tuple[dict[str, HeldScores], dict[float, list[HeldScores]]]:
    """The scores by condition, and by seconds of short speech, as calibration takes them."""
    whole = {name: _of_clips(clips, heard, scores, name) for name in CONDITIONS}
    short = {
        seconds: [_of_clips(clips, heard, scores, f"{name} {seconds:g}") for name in SHORT_CONDITIONS]
        for seconds in SHORT_S
    }
    return whole, short


def _of_clips(
    clips: Sequence[Clip], heard: Described, scores: NDArray[np.float64], name: str
) -> HeldScores:
    rows = heard.of(name)
    numbers = np.unique(heard.clips[rows])
    windows = [scores[rows[heard.clips[rows] == number]].astype(np.float32) for number in numbers]
    return HeldScores([clips[number] for number in numbers], windows)
