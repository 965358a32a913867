"""The figures of `evaluate speakers` as tables for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.words import printable

_NONE = "-"


def speaker_tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What `evaluate_speakers` found: separation, decisions at the shipped thresholds, what failed."""
    engine = result["engine"]
    yield Text(printable(f"Speaker encoder: {engine['id']}, revision {engine['revision']}"))
    rows = [
        (name, seconds, figures)
        for name, lengths in result["conditions"].items()
        for seconds, figures in lengths.items()
    ]
    if rows:
        yield _separation(rows)
        yield _decisions(rows)
    if result["failed"]:
        failed = [Text(printable(clip["error"])) for clip in result["failed"]]
        yield Text("\n").join([Text("Not compared", "bold"), *failed])


_Rows = list[tuple[str, str, Mapping[str, Any]]]


def _separation(rows: _Rows) -> Table:
    table = _table(
        "How well voices are told apart; second line: 95% interval, bootstrap by speaker",
        *("People", "Same", "Different", "EER", "AUC", "Cllr (min)", "Min DCF"),
        *("EER without norm", "EER same source"),
    )
    for name, seconds, figures in rows:
        without, hard = figures["without_norm"], figures["same_source"]
        table.add_row(
            Text(printable(name)),
            f"{seconds} s",
            str(figures["n_speakers"]),
            str(figures["n_target"]),
            str(figures["n_nontarget"]),
            _with_interval(figures, "eer"),
            _number(figures["auc"]),
            f"{_number(figures['cllr'], 2)}\n({_number(figures['min_cllr'], 2)})",
            _number(figures["min_dcf"]),
            _percent(without["eer"]) if without else _NONE,
            _percent(hard["eer"]) if hard else _NONE,
        )
    return table


def _decisions(rows: _Rows) -> Table:
    table = _table(
        "At the shipped thresholds",
        *("Same: matches", "Same: does not", "Different: matches", "Different: does not"),
    )
    for name, seconds, figures in rows:
        table.add_row(
            Text(printable(name)),
            f"{seconds} s",
            _percent(figures["accept_rate"]),
            _with_interval(figures, "false_reject_rate"),
            _with_interval(figures, "false_accept_rate"),
            _percent(figures["reject_rate"]),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("Condition", overflow="fold")
    for column in ("Speech", *columns):
        table.add_column(column, justify="right", overflow="fold")
    return table


def _with_interval(figures: Mapping[str, Any], name: str) -> str:
    interval = figures["intervals"][name]
    if interval is None:
        return _NONE
    low, high = interval
    return f"{_percent(figures[name])}\n{100 * low:.1f}-{100 * high:.1f}"


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f}%"


def _number(value: float | None, digits: int = 3) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"
