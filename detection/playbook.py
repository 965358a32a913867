"""What the agent should do next for what is being asked: the steps a site writes down."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from detection.text.packs import Pack, load_pack

_Sentence = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Playbook(Pack):
    """Next steps by tactic label, and those for what no tactic explains."""

    asks: dict[str, _Sentence]
    """Label of an ask (R1...) -> the step that guards it."""
    any_ask: _Sentence
    synthetic_voice: _Sentence
    undisclosed_ai: _Sentence
    copied_voice: _Sentence
    other_voice: _Sentence
    watched_voice: _Sentence

    def step_for(self, labels: Sequence[str]) -> str:
        """The step for the first of `labels` that has one of its own."""
        return next((self.asks[label] for label in labels if label in self.asks), self.any_ask)


def load_playbook(path: Path) -> Playbook:
    """Read a playbook. Raises `DetectionError` naming the file, the line and what is wrong in it."""
    return load_pack(path, Playbook)
