"""The report's figures in words, the same on the terminal and on the page. Not escaped for either."""

from datetime import datetime

from app.disclosure.figures import WITHOUT_AI, Figures, Group, GroupBy
from app.disclosure.share import Share
from app.disclosure.span import Span
from app.words import local_time, printable
from audio.types import Channel
from detection.types import DisclosureState

NOTE = "This is a finding under the policies this site chose, not a legal judgement."
SHARES = (
    "Shares are of the calls with an AI; in brackets, the range in which the true share lies with 95 % "
    "confidence. The seconds run from the party's first words to its disclosure; half of those that "
    "disclosed took no longer."
)
NOTHING = "-"
"""Where there is nothing to say a figure of."""

STATE = {
    DisclosureState.DISCLOSED: "disclosed in time",
    DisclosureState.DISCLOSED_LATE: "disclosed late",
    DisclosureState.NOT_DISCLOSED: "not disclosed",
    DisclosureState.EVASIVE: "evasive",
    DisclosureState.DENIED: "denied",
    DisclosureState.HUMAN: "human-like",
    DisclosureState.LISTENING: "not settled",
    DisclosureState.NOT_APPLICABLE: "not applicable",
    DisclosureState.NOT_CHECKED: "not checked",
}
_SIDE = {Channel.CALLER: "Callers' AI", Channel.AGENT: "The desk's own AI"}
HEADING = {GroupBy.RULE: "By rule", GroupBy.SIDE: "By side", GroupBy.LINE: "By line"}


def span_text(span: Span) -> str:
    """From when until when, by this machine's clock."""
    return f"{_local(span.since)} to {_local(span.until)}"


def total_text(figures: Figures) -> str:
    """How many calls there were, and of what kind."""
    calls = f"{figures.calls} {_calls(figures.calls)}"
    return f"{calls}: {figures.ai_calls} with an AI, {_others(figures, WITHOUT_AI)}."


def meaning_text(figures: Figures) -> str:
    """That what is not known is not passed; empty where all that is without an AI is human-like."""
    if not any(figures.counts.get(state) for state in WITHOUT_AI[1:]):
        return ""
    return "Calls that are not settled, not applicable or not checked are not passes."


def others_text(figures: Figures) -> str:
    """The calls of a group in which no AI was made out, by what is known of them."""
    present = tuple(state for state in WITHOUT_AI if figures.counts.get(state))
    return _others(figures, present) if present else NOTHING


def group_text(group: Group) -> str:
    """What a person would call the group."""
    match group.by:
        case GroupBy.RULE if not group.name:
            return "No rule"
        case GroupBy.RULE if group.title:
            return printable(f"{group.title} ({group.name})")
        case GroupBy.SIDE:
            return side_text(Channel(group.name))
        case _:
            return printable(group.name)


def side_text(side: Channel) -> str:
    """Whose AI was judged."""
    return _SIDE[side]


def share_text(share: Share) -> str:
    """The share with its range: "3 of 4 (30-95 %)", and of many calls "81.3 % (77-85 %)"."""
    if share.value is None or share.interval is None:
        return NOTHING
    low, high = (f"{100 * bound:.0f}" for bound in share.interval)
    told = f"{share.count} of {share.of}" if share.is_of_few else f"{100 * share.value:.1f} %"
    return f"{told} ({low}-{high} %)"


def median_text(figures: Figures) -> str:
    """The median delay, and of how many calls it is where not all that disclosed have one."""
    if figures.median_s is None:
        return NOTHING
    timed, said_so = len(figures.delays_s), figures.said_so.count
    told = f"{figures.median_s:.1f} s"
    return told if timed == said_so else f"{told} ({timed} of {said_so})"


def lines_left_out(silent: int) -> str:
    """That so many lines had no call with an AI; empty for none."""
    if not silent:
        return ""
    lines = "1 line is" if silent == 1 else f"{silent} lines are"
    return f"{lines} not shown: no call with an AI."


def _others(figures: Figures, states: tuple[DisclosureState, ...]) -> str:
    return ", ".join(f"{figures.counts.get(state, 0)} {STATE[state]}" for state in states)


def _calls(count: int) -> str:
    return "call" if count == 1 else "calls"


def _local(moment: datetime) -> str:
    return local_time(moment.isoformat())
