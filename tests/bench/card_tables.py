"""The tables of a model card, from what `earwitness evaluate voice ... --json` printed.

python -m tests.bench.card_tables build/eval.json
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FIGURES = {
    "eer": "EER",
    "caught_rate": "clones caught",
    "caught_at_watch": "at watch",
    "false_alarm_rate": "false alarms",
    "watch_rate": "at watch (real)",
    "abstention_rate": "abstained",
}


def by_condition(conditions: Mapping[str, Any]) -> Iterator[str]:
    """One row per condition, every rate with its 95 % interval."""
    yield f"| clips through | {' | '.join(FIGURES.values())} |"
    yield "|---" * (1 + len(FIGURES)) + "|"
    for name, figures in conditions.items():
        cells = [_with(figures[key], figures["intervals"][key]) for key in FIGURES]
        yield f"| `{name}` | {' | '.join(cells)} |"


def by_group(conditions: Mapping[str, Any]) -> Iterator[str]:
    """One row per group of real clips, false alarms and watches under each condition."""
    yield f"| group (real clips) | {' | '.join(f'`{name}`' for name in conditions)} |"
    yield "|---" * (1 + len(conditions)) + "|"
    groups = {group for figures in conditions.values() for group in figures["per_group"]}
    for group in sorted(groups):
        found = [figures["per_group"].get(group) for figures in conditions.values()]
        count = max(figures["n_real"] for figures in found if figures)
        cells = [
            _with(figures["false_alarm_rate"], figures["false_alarm_interval"]) if figures else "-"
            for figures in found
        ]
        yield f"| {group} ({count}) | {' | '.join(cells)} |"


def _with(rate: float | None, interval: list[float] | None) -> str:
    if rate is None or interval is None:
        return "-"
    return f"{100 * rate:.1f} % ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"


def main() -> None:
    """Print both tables of the file named."""
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    conditions = result["conditions"]
    first = next(iter(conditions.values()))
    sys.stdout.write(
        f"{result['engine']['id']}, revision {result['engine']['revision']}: "
        f"{first['n_real']} real and {first['n_synthetic']} synthetic clips\n\n"
    )
    for table in (by_condition, by_group):
        sys.stdout.write("\n".join(table(conditions)) + "\n\n")


if __name__ == "__main__":
    main()
