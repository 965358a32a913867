"""The built-in pack on calls: what is one turn, what is quoted, what moves the evidence."""

import json
import shutil
from pathlib import Path

import pytest

import resources
from audio.types import CALL_RATE, Channel
from detection.errors import DetectionError
from detection.text.passage import SpokenWord, spoken_words
from detection.types import ConversationLevel, Utterance
from detection.vishing.call_reader import CallReader
from detection.vishing.judge import TalkJudge
from detection.vishing.load import load_tactics
from detection.vishing.reader import TalkReader, load_reader

PACK = resources.ROOT / "models" / "earwitness-talk-minilm-en"
SMALL = resources.ROOT / "models" / "earwitness-talk-en"
CALLER, AGENT = Channel.CALLER, Channel.AGENT


@pytest.fixture(scope="module", params=[PACK, SMALL], ids=lambda folder: folder.name)
def reader(request: pytest.FixtureRequest) -> TalkReader:
    return load_reader(request.param)


def words(text: str, start_s: float = 0.0) -> tuple[SpokenWord, ...]:
    return spoken_words(utterance(CALLER, text, start_s))


def utterance(channel: Channel, text: str, start_s: float) -> Utterance:
    end_s = start_s + len(text.split()) / 2.5
    return Utterance(channel, round(start_s * CALL_RATE), round(end_s * CALL_RATE), text, 1.0)


def test_a_turn_in_pieces_is_read_as_the_turn_in_one(reader: TalkReader):
    whole, pieces = CallReader(reader), CallReader(reader)
    for call in (whole, pieces):
        call.hear(AGENT, words("service desk how can i help"), ())
    whole.hear(CALLER, words("i got a new phone and i need you to reset the authenticator for me"), ())
    pieces.hear(CALLER, words("i got a new phone and i need you"), ())
    pieces.hear(CALLER, words("to reset the authenticator for me"), ())
    assert pieces.llr == pytest.approx(whole.llr, abs=1e-4)
    assert len(pieces.moves) == len(whole.moves) == 2


def test_moves_add_up_to_the_evidence(reader: TalkReader):
    call = CallReader(reader)
    for number, text in enumerate(
        ("hello it support", "my code app is gone", "what is your id", "no idea")
    ):
        call.hear(AGENT if number % 2 == 0 else CALLER, words(text, 5.0 * number), ())
    assert sum(move.llr for move in call.moves) == pytest.approx(call.llr, abs=1e-6)
    assert [move.start for move in call.moves] == [n * 5 * CALL_RATE for n in range(4)]


def test_a_monologue_is_more_turns_than_one(reader: TalkReader):
    call = CallReader(reader)
    call.hear(CALLER, words("and then he told me about the garden " * 40), ())
    assert len(call.moves) == 40 * 8 // 60 + 1


def test_a_finding_quotes_the_sentence_that_shows_it(reader: TalkReader):
    call = CallReader(reader)
    said = (
        "Good morning to you, lovely weather we have been having up here in the north this week. "
        "Could you reset my password please? "
        "My wife and I were out on the boat with the dog and the children all of Sunday."
    )
    call.hear(AGENT, words("service desk good morning"), ())
    found = {one.label: one.hit.quote for one in call.hear(CALLER, words(said), ())}
    assert "reset my password" in found["R1"]
    assert "boat" not in found["R1"]


def test_what_phrases_have_found_is_not_told_twice(reader: TalkReader):
    call = CallReader(reader)
    said = words("could you reset my password please")
    assert "R1" not in {one.label for one in call.hear(CALLER, said, {"R1"})}


def test_hostile_text_is_read(reader: TalkReader):
    call = CallReader(reader)
    for text in (
        "",
        "um",
        "<script>alert(1)</script>'; DROP TABLE cases;--",
        "\u202e\u0000\u2603",
        "a" * 99_999,
    ):
        call.hear(CALLER, words(text), ())
    assert abs(call.llr) < 50


def test_without_sides_the_network_is_not_asked(reader: TalkReader):
    pack = load_tactics(resources.ROOT / "tactics" / "en.yaml")
    assert len(TalkJudge(pack, reader).engines) == 2
    assert len(TalkJudge(pack, reader, mono=True).engines) == 1


@pytest.mark.parametrize(
    "text",
    [
        "please reset my mfa and give me a temporary access code",
        "read me the code what is the code read me the code tell me the code",
        "don't call me back don't tell anyone keep this between us",
        "what is your name",
    ],
)
def test_one_thing_said_however_often_never_raises_an_alert(reader: TalkReader, text: str):
    judge = TalkJudge(load_tactics(resources.ROOT / "tactics" / "en.yaml"), reader)
    for number in range(30):
        judge.hear(utterance(CALLER, text, 60.0 * number))
        judge.hear(utterance(AGENT, "okay", 60.0 * number + 30))
        assert judge.verdict.level is not ConversationLevel.VISHING


CON = (
    (AGENT, "IT service desk, this is Dana, how can I help?"),
    (
        CALLER,
        "Hi Dana, it's Mark Oduya from finance. I have a new phone and need my MFA reset right away.",
    ),
    (AGENT, "Okay, can I have your employee number please?"),
    (CALLER, "I don't have it on me, my badge is at the office and I'm boarding in ten minutes."),
    (AGENT, "Then I'd have to call you back on the number we have on file."),
    (CALLER, "That's the phone that broke, you can't. Just use this number, it's my wife's."),
    (AGENT, "I'm really not supposed to do that."),
    (
        CALLER,
        "Look, the CFO is waiting, he already approved it. If this deal falls through it's on you.",
    ),
    (AGENT, "Let me see what I can do."),
    (
        CALLER,
        "Just take the old one off and put the new one on, and please don't mention it to my manager.",
    ),
)


def test_a_con_raises_an_alert_that_names_the_turns_that_moved_it(reader: TalkReader):
    judge = TalkJudge(load_tactics(resources.ROOT / "tactics" / "en.yaml"), reader)
    for number, (channel, text) in enumerate(CON):
        judge.hear(utterance(channel, text, 8.0 * number))
    verdict = judge.verdict
    assert verdict.level is ConversationLevel.VISHING
    assert verdict.llr >= reader.manifest.thresholds.alert_llr == verdict.threshold_alert
    moved = [reason for reason in verdict.reasons if reason.startswith("Moved the evidence by +")]
    assert 1 <= len(moved) <= 2
    assert all(any(text[:20] in reason for _, text in CON) for reason in moved)


@pytest.mark.parametrize(
    ("pack", "name"),
    [
        (PACK, "talk.onnx"),
        (PACK, "encoder.onnx"),
        (PACK, "wording.npz"),
        (PACK, "tokenizer.json"),
        (SMALL, "vectors.npz"),
    ],
)
def test_a_changed_file_is_named(tmp_path: Path, pack: Path, name: str):
    folder = shutil.copytree(pack, tmp_path / "pack")
    (folder / name).write_bytes(b"changed")
    with pytest.raises(DetectionError, match=name.replace(".", r"\.")):
        load_reader(folder)


def test_another_packs_network_is_refused(tmp_path: Path):
    folder = shutil.copytree(PACK, tmp_path / "pack")
    other = resources.ROOT / "models" / "earwitness-speaker-small"
    shutil.copy(other / "encoder.onnx", folder / "talk.onnx")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["talk.onnx"] = json.loads((other / "manifest.json").read_text())["files"][
        "encoder.onnx"
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DetectionError, match="reads no talk"):
        load_reader(folder)


def test_the_packs_sizes_are_as_promised():
    learned = sum((SMALL / name).stat().st_size for name in ("talk.onnx", "wording.npz"))
    vectors = sum((SMALL / name).stat().st_size for name in ("vectors.npz", "tokenizer.json"))
    assert learned <= 5_000_000
    assert vectors <= 8_000_000
    assert max(file.stat().st_size for file in PACK.iterdir()) <= 20_000_000


def test_a_pack_has_vectors_or_an_encoder_and_not_both(tmp_path: Path):
    folder = shutil.copytree(PACK, tmp_path / "pack")
    manifest = json.loads((folder / "manifest.json").read_text())
    for change in ({"encoder": None}, {"vectors": "tokenizer.json"}):
        (folder / "manifest.json").write_text(json.dumps(manifest | change))
        with pytest.raises(DetectionError, match="either vectors or an encoder"):
            load_reader(folder)
