"""The command line: the same engine as the window, without one."""

import io
import signal
import sys

_INTERRUPTED = 130
"""`app.cli.common.Exit.INTERRUPTED`, for when that is not loaded yet."""


def main() -> None:
    """Entry point: ends the process with one of `app.cli.common.Exit`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows few characters is no reason to lose a verdict.
            stream.reconfigure(errors="replace")
    # Asked to end by the system, it ends as it does for a person: with what was heard stored.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from app.cli.commands import run  # the libraries take a while, and Ctrl-C may come meanwhile

        sys.exit(run())
    except KeyboardInterrupt:
        sys.stderr.write("earwitness: Stopped.\n")
        sys.exit(_INTERRUPTED)
