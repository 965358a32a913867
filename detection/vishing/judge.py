"""Utterances in, findings and a level out. Evidence adds up; no tactic alone raises an alert."""

from collections import deque
from collections.abc import Sequence
from math import exp, log

from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.text.passage import Passage, SpokenWord, spoken_words
from detection.text.phrases import Hit
from detection.types import (
    ConversationLevel,
    ConversationVerdict,
    EngineInfo,
    Finding,
    Segment,
    Utterance,
)
from detection.vishing.pack import Matcher, Tactic, TacticsPack

_CARRY_WORDS = 12
_CARRY_GAP = 2 * CALL_RATE
_REPLY_GAP = 15 * CALL_RATE
_TURN_UTTERANCES = 4
_SMALLEST_SHARE = 0.05
_MOST_REASONS = 5


class TalkJudge:
    """Finds the tactics of a pack in one call and weighs them. Runs on the inference thread.

    Utterances come one at a time, in order of their end. `mono` says that both parties are on one
    channel: then replies, which need to know who spoke, are not judged.
    """

    def __init__(self, pack: TacticsPack, *, mono: bool = False) -> None:
        self.engine = EngineInfo("tactics", pack.id, pack.revision)
        self._pack = pack
        self._mono = mono
        self._ignored = frozenset(pack.ignore)
        self._carried: dict[Channel, tuple[SpokenWord, ...]] = {}
        self._speaking: Channel | None = None
        self._turn: dict[Channel, deque[tuple[int, Passage]]] = {
            channel: deque(maxlen=_TURN_UTTERANCES) for channel in Channel
        }
        self._heard: dict[str, list[Finding]] = {}
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
        carried = self._carry_over(utterance)
        passage = Passage((*carried, *words), self._ignored)
        questions = [] if self._mono else self._asked_before(utterance)
        findings = []
        for label, matcher in self._pack.matchers.items():
            tactic = self._pack.tactics[label]
            if not tactic.spoken_by.includes(utterance.channel):
                continue
            hit = _search(matcher, passage, len(carried) - 1, questions)
            if hit and (finding := self._weigh(label, tactic, hit, utterance.channel)):
                findings.append(finding)
        self._carried[utterance.channel] = passage.words[-_CARRY_WORDS:]
        self._add_to_turn(utterance, passage)
        return sorted(findings, key=lambda finding: finding.start)

    def note(self, label: str, quote: str, at: int) -> Finding | None:
        """Take in what a person saw the caller do at sample `at`: tactic `label`, in the words `quote`.

        None for a repeat that no longer counts. Raises `KeyError` for a label that the pack has not.
        """
        return self._weigh(label, self._pack.tactics[label], Hit(0, 0, quote, at, at), Channel.CALLER)

    @property
    def verdict(self) -> ConversationVerdict:
        """The talk so far. `score`: probability of vishing that `llr` means at the pack's prior."""
        thresholds = self._pack.thresholds
        level = self._level()
        return ConversationVerdict(
            level=level,
            llr=round(self._llr, 3),
            score=round(_posterior(self._llr, self._pack.prior), 4),
            threshold_watch=thresholds.watch,
            threshold_alert=thresholds.alert,
            reasons=self._reasons()
            if level in {ConversationLevel.WATCH, ConversationLevel.VISHING}
            else self._doubts(),
        )

    @property
    def _llr(self) -> float:
        found = sum(finding.weight for findings in self._heard.values() for finding in findings)
        return found + sum(
            conjunction.weight
            for conjunction in self._pack.conjunctions
            if all(self._has(group) for group in conjunction.all_of)
        )

    def _level(self) -> ConversationLevel:
        if self._llr >= self._pack.thresholds.alert and self._has(self._pack.alert_needs):
            return ConversationLevel.VISHING
        if self._llr >= self._pack.thresholds.watch:
            return ConversationLevel.WATCH
        if (
            self._caller_words < self._pack.thresholds.min_caller_words
            or self._missed > self._understood
        ):
            return ConversationLevel.NOT_ENOUGH_SPEECH
        return ConversationLevel.CALM

    def _has(self, group: str) -> bool:
        return any(label in self._heard for label in self._pack.groups[group])

    def _carry_over(self, utterance: Utterance) -> tuple[SpokenWord, ...]:
        """Last words of the same party, where the sentence may go on after a breath."""
        carried = self._carried.get(utterance.channel, ())
        if carried and not carried[-1].ends_sentence and utterance.start - carried[-1].end <= _CARRY_GAP:
            return carried
        return ()

    def _asked_before(self, utterance: Utterance) -> list[Passage]:
        """What the other party said in its last turn, where that was seconds before `utterance`."""
        other = Channel.AGENT if utterance.channel is Channel.CALLER else Channel.CALLER
        return [passage for end, passage in self._turn[other] if utterance.start - end <= _REPLY_GAP]

    def _add_to_turn(self, utterance: Utterance, passage: Passage) -> None:
        turn = self._turn[utterance.channel]
        if self._speaking is not utterance.channel:
            turn.clear()
            self._speaking = utterance.channel
        turn.append((utterance.end, passage))

    def _weigh(self, label: str, tactic: Tactic, hit: Hit, channel: Channel) -> Finding | None:
        heard = self._heard.setdefault(label, [])
        share = self._pack.repeat_factor ** len(heard)
        if share < _SMALLEST_SHARE:
            return None
        finding = Finding(
            tactic=label,
            title=tactic.title,
            quote=hit.quote,
            channel=channel,
            start=hit.start,
            end=hit.end,
            weight=round(tactic.weight * share, 3),
            pack=self._pack.id,
            pack_revision=self._pack.revision,
        )
        heard.append(finding)
        return finding

    def _doubts(self) -> tuple[str, ...]:
        """What keeps "nothing was found" from meaning that there was nothing."""
        if not self._missed:
            return ()
        missed_s, spoken_s = (n / CALL_RATE for n in (self._missed, self._missed + self._understood))
        return (f"{missed_s:.0f} s of {spoken_s:.0f} s of speech could not be understood.",)

    def _reasons(self) -> tuple[str, ...]:
        firsts = sorted((found[0] for found in self._heard.values()), key=lambda f: -f.weight)
        said = [
            f'{self._sentence(finding)} "{finding.quote}" ({clock_at(finding.start)}).'
            for finding in firsts
            if finding.weight > 0
        ]
        together = [
            conjunction.sentence
            for conjunction in self._pack.conjunctions
            if all(self._has(group) for group in conjunction.all_of)
        ]
        return (*said[:_MOST_REASONS], *together)

    def _sentence(self, finding: Finding) -> str:
        return self._pack.tactics[finding.tactic].sentence


def _search(
    matcher: Matcher, passage: Passage, after_word: int, questions: Sequence[Passage]
) -> Hit | None:
    if hit := matcher.said.search(passage, after_word):
        return hit
    for reply in matcher.replies:
        if any(reply.to.search(question) for question in questions) and (
            hit := reply.says.search(passage, after_word)
        ):
            return hit
    return None


def _posterior(llr: float, prior: float) -> float:
    return 1 / (1 + exp(-(llr + log(prior / (1 - prior)))))
