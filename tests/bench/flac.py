"""What FLAC's own program says of recordings."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path


def count_refused(paths: Iterable[Path]) -> int | str:
    """With how many files `flac -t` finds fault, or that it could not be asked."""
    flac = shutil.which("flac")
    if not flac:
        return "flac is not installed"
    tests = [
        subprocess.run([flac, "-t", "-s", path], capture_output=True, check=False) for path in paths
    ]
    return sum(test.returncode != 0 for test in tests)
