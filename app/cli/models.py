"""`earwitness models`: which public models there are, and what is set for their jobs here."""

import json
from typing import Any

import click
from rich.table import Table

from app.cli.common import printing
from app.compose import load_models, model_advice
from app.settings import Settings, settings_with
from detection.models.catalogue import Carrier, PublicModel

_CARRIER = {
    Carrier.INSTALLER: "may come with the installer",
    Carrier.PERSON: "only you may import it",
}
_NOTHING_SET = "nothing"


@click.group()
def models() -> None:
    """List public models that make Earwitness hear better."""


@models.command("list")
@click.option("--json", "as_json_lines", is_flag=True, help="Print one JSON object per model and line.")
def list_models(as_json_lines: bool) -> None:
    """List the models with size and licence, and recommend what is missing."""
    settings = settings_with()
    catalogue = load_models()
    with printing(rows=True) as console:
        if as_json_lines:
            for model in catalogue.models:
                click.echo(json.dumps(_as_object(model, settings)))
            return
        table = Table(
            "Model", "For", "Licence", "MB", "Bringing it", "Set for that", box=None, pad_edge=False
        )
        for model in catalogue.models:
            table.add_row(
                model.hub,
                model.job.value.replace("_", " "),
                model.licence,
                f"{model.download_mb:,.0f}",
                _CARRIER[model.carrier],
                _set_for(model, settings) or _NOTHING_SET,
            )
        console.print(table)
        for sentence in model_advice(settings):
            console.print(f"\n{sentence}")


def _as_object(model: PublicModel, settings: Settings) -> dict[str, Any]:
    return {**model.model_dump(mode="json"), "set": _set_for(model, settings) or None}


def _set_for(model: PublicModel, settings: Settings) -> str:
    """The folder that is set for the job of `model`; it may hold another model for the same job."""
    folder = getattr(settings, model.setting) if model.setting else None
    return str(folder) if folder else ""
