"""All commands in one group, and where every error of theirs ends."""

import errno
import io

import click

from app.cli.analyze import analyze
from app.cli.cases import cases
from app.cli.common import Exit, OutputError, drop_output, fail
from app.cli.demo import demo
from app.cli.devices import devices
from app.cli.disclosure import disclosure
from app.cli.evaluate import evaluate
from app.cli.listen import listen
from app.cli.models import models
from app.cli.voices import voices
from app.errors import USER_ERRORS
from app.words import printable


@click.group()
@click.version_option(package_name="earwitness")
def cli() -> None:
    """Judge calls on this machine: cloned voice, voice phishing, an AI that has not said so."""


for command in (analyze, cases, demo, devices, disclosure, evaluate, listen, models, voices):
    cli.add_command(command)


def run() -> int:
    """Run the command line that started the process and return its exit status.

    Every error that a user can cause or mend ends here as one sentence.
    """
    try:
        return cli.main(standalone_mode=False) or Exit.OK
    except click.exceptions.Abort:
        fail("Stopped.")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        _show(error)
        return Exit.BAD_USE
    except USER_ERRORS as error:
        fail(str(error))
        return Exit.FAILED
    except OSError as error:
        # The commands know where they print; this is click, printing help.
        if error.errno != errno.ENOSPC:
            raise
        drop_output()
        fail(str(OutputError.of(error)))
        return Exit.FAILED


def _show(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    for line in text.getvalue().splitlines():
        click.echo(printable(line), err=True)
