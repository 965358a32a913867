"""Utterances in, findings and a level out. Evidence adds up; no tactic alone raises an alert."""

from math import exp, log
from typing import NamedTuple

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.text.passage import spoken_words
from detection.text.phrases import Hit
from detection.types import (
    ConversationLevel,
    ConversationVerdict,
    EngineInfo,
    Finding,
    Segment,
    Utterance,
    Verified,
)
from detection.vishing.call_reader import CallReader
from detection.vishing.finder import Found, find_tactics
from detection.vishing.heard import Hearing
from detection.vishing.pack import TacticsPack
from detection.vishing.progress import CallProgress
from detection.vishing.reader import TalkReader

_SMALLEST_SHARE = 0.05
_MOST_REASONS = 5
_MOST_MOVES = 2
_LEAST_MOVE = 0.5
_PHRASES_ONLY = "Only known phrases were looked for: a con in other words goes unnoticed."
_LEAST_MOVING = 3
"""Different turns that must have moved the evidence before there is an alert."""


class _Source(NamedTuple):
    """What found a tactic, and the weight that it gives it."""

    weight: float
    id: str
    revision: str


class TalkJudge:
    """Finds the tactics in one call and weighs them. Runs on the inference thread.

    Utterances come one at a time, in order of their end. With `reader`, a network reads the call beside
    the pack's phrases and the evidence is its likelihood ratio; without, it is the sum of the pack's
    weights. `mono` says that both parties are on one channel: then nobody knows who spoke, so replies
    are not judged and the network is not asked.
    """

    def __init__(
        self, pack: TacticsPack, reader: TalkReader | None = None, *, mono: bool = False
    ) -> None:
        tactics = EngineInfo("tactics", pack.id, pack.revision)
        self.engines = (tactics, reader.engine) if reader and not mono else (tactics,)
        self._pack = pack
        self._hearing = Hearing(pack.index, frozenset(pack.ignore), mono=mono)
        self._reading = CallReader(reader) if reader and not mono else None
        self._progress = None if mono else CallProgress(pack)
        self._heard: dict[str, list[Finding]] = {}
        self._noted_llr = 0.0
        self._caller_words = 0
        self._understood = 0
        self._missed = 0

    def miss(self, segment: Segment) -> None:
        """Take in that the words of `segment` are not known."""
        self._missed += segment.end - segment.start

    def hear(self, utterance: Utterance) -> list[Finding]:
        """Tactics that this utterance shows, each at most once, by where they were said."""
        words = spoken_words(utterance)
        if not words:
            return []
        self._understood += utterance.end - utterance.start
        if utterance.channel is Channel.CALLER:
            self._caller_words += sum(len(word.normal) for word in words)
        heard = self._hearing.hear(utterance, words)
        matched = find_tactics(self._pack, heard)
        findings = [self._weigh(found, utterance.channel, self._of_pack(found)) for found in matched]
        read: list[Found] = []
        if self._reading:
            manifest = self._reading.manifest
            read = [
                found
                for found in self._reading.hear(utterance.channel, words, {one.label for one in matched})
                if found.label in self._pack.tactics
            ]
            for found in read:
                told = manifest.tactics[found.label]
                source = _Source(told.weight, manifest.id, manifest.revision)
                findings.append(self._weigh(found, utterance.channel, source))
        if self._progress:
            self._progress.hear(heard, [*matched, *read])
        return sorted((one for one in findings if one), key=lambda finding: finding.start)

    def note(self, label: str, quote: str, at: int) -> Finding | None:
        """Take in tactic `label` that no words show, seen at sample `at`: `quote` says what was seen.

        Its weight is the pack's, also where a network reads the call. None where the pack has no such
        tactic, and for a repeat that no longer counts.
        """
        if label not in self._pack.tactics:
            return None
        found = Found(label, Hit(0, 0, quote, at, at))
        finding = self._weigh(found, Channel.CALLER, self._of_pack(found))
        self._noted_llr += finding.weight if finding else 0.0
        return finding

    @property
    def progress(self) -> CallProgress | None:
        """How far the call has come; None where nobody knows who spoke."""
        return self._progress

    @property
    def verdict(self) -> ConversationVerdict:
        """The talk so far. `score`: probability of vishing that `llr` means at the pack's prior."""
        level, llr, progress = self._level(), self._llr, self._progress
        watch, alert = self._thresholds
        return ConversationVerdict(
            level=level,
            llr=round(llr, 3),
            score=round(_posterior(llr, self._pack.prior), 4),
            threshold_watch=watch,
            threshold_alert=alert,
            reasons=self._reasons()
            if level in {ConversationLevel.WATCH, ConversationLevel.VISHING}
            else self._doubts(),
            stage=progress.stage if progress else None,
            verified=progress.verified if progress else Verified.NOT_CHECKED,
            checks=progress.checks if progress else (),
            acts=progress.acts if progress else (),
        )

    @property
    def _thresholds(self) -> tuple[float, float]:
        if self._reading:
            own = self._reading.manifest.thresholds
            return own.watch_llr, own.alert_llr
        return self._pack.thresholds.watch, self._pack.thresholds.alert

    @property
    def _llr(self) -> float:
        if self._reading:
            return self._reading.llr + self._noted_llr
        found = sum(finding.weight for findings in self._heard.values() for finding in findings)
        return found + sum(
            one.weight for one in self._pack.conjunctions if all(map(self._has, one.all_of))
        )

    def _level(self) -> ConversationLevel:
        watch, alert = self._thresholds
        if self._llr >= alert and self._is_supported():
            return ConversationLevel.VISHING
        if self._llr >= watch and self._heard:
            return ConversationLevel.WATCH
        if (
            self._caller_words < self._pack.thresholds.min_caller_words
            or self._missed > self._understood
        ):
            return ConversationLevel.NOT_ENOUGH_SPEECH
        return ConversationLevel.CALM

    def _is_supported(self) -> bool:
        """Whether more speaks for an alert than one tactic or one turn, said however often."""
        if self._reading:
            return bool(self._heard) and self._reading.moving_turns >= _LEAST_MOVING
        return self._has(self._pack.alert_needs)

    def _has(self, group: str) -> bool:
        return any(label in self._heard for label in self._pack.groups[group])

    def _of_pack(self, found: Found) -> _Source:
        return _Source(self._pack.tactics[found.label].weight, self._pack.id, self._pack.revision)

    def _weigh(self, found: Found, channel: Channel, source: _Source) -> Finding | None:
        heard = self._heard.setdefault(found.label, [])
        share = self._pack.repeat_factor ** len(heard)
        if share < _SMALLEST_SHARE:
            return None
        hit = found.hit
        finding = Finding(
            tactic=found.label,
            title=self._pack.tactics[found.label].title,
            quote=hit.quote,
            channel=channel,
            start=hit.start,
            end=hit.end,
            weight=round(source.weight * share, 3),
            pack=source.id,
            pack_revision=source.revision,
        )
        heard.append(finding)
        return finding

    def _doubts(self) -> tuple[str, ...]:
        """What keeps "nothing was found" from meaning that there was nothing."""
        doubts = () if self._reading else (_PHRASES_ONLY,)
        if not self._missed:
            return doubts
        missed_s, spoken_s = (n / CALL_RATE for n in (self._missed, self._missed + self._understood))
        return (*doubts, f"{missed_s:.0f} s of {spoken_s:.0f} s of speech could not be understood.")

    def _reasons(self) -> tuple[str, ...]:
        firsts = sorted((found[0] for found in self._heard.values()), key=lambda f: -f.weight)
        said = [
            f'{self._sentence(finding)} "{finding.quote}" ({clock_at(finding.start)}).'
            for finding in firsts
            if finding.weight > 0
        ]
        early = self._progress.reasons if self._progress else ()
        together = self._moves() if self._reading else self._conjunctions()
        return (*early, *said[:_MOST_REASONS], *together)

    def _conjunctions(self) -> tuple[str, ...]:
        return tuple(one.sentence for one in self._pack.conjunctions if all(map(self._has, one.all_of)))

    def _moves(self) -> tuple[str, ...]:
        """The turns that moved the evidence most, in the order they were said."""
        moves = self._reading.moves if self._reading else ()
        most = sorted((move for move in moves if move.llr >= _LEAST_MOVE), key=lambda move: -move.llr)
        return tuple(
            f'Moved the evidence by {move.llr:+.1f}: "{move.quote}" ({clock_at(move.start)}).'
            for move in sorted(most[:_MOST_MOVES], key=lambda move: move.start)
        )

    def _sentence(self, finding: Finding) -> str:
        return self._pack.tactics[finding.tactic].sentence


def _posterior(llr: float, prior: float) -> float:
    return 1 / (1 + exp(-(llr + log(prior / (1 - prior)))))
