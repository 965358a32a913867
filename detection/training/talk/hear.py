"""What the built-in recognizer makes of turns that synthesizers speak, over a land line."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

import resources
from audio.types import CALL_RATE, Channel
from detection.text.passage import normal_words
from detection.training.countermeasure.channels import telephone
from detection.training.countermeasure.debian_voices import speak
from detection.training.talk.noise import MEASURED, measure
from detection.transcribe.pocketsphinx import PocketSphinxTranscriber, pronounced_words
from detection.types import Segment, Utterance

TURNS = 500
VOICES = ("flite awb", "flite rms", "flite slt", "espeak-ng en-us", "espeak-ng en-gb", "flite kal16")
_WORDS = range(4, 31)
_LEVEL = 0.07
"""Root mean square of full scale."""
_SILENCE = CALL_RATE // 4


def hear(texts: Sequence[str], seed: int = 5) -> None:
    """Have some of `texts` spoken and recognized, and write what was confused to `confusions.json`."""
    rng = np.random.default_rng(seed)
    fitting = [text for text in texts if len(text.split()) in _WORDS]
    folder = resources.ROOT / "transcript"
    recognizer = PocketSphinxTranscriber(folder, pronounced_words(folder, ()))
    pairs = []
    for number, index in enumerate(rng.permutation(len(fitting))[:TURNS]):
        text = fitting[index]
        sound = _spoken(VOICES[number % len(VOICES)], text, rng)
        heard = recognizer.transcribe(Segment(Channel.CALLER, 0, len(sound), sound))
        if isinstance(heard, Utterance) and heard.text:
            pairs.append((text, " ".join(normal_words(heard.text))))
    confusions = asdict(measure(pairs))
    MEASURED.write_text(json.dumps(confusions, sort_keys=True), encoding="utf-8")
    share = confusions["lost"][""] + confusions["wrong"][""]
    print(f"{len(pairs)} turns, {share:.1%} of the words wrong or lost")


def _spoken(voice: str, text: str, rng: np.random.Generator) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "turn.wav"
        speak(voice, text, file, rng)
        with av.open(str(file)) as container:
            rate = container.streams.audio[0].rate
            blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    samples = np.concatenate(blocks, axis=1)[0].astype(np.float64) / 32768
    sound = soxr.resample(samples, rate, CALL_RATE)
    sound *= _LEVEL / np.sqrt(np.mean(sound**2))
    silence = np.zeros(_SILENCE)
    return telephone(np.concatenate([silence, sound, silence]).astype(np.float32))
