"""How fast bytes come, so that a person knows how long they will."""

from collections import deque

_WINDOW_S = 5.0
_LEAST_S = 1.0


class Pace:
    """Looks back `_WINDOW_S` seconds. Times are in seconds, of any clock that only goes forward."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, at: float, done: int) -> None:
        """At time `at`, `done` bytes were there; fewer than before begins anew."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((at, done))
        while at - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Bytes per second; None where too little was seen to tell, or nothing came."""
        if not self._seen:
            return None
        (begun, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - begun) if ended - begun >= _LEAST_S and last > first else None
