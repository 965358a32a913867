"""What was lost of a live call, put together: a gap is told in pieces while it goes on."""

from dataclasses import replace

from audio.ring import OVERRUN
from audio.types import AudioGap, Channel, Trouble, TroubleKind


class OpenGap:
    """One channel's gap while it goes on. Belongs to one thread; all at `CALL_RATE`.

    What is told in more pieces than one is a device that is away, which is worth telling before it is
    over; what a busy machine lost is over when it is told.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._gap: AudioGap | None = None
        self._away_from: int | None = None

    def push(self, piece: AudioGap) -> tuple[list[AudioGap], list[Trouble]]:
        """A piece was lost: the gap that ended with it, as it is another one, and what to tell."""
        if self._gap is None or piece.start > self._gap.end:
            ended, told = self.close(piece.start)
            self._gap = piece
            return ended, told
        told = []
        if self._away_from is None and piece.reason != OVERRUN:
            self._away_from = self._gap.start
            told.append(Trouble(TroubleKind.LOST, self._channel, self._away_from, piece.end))
        if piece.reason != self._gap.reason:
            ended, self._gap = [self._gap], piece
            return ended, told
        self._gap = replace(self._gap, end=piece.end)
        return [], told

    def close(self, now: int) -> tuple[list[AudioGap], list[Trouble]]:
        """Sound is back: the gap that was, and that its trouble is over."""
        away_from, self._away_from = self._away_from, None
        told = []
        if away_from is not None:
            told.append(Trouble(TroubleKind.LOST, self._channel, away_from, now, end=now))
        return self.end(), told

    def end(self) -> list[AudioGap]:
        """The call is over: the gap that was still open."""
        gap, self._gap = self._gap, None
        return [gap] if gap else []
