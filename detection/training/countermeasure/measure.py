"""Raw scores of clips through channels, as the program makes them: whole clips, window by window."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from audio.codecs import amr_nb, opus, through_codec
from detection.metrics import area_under_curve, equal_error
from detection.models.manifest import MeasuredVoice
from detection.training.countermeasure.channels import Sound, telephone
from detection.training.countermeasure.clips import RATE, Clip
from detection.voice.countermeasure import CountermeasureModel

CONDITIONS: dict[str, Callable[[Sound], Sound]] = {
    "clean": lambda sound: sound,
    "g711": telephone,
    "amr_nb_7.95k": partial(through_codec, amr_nb(7950)),
    "opus_16k": partial(through_codec, opus(16000, 16000)),
}


def windows_of(sound: Sound, window_s: float, hop_s: float) -> NDArray[np.float32]:
    """A clip's windows, shape (n, samples), every `hop_s` seconds; one below a window stays as it is."""
    window = round(window_s * RATE)
    if len(sound) < window:
        return sound[None]
    return np.lib.stride_tricks.sliding_window_view(sound, window)[:: round(hop_s * RATE)]


def clip_scores(
    model: CountermeasureModel, sounds: list[NDArray[np.int16]], condition: str
) -> list[NDArray[np.float32]]:
    """Every clip's window scores after the channel named `condition`."""
    channel, given = CONDITIONS[condition], model.manifest.input
    sent = (channel(sound.astype(np.float32) / 32768) for sound in sounds)
    return [
        model.scores(np.ascontiguousarray(windows_of(sound, given.window_s, given.hop_s)))
        for sound in sent
    ]


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
