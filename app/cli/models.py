"""`earwitness models`: which there are, and what is installed, checked, used and measured here."""

import json
from pathlib import Path

import click

from app.cli.common import Exit, fail, printing, warn
from app.cli.model_progress import watched
from app.cli.model_tables import (
    foreign_folders,
    model_table,
    row_object,
    speed_object,
    speed_table,
)
from app.compose import open_models
from app.errors import UnknownModelError
from app.models.speed import best
from app.models.store import Choice, Installed
from app.models.words import (
    installed_text,
    override_text,
    removed_text,
    speed_advice,
    used_text,
    whole_text,
)
from app.settings import settings_with
from app.words import printable
from detection.errors import DetectionError

_model = click.argument("model")
_no_use = click.option("--no-use", is_flag=True, help="Install it and leave the settings as they are.")
_trust_anew = click.option(
    "--trust-anew",
    is_flag=True,
    help="Accept files other than those of the first installation, and record them instead.",
)
_json_lines = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")


@click.group()
def models() -> None:
    """Install, import, check and choose the models that Earwitness hears with (docs/models.md)."""


@models.command("list")
@_json_lines
def list_models(as_json: bool) -> None:
    """List all models with size, licence and state, and recommend what is missing."""
    settings = settings_with()
    store = open_models()
    rows = store.rows()
    with printing(rows=True) as console:
        if as_json:
            for row in rows:
                click.echo(json.dumps(row_object(row, settings)))
            return
        console.print(model_table(rows, console.width))
        for sentence in (*foreign_folders(rows, settings), *store.advice()):
            console.print(f"\n{sentence}")


@models.command("install")
@_model
@_no_use
@_trust_anew
def install_model(model: str, no_use: bool, trust_anew: bool) -> None:
    """Download MODEL from the hub, check it and use it."""
    store = open_models()
    try:
        with watched() as watch:
            installed = store.install(model, watch, use=not no_use, trust_anew=trust_anew)
    except KeyboardInterrupt:
        warn("What was downloaded is kept; the same command goes on from there.")
        raise
    _tell(installed)


@models.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--as", "name", metavar="NAME", help="What to call it (default: its own or the file's name)."
)
@_no_use
@_trust_anew
def bring_in(path: Path, name: str | None, no_use: bool, trust_anew: bool) -> None:
    """Import a model from the folder or zip PATH, without the network, and use it."""
    store = open_models()
    with watched() as watch:
        installed = store.bring_in(path, watch, name=name, use=not no_use, trust_anew=trust_anew)
    _tell(installed)


@models.command("verify")
@click.argument("named", nargs=-1, metavar="[MODEL]...")
def verify_models(named: tuple[str, ...]) -> None:
    """Check every file of each MODEL (default: of all that are installed)."""
    store = open_models()
    damaged = False
    wanted = named or tuple(row.id for row in store.rows() if row.is_here)
    with printing():
        if not wanted:
            click.echo("No model is installed, so nothing was checked.")
        for model in wanted:
            try:
                with watched() as watch:
                    record = store.verify(model, watch)
            except DetectionError as error:
                damaged = True
                fail(str(error))
            else:
                click.echo(whole_text(record))
    raise SystemExit(Exit.NOT_AS_EXPECTED if damaged else Exit.OK)


@models.command("use")
@_model
def use_model(model: str) -> None:
    """Use the installed MODEL from the next call on."""
    choice = open_models().use(model)
    with printing():
        click.echo(used_text(model))
    _warn_of_override(choice)


@models.command("remove")
@_model
@click.option("--yes", is_flag=True, help="Do it without asking.")
def remove_model(model: str, yes: bool) -> None:
    """Delete the files of the installed MODEL."""
    if not yes and not click.confirm(f"Delete the files of {printable(model)}?", err=True):
        raise SystemExit(Exit.NOT_AS_EXPECTED)
    choice = open_models().remove(model)
    with printing():
        click.echo(removed_text(model, choice))


@models.command("measure")
@_json_lines
@click.option("--use", is_flag=True, help="Use the model that is recommended.")
def measure_speed(as_json: bool, use: bool) -> None:
    """Measure over 5 s of speech what each installed Whisper model costs, and recommend one."""
    store = open_models()
    with watched() as watch:
        speeds = store.measure(watch)
    if not speeds:
        raise UnknownModelError(speed_advice(speeds))
    chosen = best(speeds)
    choice = store.use(chosen.model_id) if use and chosen else None
    with printing(rows=True) as console:
        if as_json:
            for speed in speeds:
                click.echo(json.dumps(speed_object(speed, is_best=speed is chosen)))
        else:
            console.print(speed_table(speeds))
            used = f" {used_text(chosen.model_id)}" if choice and chosen else ""
            console.print(f"\n{speed_advice(speeds)}{used}")
    _warn_of_override(choice)


def _tell(installed: Installed) -> None:
    with printing():
        click.echo(installed_text(installed))
    _warn_of_override(installed.choice)


def _warn_of_override(choice: Choice | None) -> None:
    if sentence := override_text(choice):
        warn(sentence)
