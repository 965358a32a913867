"""A long call whose every sample can be told from its neighbours, and what became of it."""

from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.types import CALL_RATE, Samples
from resources import ROOT
from tests.sound import read_sound

RATE = 48000
"""Hz of the devices."""
_SAMPLE = ROOT / "samples" / "b_helpdesk_con.wav"
_MARK_DBFS = -46
_MARK_HZ = 3500
_FULL_SCALE = 32768

_NEEDLE = 64
"""Samples in a row that occur once in the sound."""
_FAR = 4 * RATE
"""How far from where it should go on a sound that jumps is looked for."""
_SILENCE = 32
"""Zeros in a row that are no sound of the call."""

_PAUSE = CALL_RATE // 100
_WINDOW, _HOP = 512, 256
_ALIKE = 0.9
_JUMP = 0.15
"""Of a sample at `CALL_RATE`: a device's sample that is missing shifts the rest by a third."""
_BESIDE = 3
"""Steps on either side that say how far one should go."""

Pcm = NDArray[np.int16]


def marked_call(seconds: float) -> Pcm:
    """Sample b over and over, each channel with noise that never repeats: shape (2, n), at `RATE`."""
    sound, rate = read_sound(_SAMPLE)
    count = round(seconds * RATE)
    rng = np.random.default_rng(5)
    call = np.empty((len(sound), count), np.int16)
    for side, samples in enumerate(sound):
        talk = np.resize(soxr.resample(samples, rate, RATE), count)
        noise = rng.standard_normal(-(-count * 2 * _MARK_HZ // RATE)).astype(np.float32)
        noise = soxr.resample(noise, 2 * _MARK_HZ, RATE)[:count] * 10 ** (_MARK_DBFS / 20)
        talk[: len(noise)] += noise
        call[side] = np.clip(np.rint(talk * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    return call


def at_call_rate(sound: Pcm) -> Samples:
    """`sound`, shape (n,) at `RATE`, as it is in a recording: `CALL_RATE`, +-1.0."""
    return soxr.resample((sound / _FULL_SCALE).astype(np.float32), RATE, CALL_RATE)


def pcm(samples: Samples) -> Pcm:
    """The 16 bits that the sound server made `samples` of."""
    return np.rint(samples * _FULL_SCALE).astype(np.int16)


@dataclass
class Arrived:
    """What became of played sound that was received at `RATE`, in samples."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    """Where in what was received sound begins that goes on as it was played, and where that was."""
    as_played: int = 0
    lost: int = 0
    repeated: int = 0
    silence: int = 0
    """Zeros amid the sound: the device itself had nothing to deliver."""
    changed: int = 0

    def played(self, received: NDArray[np.float64]) -> NDArray[np.float64]:
        """Which samples of what was played these of what was received are."""
        begin, place = (np.array(column) for column in zip(*self.runs, strict=True))
        run = np.clip(np.searchsorted(begin, received, side="right") - 1, 0, None)
        return received - begin[run] + place[run]


def arrived(received: Pcm, played: Pcm) -> Arrived:
    """Compare sample by sample, from the first that is not zero up to the end of either."""
    result = Arrived()
    at = int(np.argmax(received != 0))
    place = _find(received[at : at + _NEEDLE], played, 0)
    if place is None:
        return Arrived(changed=len(received) - at)
    while at < len(received) and place < len(played):
        same = _same(received[at:], played[place:])
        if same:
            result.runs.append((at, place))
        result.as_played += same
        at, place = at + same, place + same
        if at == len(received) or place == len(played):
            break
        zeros = _zeros(received[at:])
        if zeros >= _SILENCE:
            at += zeros
            result.silence += zeros
            continue
        begin = max(0, place - _FAR)
        found = _find(received[at : at + _NEEDLE], played[begin : place + _FAR], begin)
        if found is None:
            result.changed += 1
            at, place = at + 1, place + 1
        else:
            result.lost += max(0, found - place)
            result.repeated += max(0, place - found)
            place = found
    return result


def _same(one: Pcm, other: Pcm) -> int:
    """How many samples both begin with."""
    count, done = min(len(one), len(other)), 0
    while done < count:
        piece = slice(done, min(count, done + RATE))
        differs = np.flatnonzero(one[piece] != other[piece])
        if len(differs):
            return done + int(differs[0])
        done = piece.stop
    return count


def _zeros(sound: Pcm) -> int:
    heard = np.flatnonzero(sound[:_FAR])
    return int(heard[0]) if len(heard) else len(sound[:_FAR])


def _find(needle: Pcm, played: Pcm, offset: int) -> int | None:
    """Where `needle` begins in the sound of which `played` begins at `offset`."""
    if len(needle) < _NEEDLE:
        return None
    for place in np.flatnonzero(played[: -_NEEDLE + 1] == needle[0]):
        if np.array_equal(played[place : place + _NEEDLE], needle):
            return int(place) + offset
    return None


@dataclass
class Followed:
    """A recording's piece at `CALL_RATE`, and where in what was played each part of it is."""

    begin: int
    """First sample of the piece that is no silence."""
    starts: NDArray[np.int64]
    """First sample of each window in the recording."""
    places: NDArray[np.float64]
    """Its place in what was played, in samples at `CALL_RATE`."""
    jumps: int
    """Where sound is missing or too much between two windows, or a window is something else."""

    @property
    def begin_place(self) -> float:
        """Place of `begin` in what was played."""
        return float(self.places[0]) - (int(self.starts[0]) - self.begin)

    @property
    def end(self) -> int:
        """Sample of the recording up to which its sound is known."""
        return int(self.starts[-1]) + _WINDOW

    @property
    def end_place(self) -> float:
        """Place of `end` in what was played."""
        return float(self.places[-1]) + _WINDOW


def pieces(recorded: Samples) -> list[slice]:
    """Where a recording holds sound: between silences, of which the played sound has none."""
    heard = np.flatnonzero(recorded)
    if not len(heard):
        return []
    ends = np.flatnonzero(np.diff(heard) > _PAUSE)
    begins = heard[np.concatenate([[0], ends + 1])]
    stops = heard[np.concatenate([ends, [len(heard) - 1]])] + 1
    return [slice(int(begin), int(stop)) for begin, stop in zip(begins, stops, strict=True)]


def followed(recorded: Samples, begin: int, end: int, played: Samples, near: slice) -> Followed | None:
    """Follow samples `begin` to `end` of a recording through what was played, from `near` there on.

    Silence before the sound is left out. None where the sound is not found, or shorter than two windows.
    A device's clock is bent to the call's, slowly; what changes faster is a jump.
    """
    heard = np.flatnonzero(recorded[begin:end])
    if not len(heard):
        return None
    begin += int(heard[0])
    # The last window ends with the piece.
    starts = np.arange(end - _WINDOW, begin - 1, -_HOP)[::-1]
    if len(starts) < 2 * _BESIDE:
        return None
    # Sound that has just begun is not like its middle: the filter rings.
    first = starts[1]
    place = _search(recorded[first : first + _WINDOW], played[near], near.start or 0)
    if place is None:
        return None
    known, places, alike = [], [], 0
    for start in starts[1:]:
        guess = round(place)
        if guess < 0 or guess + _WINDOW > len(played):
            break
        piece = recorded[start : start + _WINDOW]
        late, likeness = _late(piece, played[guess : guess + _WINDOW])
        if likeness < _ALIKE:
            around = max(0, guess - CALL_RATE)
            elsewhere = _search(piece, played[around : guess + CALL_RATE], around)
            if elsewhere is not None:
                guess, late, likeness = elsewhere, 0.0, 1.0
        alike += likeness >= _ALIKE
        known.append(start)
        places.append(guess + late)
        place = guess + late + _HOP
    steps = np.diff(places) - _HOP
    usual = np.array(
        [np.median(steps[max(0, i - _BESIDE) : i + _BESIDE + 1]) for i in range(len(steps))]
    )
    jumps = int((np.abs(steps - usual) > _JUMP).sum()) + len(known) - alike
    return Followed(begin, np.array(known), np.array(places), jumps)


def _search(piece: Samples, played: Samples, offset: int) -> int | None:
    """Where `piece` is in `played`, which begins at `offset`."""
    size = 1 << (len(played) + len(piece)).bit_length()
    both = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(piece, size).conj(), size)
    energy = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
    fits = len(played) - len(piece) + 1
    if fits < 1:
        return None
    loud = np.sqrt((energy[len(piece) :] - energy[:fits]).clip(1e-9) * max(1e-9, np.sum(piece**2)))
    alike = both[:fits] / loud
    best = int(np.argmax(alike))
    return best + offset if alike[best] >= _ALIKE else None


def _late(piece: Samples, played: Samples) -> tuple[float, float]:
    """By how many samples `piece` is later in the sound than `played`, and how alike they are then."""
    hann = np.hanning(len(piece))
    band = slice(round(_MARK_HZ / CALL_RATE * len(piece)))
    one, other = np.fft.rfft(hann * piece)[band], np.fft.rfft(hann * played)[band]
    cross = one * other.conj()
    # Loud tones must not outweigh all the rest: nearly as much for every frequency.
    weight, turn = np.abs(cross) ** 0.25, np.angle(cross)
    omega = np.arange(len(cross)) * 2 * np.pi / len(piece)
    late = float((weight * omega * turn).sum() / max(1e-12, (weight * omega**2).sum()))
    met = np.sum(cross * np.exp(-1j * omega * late)).real
    return late, float(met / max(1e-12, np.sqrt((np.abs(one) ** 2).sum() * (np.abs(other) ** 2).sum())))
