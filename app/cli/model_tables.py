"""How `earwitness models` shows models and what they cost: tables and JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from app.models.speed import Speed
from app.models.store import SETTING_OF, ModelRow, ModelState
from app.models.words import JOB_NAME, about_text, state_text
from app.settings import Settings
from app.words import printable
from detection.models.shelf import megabytes

_NEVER_FOLDED = {"Model", "Size"}

_ROOM_FOR_ABOUT = 110
"""Columns from which a terminal also shows what each model does."""


def model_table(rows: Sequence[ModelRow], width: int) -> Table:
    """All models, one a row, below what they are for; `width` is the terminal's, in columns."""
    columns = ["Model", "Size", "Licence", "State"]
    if width >= _ROOM_FOR_ABOUT:
        columns.append("What it does")
    table = _table(*columns)
    for job, name in JOB_NAME.items():
        table.add_row()
        table.add_row(Text(name, "bold"))
        for row in (row for row in rows if row.job is job):
            cells = [
                Text(printable(row.id)),
                Text(megabytes(row.size)),
                Text(printable(row.licence)),
                Text(state_text(row), "green" if row.is_here else ""),
                Text(about_text(row)),
            ]
            table.add_row(*cells[: len(columns)])
    return table


def foreign_folders(rows: Sequence[ModelRow], settings: Settings) -> list[str]:
    """What is set without being one of the models listed, a sentence for each job."""
    managed = {row.job for row in rows if row.state is ModelState.USED}
    return [
        f"{JOB_NAME[job]}: {printable(str(folder))} is set."
        for job, name in SETTING_OF.items()
        if (folder := getattr(settings, name)) and job not in managed
    ]


def row_object(row: ModelRow, settings: Settings) -> dict[str, Any]:
    """A model as JSON: its entry in the catalogue where it has one, and what is here of it."""
    entry = row.entry.model_dump(mode="json") if row.entry else {}
    own = {"id": row.id, "title": row.title, "job": row.job.value, "licence": row.licence}
    return {
        **own,
        **entry,
        "set": _set_for(row, settings) or None,
        "state": row.state.name.lower(),
        "installed": row.record.model_dump(mode="json") if row.record and row.is_here else None,
    }


def speed_table(speeds: Sequence[Speed]) -> Table:
    """What each model costs."""
    table = _table("Model", "Size", "Core-seconds per second of speech", "Waiting", "Keeps up")
    for speed in speeds:
        table.add_row(
            speed.model_id,
            megabytes(speed.size),
            f"{speed.cores:.2f}",
            f"{speed.wall:.2f}",
            "yes" if speed.keeps_up else "no",
        )
    return table


def speed_object(speed: Speed, *, is_best: bool) -> dict[str, Any]:
    """A measurement as JSON."""
    return {
        "id": speed.model_id,
        "size": speed.size,
        "core_seconds_per_second": round(speed.cores, 3),
        "wall_seconds_per_second": round(speed.wall, 3),
        "keeps_up": speed.keeps_up,
        "recommended": is_best,
    }


def _set_for(row: ModelRow, settings: Settings) -> str:
    """The folder that is set for the model's job, empty where none is; it may hold another model."""
    setting = SETTING_OF.get(row.job)
    folder = getattr(settings, setting) if setting else None
    return str(folder) if folder else ""


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _NEVER_FOLDED)
    return table
