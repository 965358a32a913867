"""What is known of a call besides its sound: when it came, and which calls came before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from detection.desk_hours import DeskHours
from detection.types import WatchHit

OUT_OF_HOURS = "P12"
REPEATED_CALLS = "P13"
_LEAST_EARLIER = 2
"""A second call about a person is everyday; the third counts."""
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call of the case log. `claimed`: whom its caller claimed to be, empty where nobody was named."""

    case_id: str
    started_at: datetime
    claimed: str

    def __str__(self) -> str:
        return f"{self.case_id} ({self.started_at.astimezone():%d %b %H:%M})"


class CallMemory(Protocol):
    """The calls before one call, the oldest first. Asked on the inference thread."""

    def about(self, claimed: str) -> Sequence[EarlierCall]:
        """Those of the last 24 h whose caller claimed to be `claimed`."""
        ...

    def with_voice(self, name: str) -> Sequence[EarlierCall]:
        """Those of the last 30 days in which the voice `name` of the watch list was recognized."""
        ...


class Note(NamedTuple):
    """Evidence for a tactic that nobody said."""

    tactic: str
    quote: str


class Circumstances:
    """What time and earlier calls say about one call. Runs on the inference thread.

    `claimed` is whom the caller claims to be, empty where nobody is named. `begun` is when the call
    began by the desk's wall clock, None where that is not known, as of a recording.
    """

    def __init__(
        self,
        memory: CallMemory,
        claimed: str = "",
        begun: datetime | None = None,
        hours: DeskHours | None = None,
    ) -> None:
        self._memory = memory
        self._claimed = claimed
        self._begun = begun
        self._hours = hours
        self._has_asked_time = self._has_asked_claim = False
        self._voices: set[str] = set()

    def time(self) -> list[Note]:
        """Whether the call came out of hours; nothing when asked again."""
        if self._has_asked_time or not self._begun or not self._hours:
            return []
        self._has_asked_time = True
        if self._hours.includes(self._begun):
            return []
        began = f"the call began on {self._begun:%A at %H:%M}"
        return [Note(OUT_OF_HOURS, f"{began}; desk hours are {self._hours.text}")]

    def earlier_calls(self) -> list[Note]:
        """Whether there were several about the same person; nothing when asked again."""
        if self._has_asked_claim or not self._claimed:
            return []
        self._has_asked_claim = True
        earlier = self._memory.about(self._claimed)
        if len(earlier) < _LEAST_EARLIER:
            return []
        count = f"call {len(earlier) + 1} about {self._claimed} in 24 hours"
        return [Note(REPEATED_CALLS, f"{count}; before it {_told(earlier)}")]

    def other_claims(self, hits: Sequence[WatchHit]) -> list[str]:
        """A sentence for each voice, told of once, that claimed to be somebody else before."""
        if not self._claimed:
            return []
        sentences = []
        for hit in hits:
            if hit.name in self._voices:
                continue
            self._voices.add(hit.name)
            others = [
                call
                for call in self._memory.with_voice(hit.name)
                if call.claimed not in {"", self._claimed}
            ]
            if others:
                names = " and ".join(dict.fromkeys(call.claimed for call in others))
                sentences.append(
                    f"Now the caller claims to be {self._claimed}; before, a voice like {hit.name} "
                    f"claimed to be {names}: {_told(others)}."
                )
        return sentences


def _told(calls: Sequence[EarlierCall]) -> str:
    """The latest of `calls`, by case and time."""
    shown = ", ".join(map(str, calls[-_MOST_TOLD:]))
    word = "case" if len(calls) == 1 else "cases"
    rest = len(calls) - _MOST_TOLD
    return f"{word} {shown}" + (f" and {rest} earlier" if rest > 0 else "")
