"""What tests of sound need: made recordings."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

MakeRecording = Callable[..., Path]


@pytest.fixture
def make_recording(tmp_path: Path) -> MakeRecording:
    """A function that encodes sound of shape (channels, n) with libav and gives the file's path."""

    def make(
        name: str,
        samples: np.ndarray,
        *,
        codec: str,
        rate: int,
        layout: str = "",
        muxer: str | None = None,
    ) -> Path:
        path = tmp_path / name
        sound = np.atleast_2d(samples).astype(np.float32)
        layout = layout or {1: "mono", 2: "stereo"}[len(sound)]
        with av.open(str(path), "w", format=muxer) as container:
            stream = container.add_stream(codec, rate=rate, layout=layout)
            assert isinstance(stream, av.AudioStream)
            stream.codec_context.open()
            convert = av.AudioResampler(
                format=stream.codec_context.format,
                layout=layout,
                rate=rate,
                frame_size=stream.codec_context.frame_size or 0,
            )
            frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
            frame.sample_rate = rate
            for converted in [*convert.resample(frame), *convert.resample(None)]:
                container.mux(stream.encode(converted))
            container.mux(stream.encode(None))
        return path

    return make
