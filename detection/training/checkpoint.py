"""Training that goes on where it was interrupted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def resume(path: Path, parts: Mapping[str, Any], device: str | torch.device) -> int:
    """Load the state of `parts` (modules, optimizers) from `path`; the steps done, 0 without it."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location=device, weights_only=True)
    done: int = state.pop("step")
    for name, values in state.items():
        parts[name].load_state_dict(values)
    print(f"going on from step {done}", flush=True)
    return done


def save(path: Path, parts: Mapping[str, Any], step: int) -> None:
    """Write the state of all `parts` after `step` steps; a crash leaves the old file or the new one."""
    partial = path.with_suffix(".partial")
    torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, partial)
    partial.replace(path)
