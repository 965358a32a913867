"""What `earwitness evaluate disclosure` found, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from app.words import DISCLOSURE, printable
from detection.types import DisclosureState

_MOST_IDS = 12


def disclosure_tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The accuracy with its interval, which state was taken for which, and the calls to look at."""
    low, high = result["accuracy_interval"]
    yield f"{result['n']} calls, {result['accuracy']:.1%} right ({low:.1%} to {high:.1%})"
    if result["turn_accuracy"] is not None:
        yield f"At the turn that was marked: {result['turn_accuracy']:.1%}"
    yield _confusion(result["confusion"])
    for key, title in (
        ("look_alikes_accepted", "Look-alikes taken for disclosure"),
        ("denials_missed", "Denials missed"),
    ):
        yield f"{title}: {_ids(result[key])}"
    wrong = [f"{one['id']} ({one['expected']}, got {one['got']})" for one in result["wrong"]]
    yield f"Wrong: {_ids(wrong)}"


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Table:
    states = [state for state in DisclosureState if any(state in got for got in confusion.values())]
    table = Table(
        box=None, padding=(0, 1, 0, 0), title="Expected, and what was found", title_justify="left"
    )
    table.add_column("")
    for state in states:
        table.add_column(DISCLOSURE[state].word, justify="right")
    table.add_column("Calls", justify="right")
    for expected, got in confusion.items():
        counts = [str(got.get(state, 0) or "·") for state in states]
        table.add_row(DISCLOSURE[DisclosureState(expected)].word, *counts, str(sum(got.values())))
    return table


def _ids(ids: Sequence[str]) -> str:
    if not ids:
        return "none"
    more = f" and {len(ids) - _MOST_IDS} more (--json names them)" if len(ids) > _MOST_IDS else ""
    return printable(", ".join(ids[:_MOST_IDS])) + more
