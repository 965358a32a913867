"""Models that read a call turn by turn: the tactics in each, and how likely a con it is by now."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio.types import Channel
from detection.errors import DetectionError
from detection.models.manifest import TalkManifest
from detection.models.pack import open_pack
from detection.models.runtime import open_session
from detection.text.embedding import TextEncoder, load_context_encoder, load_static_encoder
from detection.types import EngineInfo
from detection.vishing.wording import WordingModel, load_wording

if TYPE_CHECKING:
    import onnxruntime

_Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models say after a turn: each tactic's probability in it, and the call so far.

    `llr` is the calibrated natural-log likelihood ratio vishing : honest of the call up to here.
    """

    tactics: Mapping[str, float]
    llr: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a call's turns: the network's state, and how often n-grams were said."""

    network: _Row
    said: Counter[int] = field(default_factory=Counter[int])
    turns: int = 0


class TalkReader:
    """A network with its word vectors, and a linear model over words beside it.

    Shared by all calls; used from one thread at a time.
    """

    def __init__(
        self,
        manifest: TalkManifest,
        encoder: TextEncoder,
        session: "onnxruntime.InferenceSession",
        wording: WordingModel,
    ) -> None:
        self.manifest = manifest
        self.engine = EngineInfo("talk", manifest.id, manifest.revision, manifest.title, manifest.scope)
        self._encoder = encoder
        self._wording = wording
        self._session = session
        state = next(given for given in self._session.get_inputs() if given.name == "state")
        self.start = Remembered(np.zeros(state.shape, np.float32))
        self._index = {label: number for number, label in enumerate(manifest.labels)}

    def read(
        self, before: Remembered, words: Sequence[str], channel: Channel, found: Collection[str]
    ) -> tuple[Reading, Remembered]:
        """What a turn says after what was said `before` it, and what is remembered after it.

        `words` are normalised; `found` are the tactics that a pack's phrases have shown in them.
        """
        said = np.zeros((1, len(self._index)), np.float32)
        said[0, [self._index[label] for label in found if label in self._index]] = 1
        vectors = self._encoder.vectors(" ".join(words), self.manifest.longest_turn)
        speaker = np.array([[channel is Channel.CALLER]], np.float32)
        tactics, logit, state = self._session.run(
            ["tactics", "logit", "next_state"],
            {"vectors": vectors[None], "speaker": speaker, "found": said, "state": before.network},
        )
        grams = before.said + self._wording.known(words, is_caller=channel is Channel.CALLER)
        after = Remembered(np.asarray(state, np.float32), grams, before.turns + 1)
        shares, calibration = self.manifest.shares, self.manifest.calibration
        score = shares.network * float(np.asarray(logit).item())
        score += shares.wording * self._wording.logit(grams, after.turns)
        shown = dict(zip(self.manifest.labels, map(float, np.asarray(tactics)[0]), strict=True))
        return Reading(shown, calibration.scale * score + calibration.offset), after


def load_reader(folder: Path) -> TalkReader:
    """The pack in `folder`. Raises `DetectionError` where anything in it is amiss."""
    pack = open_pack(folder, TalkManifest)
    manifest = pack.manifest
    session = open_session(pack)
    names = {given.name for given in (*session.get_inputs(), *session.get_outputs())}
    if names != {"vectors", "speaker", "found", "state", "tactics", "logit", "next_state"}:
        raise DetectionError(
            f"The network of model pack {manifest.id} reads no talk; its manifest describes another "
            "network, so install the pack again."
        )
    encoder = _load_encoder(folder, manifest)
    return TalkReader(manifest, encoder, session, load_wording(folder / manifest.wording))


def _load_encoder(folder: Path, manifest: TalkManifest) -> TextEncoder:
    tokenizer = folder / manifest.tokenizer
    if manifest.encoder:
        return load_context_encoder(tokenizer, folder / manifest.encoder, manifest.id)
    return load_static_encoder(tokenizer, folder / (manifest.vectors or ""))
