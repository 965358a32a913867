"""What was lost of a live call, put together: a gap is told in pieces while it goes on."""

from dataclasses import replace

from audio.types import CALL_RATE, AudioGap, Channel, Trouble, TroubleKind

_AWAY = round(0.4 * CALL_RATE)
"""A gap longer than that is a device that is away, and worth telling before it is over."""


class OpenGap:
    """One channel's gap while it goes on. Belongs to one thread; all at `CALL_RATE`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._gap: AudioGap | None = None
        self._is_told = False

    def push(self, piece: AudioGap) -> tuple[list[AudioGap], list[Trouble]]:
        """A piece was lost: the gap that ended with it, as it is another one, and what to tell."""
        ended: list[AudioGap] = []
        told: list[Trouble] = []
        if self._gap and (piece.start > self._gap.end or piece.reason != self._gap.reason):
            ended, told = self.close(piece.start)
        first = self._gap or piece
        self._gap = replace(first, end=piece.end)
        if not self._is_told and self._gap.end - self._gap.start > _AWAY:
            self._is_told = True
            told.append(Trouble(TroubleKind.LOST, self._channel, self._gap.start, piece.end))
        return ended, told

    def close(self, now: int) -> tuple[list[AudioGap], list[Trouble]]:
        """Sound is back, or the call is over: the gap that was, and that its trouble is over."""
        gap, self._gap = self._gap, None
        was_told, self._is_told = self._is_told, False
        if gap is None:
            return [], []
        over = [Trouble(TroubleKind.LOST, self._channel, gap.start, now, end=now)] if was_told else []
        return [gap], over
