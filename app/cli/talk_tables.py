"""The figures of `evaluate talk` as tables for people, none wider than 100 columns."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.words import printable

_NONE = "-"
_COLUMNS = 100
_TITLE_COLUMNS = 40
_MOST_IDS = 20


def talk_tables(result: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[RenderableType]:
    """What `evaluate_talk` found: rates, times, tactics by turn, and the calls that went wrong.

    `titles` names the tactics by label.
    """
    yield Text("\n".join(printable(line) for line in _heading(result)))
    yield _rates(result)
    yield _times(result)
    if result["per_tactic"]:
        yield _tactics(result["per_tactic"], titles)
    for title, key in (("Missed", "missed"), ("False alarms", "false_alarms")):
        if result[key]:
            yield Text("\n").join([Text(title, "bold"), Text(_ids(result[key]))])


def _heading(result: Mapping[str, Any]) -> Iterator[str]:
    judges = ", ".join(f"{engine['id']} revision {engine['revision']}" for engine in result["engines"])
    yield f"Conversation judge: {judges}"
    if recognizer := result["recognizer"]:
        yield (
            f"Spoken by {result['synthesizer']}, heard by {recognizer['id']} revision "
            f"{recognizer['revision']}"
        )
    else:
        yield "On the text as written, without a recognizer"
    yield (
        f"{result['n']} calls: {result['n_vishing']} vishing, {result['n_benign']} honest. "
        f"Intervals: 95%, bootstrap by {result['intervals_by']}"
    )


def _rates(result: Mapping[str, Any]) -> Table:
    table = _table("Alerts", "", "Rate", "Interval", "Calls")
    vishing, honest = result["n_vishing"], result["n_benign"]
    alerts = vishing - len(result["missed"]) + len(result["false_alarms"])
    rows = (
        ("recall", "Vishing calls that raised an alert", vishing, 100),
        ("before_intervention", "... before the harm was done", result["n_with_intervention"], 100),
        ("precision", "Alerts that were vishing", alerts, 100),
        ("false_alarms_per_100", "Honest calls that raised an alert", honest, 1),
        ("false_watches_per_100", "Honest calls that raised a watch or more", honest, 1),
    )
    for key, name, calls, scale in rows:
        interval = result["intervals"][key]
        table.add_row(
            name,
            _percent(result[key], scale),
            _NONE if interval is None else _percents(interval, scale),
            str(calls),
        )
    return table


def _times(result: Mapping[str, Any]) -> Table:
    table = _table("Times (medians)", "", "Turns", "Interval", "Seconds", "Interval", "Calls")
    rows = (
        ("time_to_alert", "From the call's start to the alert"),
        ("lead", "From the alert to the last turn before the harm"),
    )
    for key, name in rows:
        found = result[key]
        cells = (
            cell
            for unit, digits in (("turns", 1), ("seconds", 0))
            for cell in (_number(found[unit], digits), _range(found[f"{unit}_interval"], digits))
        )
        table.add_row(name, *cells, str(found["n"]))
    return table


def _tactics(tactics: Mapping[str, Mapping[str, Any]], titles: Mapping[str, str]) -> Table:
    table = _table(
        "Tactics by labelled turn, and the calls they were found in (vishing/honest)",
        *("", "Turns", "Found", "Right", "Recall", "Interval", "Prec.", "Interval", "Calls"),
    )
    table.columns[0].max_width = _TITLE_COLUMNS
    table.columns[0].overflow = "ellipsis"
    for label, found in tactics.items():
        rates = (
            cell
            for name in ("recall", "precision")
            for cell in (_percent(found[name]), _share_range(found[f"{name}_interval"]))
        )
        table.add_row(
            Text(printable(f"{label} {titles.get(label, '')}".strip())),
            *(str(found[name]) for name in ("n", "found", "right")),
            *rates,
            f"{found['vishing_calls']}/{found['benign_calls']}",
        )
    return table


def _ids(ids: Sequence[str]) -> str:
    shown = ", ".join(printable(call) for call in ids[:_MOST_IDS])
    rest = len(ids) - _MOST_IDS
    more = f" and {rest} more (--json names them)" if rest > 0 else ""
    return textwrap.fill(shown + more, _COLUMNS, break_on_hyphens=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    first, *rest = columns
    table.add_column(first, no_wrap=True)
    for column in rest:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _percent(share: float | None, scale: float = 100) -> str:
    return _NONE if share is None else f"{scale * share:.1f}%"


def _percents(interval: Sequence[float], scale: float) -> str:
    low, high = interval
    return f"{scale * low:.1f}-{scale * high:.1f}%"


def _share_range(interval: Sequence[float] | None) -> str:
    return _NONE if interval is None else f"{100 * interval[0]:.0f}-{100 * interval[1]:.0f}%"


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"


def _range(interval: Sequence[float] | None, digits: int) -> str:
    return _NONE if interval is None else f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}"
