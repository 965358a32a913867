"""A network that reads what a turn says of being an AI, after what the other side said before it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from detection.errors import DetectionError
from detection.models.manifest import StatementsManifest
from detection.models.pack import open_pack
from detection.models.runtime import open_session
from detection.text.embedding import load_tokenizer
from detection.types import EngineInfo

if TYPE_CHECKING:
    import onnxruntime

LONGEST_BEFORE = 40
LONGEST_TURN = 60
"""Words that are read of what the other side said last, and of the turn itself: the last of each."""


def joined_pieces(
    tokenizer: Tokenizer, before: str, turn: str, *, is_subject: bool
) -> tuple[list[int], list[int], list[int]]:
    """Word pieces of both texts, whose they are, and which are the turn's own (1).

    Whose: 0 the party under watch, 1 the other.
    """
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    theirs = tokenizer.encode(before, add_special_tokens=False).ids
    mine = tokenizer.encode(turn, add_special_tokens=False).ids
    ids = [first, *theirs, last, *mine, last]
    side = 0 if is_subject else 1
    sides = [1 - side] * (len(theirs) + 2) + [side] * (len(mine) + 1)
    own = [0] * (len(theirs) + 2) + [1] * (len(mine) + 1)
    return ids, sides, own


class StatementReader:
    """The network with its tokenizer. Shared by all calls; used from one thread at a time."""

    def __init__(
        self,
        manifest: StatementsManifest,
        tokenizer: Tokenizer,
        session: "onnxruntime.InferenceSession",
    ) -> None:
        self.manifest = manifest
        self.engine = EngineInfo(
            "disclosure", manifest.id, manifest.revision, manifest.title, manifest.scope
        )
        self._tokenizer = tokenizer
        self._session = session

    def read(self, before: Sequence[str], words: Sequence[str], *, is_subject: bool) -> dict[str, float]:
        """The probability of each label in `words`, after the other side's `before`; both normalised."""
        ids, sides, own = joined_pieces(
            self._tokenizer,
            " ".join(before[-LONGEST_BEFORE:]),
            " ".join(words[-LONGEST_TURN:]),
            is_subject=is_subject,
        )
        (told,) = self._session.run(
            ["told"],
            {
                "ids": np.array([ids], np.int64),
                "sides": np.array([sides], np.int64),
                "own": np.array([own], np.float32),
            },
        )
        return dict(zip(self.manifest.labels, map(float, np.asarray(told)[0]), strict=True))


def load_statement_reader(folder: Path) -> StatementReader:
    """The pack in `folder`. Raises `DetectionError` where anything in it is amiss."""
    pack = open_pack(folder, StatementsManifest)
    manifest = pack.manifest
    session = open_session(pack)
    names = {given.name for given in (*session.get_inputs(), *session.get_outputs())}
    if names != {"ids", "sides", "own", "told"}:
        raise DetectionError(
            f"The network of model pack {manifest.id} reads no statements; its manifest describes "
            "another network, so install the pack again."
        )
    return StatementReader(manifest, load_tokenizer(folder / manifest.tokenizer), session)
