"""Written calls spoken by a synthesizer and heard by the recognizer, for the disclosure judge."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.evaluation.disclosure_calls import DisclosureCall
from app.evaluation.hearing import segments
from app.evaluation.spoken_calls import speak_call, turn_at, two_voices, write_mulaw
from app.evaluation.synthesizers import Synthesizer
from audio.types import CALL_RATE, Channel
from detection.transcribe.transcriber import Transcriber
from detection.types import Utterance
from detection.vad import SileroVad


class HeardDisclosure:
    """Speaks a call and gives what the recognizer makes of it.

    Recordings are written to `folder`, which the caller throws away.
    """

    def __init__(
        self, transcriber: Transcriber, vad: SileroVad, synthesizer: Synthesizer, folder: Path
    ) -> None:
        self._transcriber = transcriber
        self._vad = vad
        self._synthesizer = synthesizer
        self._recording = folder / "call.wav"

    def __call__(self, call: DisclosureCall) -> Sequence[tuple[int, Utterance]]:
        """The utterances in order of their ends. Raises the errors of synthesizer and recognizer."""
        seed = zlib.crc32(call.id.encode("utf-8", "replace"))
        sound, turns = speak_call(
            two_voices(call.turns, self._synthesizer, seed), self._synthesizer, seed
        )
        write_mulaw(self._recording, sound)
        speech = [
            replace(segment, channel=side)
            for side in Channel
            for segment in segments(self._recording, self._vad, side)
        ]
        self._transcriber.begin_call()
        heard = [
            self._transcriber.transcribe(segment)
            for segment in sorted(speech, key=lambda segment: segment.end)
        ]
        return [
            (turn_at(turns, one.channel, (one.start + one.end) / 2 / CALL_RATE), one)
            for one in heard
            if isinstance(one, Utterance)
        ]
