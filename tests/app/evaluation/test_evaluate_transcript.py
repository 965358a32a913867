"""`evaluate transcript` with the real voice activity and a recognizer whose text is scripted."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import resources
from app.errors import EvaluationError
from app.evaluation.keywords import Keywords, recall
from app.evaluation.transcript import evaluate_transcript
from audio.types import Samples
from detection.transcribe.transcriber import Rejection
from detection.types import EngineInfo, Segment, Utterance
from detection.vad import SileroVad
from detection.vishing.load import load_tactics
from detection.vishing.pack import TacticsPack
from tests.sound import read_sound, write_wav

Hearing = Callable[[Samples], str]


class Scripted:
    """Hears what `hearing` makes of a segment's samples; nothing is rejected speech."""

    engine = EngineInfo("transcript", "scripted", "1")

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self.calls = 0

    def begin_call(self) -> None:
        self.calls += 1

    def transcribe(self, segment: Segment) -> Utterance | Rejection:
        text = self._hearing(segment.samples)
        if not text:
            return Rejection("nothing")
        return Utterance(segment.channel, segment.start, segment.end, text, 1.0)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def pack() -> TacticsPack:
    return load_tactics(resources.ROOT / "tactics" / "en.yaml")


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


@pytest.fixture
def clip(samples: Path, tmp_path: Path) -> Path:
    """One stretch of real words, 2.5 s."""
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    write_wav(tmp_path / "turn.wav", sound[:1, round(48.4 * rate) : round(50.9 * rate)], rate)
    return tmp_path / "turn.wav"


def listed(clip: Path, *rows: str, header: str = "path,text,condition") -> Path:
    manifest = clip.parent / "clips.csv"
    manifest.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return manifest


def test_errors_are_counted_over_all_words_after_normalising(
    clip: Path, pack: TacticsPack, vad: SileroVad
):
    manifest = listed(
        clip, '"turn.wav","I\'m a REAL person, Mister Smith.",', "turn.wav,i am a real man here,far"
    )
    found = evaluate_transcript(manifest, Scripted(lambda _: "i am a real person mr smith"), pack, vad)
    clean, far = found["conditions"]["clean"], found["conditions"]["far"]
    assert clean["wer"] == 0.0
    assert clean["n_words"] == 7
    assert far["wer"] == pytest.approx(3 / 6)
    assert (far["n_substituted"], far["n_deleted"], far["n_inserted"]) == (2, 0, 1)
    assert found["wer"] == pytest.approx(3 / 13), "over all words, not the mean of conditions"
    assert found["engine"] == {"id": "scripted", "revision": "1"}
    assert far["interval"][0] <= far["wer"] <= far["interval"][1]


def test_every_recording_goes_through_every_channel_and_is_a_call_of_its_own(
    clip: Path, pack: TacticsPack, vad: SileroVad
):
    def bright(samples: Samples) -> str:
        power = np.abs(np.fft.rfft(samples)) ** 2
        return "wide" if power[len(power) * 5 // 8 :].sum() > 1e-5 * power.sum() else "narrow"

    manifest = listed(clip, "turn.wav,wide,", "turn.wav,wide,desk")
    recognizer = Scripted(bright)
    found = evaluate_transcript(manifest, recognizer, pack, vad, through=("opus24", "g711"))
    wer = {name: figures["wer"] for name, figures in found["conditions"].items()}
    assert list(wer) == ["opus24", "g711", "desk/opus24", "desk/g711"]
    assert wer["g711"] == wer["desk/g711"] == 1.0
    assert recognizer.calls == 4


def test_rejected_text_is_deleted_and_its_share_is_told(clip: Path, pack: TacticsPack, vad: SileroVad):
    found = evaluate_transcript(
        listed(clip, "turn.wav,reset my password,"), Scripted(lambda _: ""), pack, vad
    )
    figures = found["conditions"]["clean"]
    assert figures["wer"] == 1.0
    assert figures["n_deleted"] == 3
    assert figures["rejected_rate"] == 1.0
    assert figures["keywords"]["by_word"] == {"password": {"n": 1, "recall": 0.0, "n_false": 0}}


def test_words_where_nothing_was_said_are_invented_and_no_error_rate(
    clip: Path, pack: TacticsPack, vad: SileroVad
):
    found = evaluate_transcript(
        listed(clip, "turn.wav,,"), Scripted(lambda _: "your one time code"), pack, vad
    )
    figures = found["conditions"]["clean"]
    assert found["wer"] is figures["wer"] is figures["interval"] is None
    assert figures["n_invented"] == 4
    assert figures["n_inserted"] == 0
    assert figures["keywords"]["n_false"] == 1
    assert figures["keywords"]["recall"] is None


def test_a_recording_that_cannot_be_read_is_listed_and_left_out(
    clip: Path, pack: TacticsPack, vad: SileroVad
):
    (clip.parent / "broken.wav").write_bytes(b"RIFF nothing")
    manifest = listed(clip, "none.wav,hello,", "broken.wav,hello,", "turn.wav,hello,")
    found = evaluate_transcript(manifest, Scripted(lambda _: "hello"), pack, vad)
    assert [Path(one["path"]).name for one in found["failed"]] == ["none.wav", "broken.wav"]
    assert found["conditions"]["clean"]["n"] == 1


@pytest.mark.parametrize(
    ("rows", "header", "named"),
    [
        ([], "path,text", "lists no recordings"),
        (["turn.wav,hello"], "path,words", "lacks the column text"),
        ([",hello"], "path,text", "line 2"),
        (["turn.wav"], "path,text", "line 2"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence(
    clip: Path, pack: TacticsPack, vad: SileroVad, rows: list[str], header: str, named: str
):
    with pytest.raises(EvaluationError, match=named):
        evaluate_transcript(listed(clip, *rows, header=header), Scripted(str), pack, vad)


def test_tactic_words_are_matched_as_the_judge_does(pack: TacticsPack):
    keywords = Keywords(pack)
    said = +keywords.mentions("Reset my M.F.A., please. The authenticator app and my password.")
    assert said == {"mfa": 2, "password": 1}
    assert +keywords.mentions("The weather is fine.") == {}


def test_recall_counts_each_mention_once_and_tells_the_false_ones(pack: TacticsPack):
    keywords = Keywords(pack)

    def pairs() -> Iterator[tuple[str, str]]:
        yield "my password is the old password", "my password is the old pass would"
        yield "the weather is fine", "install team viewer"
        yield "send the code", "send the code and the code"

    found = recall((keywords.mentions(said), keywords.mentions(heard)) for said, heard in pairs())
    assert found["n"] == 3
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["n_false"] == 2
    assert found["by_word"]["remote"] == {"n": 0, "recall": None, "n_false": 1}
    assert found["by_word"]["password"]["recall"] == 0.5
