"""A share of calls, and how far it can be off."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""Standard deviations on each side of the middle that hold 95 % of a normal distribution."""

FEW = 20
"""Calls below which a percentage says more than is known."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` calls, 0 <= count <= of."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None where there is nothing to divide by."""
        return self.count / self.of if self.of else None

    @property
    def is_of_few(self) -> bool:
        return self.of < FEW

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of Wilson (1927), between 0 and 1; None where there is nothing to divide by.

        It takes calls for independent of each other, which those of one system are not.
        """
        if not self.of:
            return None
        share, spread = self.count / self.of, _Z**2 / self.of
        middle = (share + spread / 2) / (1 + spread)
        half = _Z / (1 + spread) * sqrt(share * (1 - share) / self.of + spread / (4 * self.of))
        low = 0.0 if self.count == 0 else middle - half
        high = 1.0 if self.count == self.of else middle + half
        return low, high
