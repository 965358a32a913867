"""The figures of `evaluate voice` as tables for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.words import printable

_NONE = "-"


def voice_tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What `evaluate_voice` found: by condition, speed, short speech, by system, and what failed."""
    conditions = result["conditions"]
    engine = result["engine"]
    yield _plain(f"Voice judge: {engine['id']}, revision {engine['revision']}")
    if conditions:
        yield _by_condition(conditions)
        yield _speed(conditions)
    if result["windows"]:
        yield _by_window(result["windows"])
    if any(figures["per_system"] for figures in conditions.values()):
        yield _by_system(conditions)
    if any(figures["per_group"] for figures in conditions.values()):
        yield _by_group(conditions)
    if result["failed"]:
        yield _failed(result["failed"])


def _by_condition(conditions: Mapping[str, Any]) -> Table:
    by = " and ".join(sorted({figures["intervals_by"] for figures in conditions.values()}))
    table = _table(
        f"By condition; second line: 95% interval, bootstrap by {by}",
        *("Real", "Synth.", "EER", "AUC", "Cllr (min)", "Caught", "False alarms"),
        *("Caught at watch", "False watch", "Abstained"),
    )
    for name, figures in conditions.items():
        table.add_row(
            _plain(name),
            str(figures["n_real"]),
            str(figures["n_synthetic"]),
            _with_interval(figures, "eer"),
            _number(figures["auc"]),
            f"{_number(figures['cllr'], 2)}\n({_number(figures['min_cllr'], 2)})",
            _with_interval(figures, "caught_rate"),
            _with_interval(figures, "false_alarm_rate"),
            _with_interval(figures, "caught_at_watch"),
            _with_interval(figures, "watch_rate"),
            _with_interval(figures, "abstention_rate"),
        )
    return table


def _speed(conditions: Mapping[str, Any]) -> Table:
    table = _table(
        "More by condition",
        *("Time to verdict", "Caught with 3 s", "Min DCF", "Pairs", "AUC in pairs"),
    )
    for name, figures in conditions.items():
        after = figures["time_to_verdict_s"]
        table.add_row(
            _plain(name),
            _NONE if after is None else f"{after:.1f} s",
            _percent(figures["caught_with_3s"]),
            _number(figures["min_dcf"]),
            str(figures["n_pairs"]),
            _number(figures["paired_auc"]),
        )
    return table


def _by_window(windows: Mapping[str, Any]) -> Table:
    table = _table(
        "By the first seconds of speech alone",
        *("Speech", "EER", "AUC", "Cllr", "Caught", "False alarms"),
        *("Caught at watch", "False watch", "Abstained"),
    )
    for seconds, conditions in windows.items():
        for name, figures in conditions.items():
            table.add_row(
                _plain(name),
                f"{seconds} s",
                _percent(figures["eer"]),
                _number(figures["auc"]),
                _number(figures["cllr"], 2),
                _percent(figures["caught_rate"]),
                _percent(figures["false_alarm_rate"]),
                _percent(figures["caught_at_watch"]),
                _percent(figures["watch_rate"]),
                _percent(figures["abstention_rate"]),
            )
    return table


def _by_system(conditions: Mapping[str, Any]) -> Table:
    """One row per system, the one with the highest EER in any condition first."""
    table = _table(
        "By system: EER / caught, worst first", *map(printable, conditions), first="System (clips)"
    )
    systems = {system for figures in conditions.values() for system in figures["per_system"]}

    def found(system: str) -> list[Mapping[str, Any] | None]:
        return [figures["per_system"].get(system) for figures in conditions.values()]

    def badness(system: str) -> tuple[float, float, str]:
        known = [figures for figures in found(system) if figures]
        worst = max(figures["eer"] or 0.0 for figures in known)
        return -worst, min(figures["caught_rate"] for figures in known), system

    for system in sorted(systems, key=badness):
        clips = max(figures["n"] for figures in found(system) if figures)
        table.add_row(
            _plain(f"{system} ({clips})"),
            *(
                f"{_percent(figures['eer'])} / {_percent(figures['caught_rate'], 0)}"
                if figures
                else _NONE
                for figures in found(system)
            ),
        )
    return table


def _by_group(conditions: Mapping[str, Any]) -> Table:
    """One row per group, the one with the most false alarms in any condition first."""
    table = _table(
        "By group: false alarms (95% interval), most first",
        *map(printable, conditions),
        first="Group (real clips)",
    )
    groups = {group for figures in conditions.values() for group in figures["per_group"]}

    def found(group: str) -> list[Mapping[str, Any]]:
        return [figures["per_group"].get(group, {}) for figures in conditions.values()]

    def most(group: str) -> tuple[float, str]:
        return -max(figures.get("false_alarm_rate") or 0.0 for figures in found(group)), group

    for group in sorted(groups, key=most):
        real = max(figures.get("n_real", 0) for figures in found(group))
        table.add_row(_plain(f"{group} ({real})"), *map(_false_alarms, found(group)))
    return table


def _false_alarms(figures: Mapping[str, Any]) -> str:
    interval = figures.get("false_alarm_interval")
    if interval is None:
        return _NONE
    low, high = interval
    return f"{_percent(figures['false_alarm_rate'])} ({100 * low:.1f}-{100 * high:.1f})"


def _failed(failed: list[Mapping[str, str]]) -> Text:
    return Text("\n").join([Text("Not judged", "bold"), *(_plain(clip["error"]) for clip in failed)])


def _plain(text: str) -> Text:
    return Text(printable(text))


def _table(title: str, *columns: str, first: str = "Condition") -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _with_interval(figures: Mapping[str, Any], name: str) -> str:
    interval = figures["intervals"][name]
    if interval is None:
        return _NONE
    low, high = interval
    return f"{_percent(figures[name])}\n{100 * low:.1f}-{100 * high:.1f}"


def _percent(share: float | None, digits: int = 1) -> str:
    return _NONE if share is None else f"{100 * share:.{digits}f}%"


def _number(value: float | None, digits: int = 3) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"
