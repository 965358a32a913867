"""The command line: the same engine as the window, without one."""

import sys

import click

from app.cli.analyze import analyze
from app.cli.cases import cases
from app.cli.common import Exit, fail
from app.cli.demo import demo
from app.cli.evaluate import evaluate
from app.errors import USER_ERRORS


@click.group()
@click.version_option(package_name="earwitness")
def cli() -> None:
    """Judge calls on this machine: cloned voice, voice phishing, an AI that has not said so."""


for command in (analyze, cases, demo, evaluate):
    cli.add_command(command)


def main() -> None:
    """Entry point: every error a user can cause or mend ends here as one sentence."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.exceptions.Abort:
        fail("Stopped.")
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.BAD_USE)
    except USER_ERRORS as error:
        fail(str(error))
        sys.exit(Exit.FAILED)
