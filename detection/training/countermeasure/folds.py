"""Which sources are left out together, so that a network exists that never heard any given source."""

from collections import Counter
from collections.abc import Sequence

from detection.training.countermeasure.clips import DEBIAN_SOURCE, Clip

FOLDS = 4


def folds(clips: Sequence[Clip]) -> dict[str, int]:
    """The fold of every source; each has about as many real clips as another, and synthetic ones.

    Debian's voices, which everything is trained on, are in none.
    """
    clips = [clip for clip in clips if clip.source != DEBIAN_SOURCE]
    kinds = [Counter(clip.source for clip in clips if clip.synthetic == kind) for kind in (False, True)]
    totals = [kind.total() for kind in kinds]
    filled = [[0, 0] for _ in range(FOLDS)]
    chosen: dict[str, int] = {}

    def grown(fold: int, source: str) -> float:
        """By how much the sum of squared shares grows with the source in that fold."""
        (real, synthetic), (reals, synthetics) = filled[fold], totals
        after = (real + kinds[0][source]) ** 2 / reals**2 + (
            synthetic + kinds[1][source]
        ) ** 2 / synthetics**2
        return after - real**2 / reals**2 - synthetic**2 / synthetics**2

    def share(source: str) -> float:
        return sum(kind[source] / total for kind, total in zip(kinds, totals, strict=True))

    for source in sorted({clip.source for clip in clips}, key=lambda name: (-share(name), name)):
        chosen[source] = min(range(FOLDS), key=lambda fold: grown(fold, source))
        filled[chosen[source]] = [
            held + kind[source] for held, kind in zip(filled[chosen[source]], kinds, strict=True)
        ]
    return chosen
