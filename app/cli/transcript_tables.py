"""The figures of `evaluate transcript` as tables for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.words import printable

_NONE = "-"


def transcript_tables(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What `evaluate_transcript` found: errors by condition, tactic words by condition, what failed."""
    conditions, engine = result["conditions"], result["engine"]
    yield _plain(f"Recognizer: {engine['id']}, revision {engine['revision']}")
    yield _plain(f"Word error rate in all: {_percent(result['wer'])}")
    if conditions:
        yield _by_condition(conditions)
        if any(figures["keywords"]["by_word"] for figures in conditions.values()):
            yield _by_word(conditions)
    if result["failed"]:
        failed = [_plain(clip["error"]) for clip in result["failed"]]
        yield Text("\n").join([Text("Not measured", "bold"), *failed])


def _by_condition(conditions: Mapping[str, Any]) -> Table:
    table = _table(
        "By condition; in brackets the 95% interval",
        *("Clips", "Words", "WER", "Subst.", "Deleted", "Inserted", "Invented", "Rejected"),
    )
    for name, figures in conditions.items():
        table.add_row(
            _plain(name),
            str(figures["n"]),
            str(figures["n_words"]),
            _with_interval(figures),
            *(str(figures[f"n_{kind}"]) for kind in ("substituted", "deleted", "inserted", "invented")),
            _percent(figures["rejected_rate"]),
        )
    return table


def _by_word(conditions: Mapping[str, Any]) -> Table:
    """One column per word of the vocabulary that was said or heard anywhere."""
    found = [figures["keywords"] for figures in conditions.values()]
    words = list(dict.fromkeys(word for keywords in found for word in keywords["by_word"]))
    table = _table("Tactic words: recall (false)", "All", *words)
    for name, figures in conditions.items():
        keywords = figures["keywords"]
        cells = [keywords, *(keywords["by_word"].get(word) for word in words)]
        table.add_row(_plain(name), *map(_recall, cells))
    return table


def _recall(figures: Mapping[str, Any] | None) -> str:
    if figures is None:
        return _NONE
    return f"{_percent(figures['recall'], 0)} ({figures['n_false']})"


def _with_interval(figures: Mapping[str, Any]) -> str:
    if figures["interval"] is None:
        return _NONE
    low, high = figures["interval"]
    return f"{_percent(figures['wer'])} ({100 * low:.0f}-{100 * high:.0f})"


def _plain(text: str) -> Text:
    return Text(printable(text))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("Condition", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _percent(share: float | None, digits: int = 1) -> str:
    return _NONE if share is None else f"{100 * share:.{digits}f}%"
