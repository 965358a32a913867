"""What the cases of a span come to: counts and shares, for all calls and by rule, side and line."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from app.cases.disclosures import JudgedCall
from app.disclosure.share import Share
from app.disclosure.span import Span
from audio.types import CALL_RATE, Channel
from detection.types import DisclosureState, DisclosureVerdict, RuleState

SAID_SO = (DisclosureState.DISCLOSED, DisclosureState.DISCLOSED_LATE)
WITH_AI = (
    *SAID_SO,
    DisclosureState.NOT_DISCLOSED,
    DisclosureState.EVASIVE,
    DisclosureState.DENIED,
)
"""States in which an AI was on the line; in every other, none was made out."""
WITHOUT_AI = (
    DisclosureState.HUMAN,
    DisclosureState.LISTENING,
    DisclosureState.NOT_APPLICABLE,
    DisclosureState.NOT_CHECKED,
)


class GroupBy(StrEnum):
    """What the calls of a group have in common."""

    ALL = "all"
    RULE = "rule"
    SIDE = "side"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one call stands, under one rule or all in all."""

    call: JudgedCall
    state: DisclosureState

    @property
    def has_ai(self) -> bool:
        return self.state in WITH_AI

    @property
    def was_asked(self) -> bool:
        return self.call.verdict is not None and self.call.verdict.asked_at is not None

    @property
    def delay_s(self) -> float | None:
        """Seconds from the party's first words to the disclosure; None where either is not known."""
        verdict = self.call.verdict
        if self.state not in SAID_SO or verdict is None:
            return None
        if verdict.at is None or verdict.spoke_at is None or verdict.at < verdict.spoke_at:
            return None
        return (verdict.at - verdict.spoke_at) / CALL_RATE


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls of one group. `asked` and `delays_s` (seconds) are of those with an AI alone."""

    counts: Mapping[DisclosureState, int]
    asked: int
    delays_s: tuple[float, ...]

    @classmethod
    def of(cls, standings: Iterable[Standing]) -> "Figures":
        """The figures of `standings`, one for each call."""
        standings = list(standings)
        return cls(
            Counter(one.state for one in standings),
            sum(one.has_ai and one.was_asked for one in standings),
            tuple(delay for one in standings if (delay := one.delay_s) is not None),
        )

    @property
    def calls(self) -> int:
        return sum(self.counts.values())

    @property
    def ai_calls(self) -> int:
        return sum(self.counts.get(state, 0) for state in WITH_AI)

    @property
    def in_time(self) -> Share:
        return Share(self.counts.get(DisclosureState.DISCLOSED, 0), self.ai_calls)

    @property
    def late(self) -> Share:
        return Share(self.counts.get(DisclosureState.DISCLOSED_LATE, 0), self.ai_calls)

    @property
    def said_so(self) -> Share:
        """In time and late together."""
        return Share(self.in_time.count + self.late.count, self.ai_calls)

    @property
    def median_s(self) -> float | None:
        """Half of those whose time is known said so within so many seconds; None where none is known."""
        return median(self.delays_s) if self.delays_s else None


@dataclass(frozen=True, slots=True)
class Group:
    """The calls that have `name` in common: a rule's id and revision, a side, a line.

    `title` is a rule's, and empty for all others and where no verdict of the span holds it.
    """

    by: GroupBy
    name: str
    title: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Denial:
    """A call in which an AI said that it is a person."""

    call: JudgedCall
    verdict: DisclosureVerdict


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, whatever it is shown as."""

    span: Span
    total: Figures
    rules: Sequence[Group]
    sides: Sequence[Group]
    lines: Sequence[Group]
    """Those with the most AI calls first."""
    denials: Sequence[Denial]
    """The earliest first."""

    @property
    def groups(self) -> Sequence[Group]:
        """All calls as one group, then every other group."""
        return (Group(GroupBy.ALL, "", "", self.total), *self.rules, *self.sides, *self.lines)


def report_of(calls: Sequence[JudgedCall], span: Span) -> Report:
    """The report over `calls`, which are those of `span` in their order."""
    whole = [Standing(call, _state(call.verdict)) for call in calls]
    return Report(
        span,
        Figures.of(whole),
        _by_rule(calls),
        _grouped(GroupBy.SIDE, whole, _side, _callers_first),
        _grouped(GroupBy.LINE, whole, _line, _most_ai_calls_first),
        [
            Denial(call, call.verdict)
            for call in calls
            if call.verdict and call.verdict.state is DisclosureState.DENIED
        ],
    )


def _state(verdict: DisclosureVerdict | None) -> DisclosureState:
    return verdict.state if verdict else DisclosureState.NOT_CHECKED


def _side(standing: Standing) -> str:
    return standing.call.subject.value


def _line(standing: Standing) -> str:
    return standing.call.source


def _callers_first(group: Group) -> tuple[int, str]:
    return (group.name != Channel.CALLER, group.name)


def _most_ai_calls_first(group: Group) -> tuple[int, str]:
    return (-group.figures.ai_calls, group.name)


def _grouped(
    by: GroupBy,
    standings: Iterable[Standing],
    name: Callable[[Standing], str],
    order: Callable[[Group], tuple[int, str]],
) -> Sequence[Group]:
    members: defaultdict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        members[name(standing)].append(standing)
    groups = [Group(by, key, "", Figures.of(some)) for key, some in members.items()]
    return sorted(groups, key=order)


def _by_rule(calls: Iterable[JudgedCall]) -> Sequence[Group]:
    """One group for each revision of each rule, and last the calls that no rule was held against."""
    members: defaultdict[tuple[str, str], list[Standing]] = defaultdict(list)
    titles: dict[tuple[str, str], str] = {}
    for call in calls:
        for rule in _rules(call.verdict):
            key = (rule.rule_id, rule.rule_revision)
            members[key].append(Standing(call, rule.state))
            titles[key] = rule.title or titles.get(key, "")
    return [
        Group(GroupBy.RULE, " ".join(key).strip(), titles[key], Figures.of(members[key]))
        for key in sorted(members, key=lambda key: (not key[0], key))
    ]


def _rules(verdict: DisclosureVerdict | None) -> Iterator[RuleState]:
    """The rules a call was held against. Older verdicts hold one, without a list of states."""
    if verdict and verdict.rules:
        yield from verdict.rules
    elif verdict:
        yield RuleState(verdict.rule_id, verdict.rule_revision, "", verdict.state)
    else:
        yield RuleState("", "", "", DisclosureState.NOT_CHECKED)
