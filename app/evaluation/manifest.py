"""The list of labelled recordings that an evaluation goes through."""

import csv
from dataclasses import dataclass
from pathlib import Path

from app.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One row: a recording, the value of its label column, and what else the row says of it.

    `condition` is what it was made under, `system` what made it, `speaker` whose voice it is,
    `pair_id` what a voice's real recordings and clones share, `source` and `session` where and when
    it was recorded, `group` whom it stands for; empty where the row says nothing.
    """

    path: Path
    label: str
    condition: str
    system: str = ""
    speaker: str = ""
    pair_id: str = ""
    source: str = ""
    session: str = ""
    group: str = ""


def read_manifest(manifest: Path, *label_columns: str) -> list[LabelledClip]:
    """The rows of a CSV file with the columns `path` (relative to the file) and a label.

    The label is the first of `label_columns` that the file has.

    The columns `condition` (`clean` where empty), `system`, `speaker`, `pair_id`, `source`,
    `session` and `group` may be there; others are ignored. Raises `EvaluationError` naming the file,
    the line and what is wrong.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            label_column = next((name for name in label_columns if name in columns), "")
            missing = [] if label_column else [" or ".join(label_columns)]
            missing += ["path"] if "path" not in columns else []
            if missing:
                raise EvaluationError(f"{manifest} lacks the column {' and '.join(missing)}: add it.")
            clips = [_clip(manifest, reader.line_num, row, label_column) for row in reader]
    except OSError as error:
        raise EvaluationError(
            f"{manifest} cannot be read ({error.strerror}): check the path."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{manifest} is not a CSV file in UTF-8: save it as one.") from error
    if not clips:
        raise EvaluationError(f"{manifest} lists no recordings: add a line for each.")
    return clips


def _clip(manifest: Path, line: int, row: dict[str, str | None], label_column: str) -> LabelledClip:
    path, label = row["path"], row[label_column]
    if not path or label is None:
        raise EvaluationError(f"{manifest}, line {line}: needs a path and a {label_column}.")
    return LabelledClip(
        manifest.parent / path,
        label,
        row.get("condition") or "clean",
        row.get("system") or "",
        row.get("speaker") or "",
        row.get("pair_id") or "",
        row.get("source") or "",
        row.get("session") or "",
        row.get("group") or "",
    )
