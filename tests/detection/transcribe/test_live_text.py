"""Open speech to text: one stretch a channel, from where its settled words end."""

import time
from itertools import pairwise

import numpy as np

from audio.types import CALL_RATE, AudioChunk, Channel
from detection.segmenter import Segmenter
from detection.transcribe.live import LEAST_INTERVAL_S, SHARE, LiveText, OpenSpeech, OpenSpeechWatch
from detection.transcribe.transcriber import LiveTranscriber, Rejection
from detection.types import EngineInfo, Segment, Utterance, Word

CALLER, AGENT = Channel.CALLER, Channel.AGENT


class Counter:
    """Hears one word a second: the number of the second from call start. Keeps what it was given."""

    engine = EngineInfo("transcript", "counter", "1")

    def __init__(self) -> None:
        self.heard: list[Segment] = []
        self.is_deaf = False

    def begin_call(self) -> None: ...

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        raise AssertionError("open speech is not to be taken for a whole segment")

    def transcribe_open(self, segment: Segment) -> Utterance | Rejection:
        self.heard.append(segment)
        if self.is_deaf:
            return Rejection("nothing understood")
        seconds = range(-(-segment.start // CALL_RATE), segment.end // CALL_RATE)
        words = tuple(Word(str(n), n * CALL_RATE, (n + 1) * CALL_RATE, 1.0) for n in seconds)
        return Utterance(
            segment.channel, segment.start, segment.end, " ".join(w.text for w in words), 1.0, words
        )

    def close(self) -> None: ...


def open_speech(
    start_s: int, end_s: int, channel: Channel = CALLER, *, pauses: bool = False
) -> OpenSpeech:
    start, end = start_s * CALL_RATE, end_s * CALL_RATE
    segment = Segment(channel, start, end, np.arange(start, end, dtype=np.float32))
    return OpenSpeech(segment, pauses)


def test_the_counter_is_a_live_transcriber():
    assert isinstance(Counter(), LiveTranscriber)


def test_words_settle_as_the_phrase_goes_on():
    text = LiveText(Counter())
    first = text.hear(open_speech(0, 2))
    assert (first.settled, first.tentative) == ("", "0 1")
    second = text.hear(open_speech(0, 3))
    assert (second.settled, second.tentative) == ("0 1", "2")
    assert (second.channel, second.start, second.end) == (CALLER, 0, 3 * CALL_RATE)


def test_a_long_phrase_is_not_decoded_from_its_beginning_again():
    counter = Counter()
    text = LiveText(counter)
    partials = [text.hear(open_speech(0, end_s)) for end_s in range(1, 13)]
    assert partials[-1].text == " ".join(map(str, range(12)))
    last = counter.heard[-1]
    assert last.duration_s < 6
    np.testing.assert_array_equal(last.samples, np.arange(last.start, last.end, dtype=np.float32))


def test_each_channel_and_each_phrase_has_words_of_its_own():
    text = LiveText(Counter())
    text.hear(open_speech(0, 3))
    text.hear(open_speech(0, 3, AGENT))
    assert text.hear(open_speech(0, 4)).settled == "0 1 2"
    later = text.hear(open_speech(7, 9))
    assert (later.settled, later.tentative) == ("", "7 8")
    assert text.hear(open_speech(0, 4, AGENT)).settled == "0 1 2"


def test_a_rejected_pass_shows_no_new_words():
    counter = Counter()
    text = LiveText(counter)
    text.hear(open_speech(0, 2))
    text.hear(open_speech(0, 3))
    counter.is_deaf = True
    partial = text.hear(open_speech(0, 4))
    assert (partial.settled, partial.tentative) == ("0 1", "")


def test_where_a_long_phrase_pauses_all_of_it_is_decoded():
    counter = Counter()
    text = LiveText(counter)
    for end_s in range(1, 10):
        text.hear(open_speech(0, end_s))
    partial = text.hear(open_speech(0, 10, pauses=True))
    assert partial.text == " ".join(map(str, range(10)))
    assert (counter.heard[-1].start, counter.heard[-1].end) == (0, 10 * CALL_RATE)
    again = text.hear(open_speech(0, 11))
    assert again.text == " ".join(map(str, range(11)))
    assert again.settled


def test_a_pause_whose_text_is_rejected_leaves_the_settled_words():
    counter = Counter()
    text = LiveText(counter)
    for end_s in range(1, 10):
        text.hear(open_speech(0, end_s))
    counter.is_deaf = True
    assert text.hear(open_speech(0, 10, pauses=True)).text == "0 1 2 3 4 5 6 7"


class Costly(Counter):
    """Burns processor time."""

    def transcribe_open(self, segment: Segment) -> Utterance | Rejection:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        return super().transcribe_open(segment)


def test_a_costly_model_is_asked_less_often():
    quick, costly = LiveText(Counter()), LiveText(Costly())
    for end_s in range(1, 20):
        quick.hear(open_speech(0, end_s))
        costly.hear(open_speech(0, end_s))
    assert quick.interval_s == LEAST_INTERVAL_S
    assert costly.interval_s < 3 * LEAST_INTERVAL_S
    costly_s = costly.interval_s * SHARE
    assert costly_s > 0.09
    for end_s in range(20, 24):
        costly.hear(open_speech(0, end_s))
        costly._cost *= 10
    assert costly.interval_s > 3 * LEAST_INTERVAL_S


class LoudVad:
    """Speech where the samples are not zero."""

    def reset(self) -> None: ...

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        return (np.abs(windows).max(axis=1) > 0).astype(np.float32)


def asked(*stretches: tuple[float, float]) -> list[OpenSpeech]:
    """What is asked for over stretches of so much speech and then so much silence, in seconds."""
    segmenter = Segmenter(CALLER, LoudVad())  # pyright: ignore[reportArgumentType]
    watch = OpenSpeechWatch(segmenter, LiveText(Counter()))
    seconds = [
        (value, length) for stretch in stretches for value, length in zip((1, 0), stretch, strict=True)
    ]
    sound = np.concatenate([np.full(round(n * CALL_RATE), value, np.float32) for value, n in seconds])
    found = []
    for start in range(0, len(sound), 800):
        segmenter.push(AudioChunk(CALLER, start, CALL_RATE, sound[start : start + 800]))
        if speech := watch.due(start + 800):
            found.append(speech)
    return found


def test_open_speech_is_asked_for_every_second_and_once_where_it_pauses():
    found = asked((3.5, 1.0))
    ends = [speech.segment.end / CALL_RATE for speech in found]
    assert [speech.pauses for speech in found] == [False, False, False, True]
    assert ends[0] <= 1.0
    assert all(later - earlier <= 1.0 for earlier, later in pairwise(ends))


def test_what_is_asked_for_in_a_pause_is_the_segment_that_follows():
    segmenter = Segmenter(CALLER, LoudVad())  # pyright: ignore[reportArgumentType]
    sound = np.concatenate([np.ones(2 * CALL_RATE), np.zeros(CALL_RATE)]).astype(np.float32)
    ended = segmenter.push(AudioChunk(CALLER, 0, CALL_RATE, sound))
    (paused,) = (speech.segment for speech in asked((2.0, 1.0)) if speech.pauses)
    assert [(paused.start, paused.end)] == [(segment.start, segment.end) for segment in ended]
    np.testing.assert_array_equal(paused.samples, ended[0].samples)


def test_each_pause_within_a_phrase_is_asked_for_once():
    found = asked((1.0, 0.35), (1.0, 0.35), (0.5, 1.0))
    assert sum(speech.pauses for speech in found) == 3
    assert {speech.segment.start for speech in found} == {0}


def test_silence_and_clicks_are_not_asked_for():
    assert asked((0.0, 3.0), (0.1, 2.0), (0.05, 2.0)) == []
