"""Raw scores of clips through channels, as the program makes them: whole clips, window by window."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from detection.metrics import area_under_curve, equal_error
from detection.models.manifest import MeasuredVoice
from detection.training.countermeasure.channels import NARROW, WIDE, Sound, telephone, through_codec
from detection.training.countermeasure.clips import RATE, Clip
from detection.voice.countermeasure import CountermeasureModel

CONDITIONS: dict[str, Callable[[Sound], Sound]] = {
    "clean": lambda sound: sound,
    "g711": telephone,
    "amr_nb_7.95k": partial(through_codec, codec=NARROW[2], bit_rate=7950),
    "opus_16k": partial(through_codec, codec=WIDE[1], bit_rate=16000),
}


def window_scores(model: CountermeasureModel, sound: Sound, hop_s: float) -> NDArray[np.float32]:
    """Raw scores of a clip's windows every `hop_s` seconds; a clip below one window is scored whole."""
    window = round(model.manifest.input.window_s * RATE)
    if len(sound) < window:
        return model.scores(sound[None])
    windows = np.lib.stride_tricks.sliding_window_view(sound, window)[:: round(hop_s * RATE)]
    return model.scores(np.ascontiguousarray(windows))


def clip_scores(
    model: CountermeasureModel, sounds: list[NDArray[np.int16]], condition: str
) -> list[NDArray[np.float32]]:
    """Every clip's window scores after the channel named `condition`."""
    channel, hop_s = CONDITIONS[condition], model.manifest.input.hop_s
    return [window_scores(model, channel(sound.astype(np.float32) / 32768), hop_s) for sound in sounds]


def measured(clips: list[Clip], scores: NDArray[np.float64]) -> MeasuredVoice:
    """Error rates of one score per clip."""
    synthetic = np.array([clip.synthetic for clip in clips])
    error = equal_error(scores[synthetic], scores[~synthetic])
    return MeasuredVoice(
        eer=round(error.rate, 4),
        auc=round(area_under_curve(scores[synthetic], scores[~synthetic]), 4),
        n_real=int((~synthetic).sum()),
        n_synthetic=int(synthetic.sum()),
    )
