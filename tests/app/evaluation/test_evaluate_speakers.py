"""`evaluate speakers` with real voice activity and an encoder that hears the long-term spectrum."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import EvaluationError
from app.evaluation.bootstrap import TrialBootstrap
from app.evaluation.speaker_figures import Piece, figures
from app.evaluation.speakers import MAX_PIECES, evaluate_speakers
from detection.metrics import equal_error
from detection.vad import SileroVad
from detection.voice.encoder import SpeakerEncoder, load_encoder
from detection.voice.scoring import direction
from tests.sound import read_sound, write_wav
from tests.tiny_encoder import BANDS, write_pack


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SpeakerEncoder:
    return load_encoder(write_pack(tmp_path_factory.mktemp("pack"), cohort=30))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """The two voices of the two sample calls, each side a recording of its own."""
    folder = tmp_path_factory.mktemp("clips")
    for call in ("a_disclosed_assistant", "b_helpdesk_con"):
        sound, rate = read_sound(samples / f"{call}.wav")
        for side, name in enumerate(("caller", "agent")):
            write_wav(folder / f"{call[0]}_{name}.wav", sound[side : side + 1], rate)
    return folder


def manifest(folder: Path, *rows: str, columns: str = "path,speaker") -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([columns, *rows]))
    return path


ALL = ("a_caller.wav,kal", "b_caller.wav,kal", "a_agent.wav,slt", "b_agent.wav,slt")


def test_two_voices_are_told_apart_in_every_length(clips: Path, encoder: SpeakerEncoder):
    result = evaluate_speakers(manifest(clips, *ALL), encoder, SileroVad(), seconds=(3, 5))
    assert result["engine"] == {"id": "tiny-speaker", "revision": "1"}
    assert list(result["conditions"]) == ["clean"]
    three, five = (result["conditions"]["clean"][seconds] for seconds in ("3", "5"))
    for figure in (three, five):
        assert figure["n_speakers"] == 2
        assert figure["auc"] > 0.9
        assert figure["eer"] < 0.2
        assert 0 <= figure["min_cllr"] <= figure["cllr"]
        assert 0 <= figure["min_dcf"] <= 1
        for name, interval in figure["intervals"].items():
            assert interval is not None
            assert 0 <= interval[0] <= figure[name] <= interval[1] <= 1
        assert set(figure["without_norm"]) == {"eer", "auc", "min_cllr", "min_dcf"}
        assert figure["same_source"] is None
    # All pairs of n pieces.
    assert three["n_target"] + three["n_nontarget"] == three["n_pieces"] * (three["n_pieces"] - 1) / 2
    assert three["n_pieces"] > five["n_pieces"] > 4
    assert three["spread"]["low"] <= three["spread"]["median"] <= three["spread"]["high"]


def test_labels_that_are_wrong_show(clips: Path, encoder: SpeakerEncoder):
    rows = ("a_caller.wav,one", "b_caller.wav,two", "a_agent.wav,one", "b_agent.wav,two")
    wrong = evaluate_speakers(manifest(clips, *rows), encoder, SileroVad(), seconds=(3,))
    assert wrong["conditions"]["clean"]["3"]["eer"] > 0.3


def test_a_piece_and_its_fellows_of_the_same_session_are_no_trial(clips: Path, encoder: SpeakerEncoder):
    rows = [f"{row},,{session}" for row, session in zip(ALL, "abab", strict=True)]
    path = manifest(clips, *rows, columns="path,speaker,source,session")
    across = evaluate_speakers(path, encoder, SileroVad(), seconds=(3,))["conditions"]["clean"]["3"]
    within = evaluate_speakers(manifest(clips, *ALL), encoder, SileroVad(), seconds=(3,))
    whole = within["conditions"]["clean"]["3"]
    assert 0 < across["n_target"] < whole["n_target"]
    assert across["n_nontarget"] == pytest.approx(whole["n_nontarget"], rel=0.35)


def test_channels_and_conditions_are_measured_by_themselves(clips: Path, encoder: SpeakerEncoder):
    rows = [f"{row},{condition}" for row, condition in zip(ALL, ("", "hall", "", "hall"), strict=True)]
    path = manifest(clips, *rows, columns="path,speaker,condition")
    result = evaluate_speakers(path, encoder, SileroVad(), through=("clean", "g711"), seconds=(3,))
    assert set(result["conditions"]) == {"clean", "g711", "hall/clean", "hall/g711"}
    assert result["conditions"]["hall/g711"]["3"]["n_speakers"] == 2


def test_one_manifest_serves_voice_and_speakers(clips: Path, encoder: SpeakerEncoder):
    rows = ("a_caller.wav,real,kal", "b_caller.wav,synthetic,kal", "a_agent.wav,real,slt")
    path = manifest(clips, *rows, columns="path,label,speaker")
    both = evaluate_speakers(path, encoder, SileroVad(), seconds=(3,))["conditions"]["clean"]["3"]
    path = manifest(clips, "a_caller.wav,kal", "a_agent.wav,slt", columns="path,label")
    real = evaluate_speakers(path, encoder, SileroVad(), seconds=(3,))["conditions"]["clean"]["3"]
    assert both == real


def test_what_there_is_too_little_for_is_none(clips: Path, encoder: SpeakerEncoder):
    result = evaluate_speakers(
        manifest(clips, "a_caller.wav,kal", "absent.wav,slt"), encoder, SileroVad(), seconds=(3, 60)
    )
    short, long = (result["conditions"]["clean"][seconds] for seconds in ("3", "60"))
    assert short["n_target"] > 0
    assert (short["eer"], short["false_accept_rate"], short["n_nontarget"]) == (None, None, 0)
    assert short["false_reject_rate"] is not None
    assert (long["n_pieces"], long["eer"], long["cllr"], long["spread"]) == (0, None, None, None)
    assert long["intervals"] == {"eer": None, "false_accept_rate": None, "false_reject_rate": None}
    assert [failed["path"] for failed in result["failed"]] == [str(clips / "absent.wav")]


def test_a_clip_that_cannot_be_read_fails_once_for_all_channels(clips: Path, encoder: SpeakerEncoder):
    path = manifest(clips, "absent.wav,x")
    result = evaluate_speakers(path, encoder, SileroVad(), through=("clean", "noise10"), seconds=(3,))
    assert len(result["failed"]) == 1
    assert result["conditions"] == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "label or speaker"),
        ("path,speaker\n", "no recordings"),
        ("path,label\nx.wav,real\n", "has no speaker"),
        ("path,label,speaker\nx.wav,synthetic,kal\n", "no real speech"),
        ("path,label,speaker\nx.wav,real,\n", "has no speaker"),
        ("speaker\nkal\n", "path"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(
    tmp_path: Path, encoder: SpeakerEncoder, text: str, named: str
):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(EvaluationError) as raised:
        evaluate_speakers(path, encoder, SileroVad())
    assert str(path) in str(raised.value)
    assert named in str(raised.value)


def test_pieces_too_short_for_the_encoder_are_bad_use(clips: Path, encoder: SpeakerEncoder):
    with pytest.raises(EvaluationError, match=r"0\.5 s is less than the encoder judges"):
        evaluate_speakers(manifest(clips, *ALL), encoder, SileroVad(), seconds=(0.5,))


def test_the_figures_are_those_of_the_trials(encoder: SpeakerEncoder):
    """Two people of one source and a third of another, with angles that are known."""
    axes = np.eye(BANDS)
    pieces = [
        Piece(person, source, "", direction(axes[0] * a + axes[1] * b), None)
        for person, source, a, b in (
            ("ann", "studio", 1, 0.0), ("ann", "studio", 1, 0.1), ("ben", "studio", 1, 0.15),
            ("ben", "studio", 1, 0.2), ("cyd", "street", 0, 1.0),
        )
    ]  # fmt: skip

    class Plain:
        manifest = encoder.manifest
        cohort = None

        def embeddings(self, windows: np.ndarray) -> np.ndarray:
            raise AssertionError("nothing is to be embedded again")

    found = figures(pieces, Plain())
    assert (found["n_speakers"], found["n_pieces"], found["n_target"], found["n_nontarget"]) == (
        3,
        5,
        2,
        8,
    )
    assert found["without_norm"] is None
    cosines = {
        (i, j): float(pieces[i].embedding @ pieces[j].embedding) for i in range(5) for j in range(i)
    }
    same = [cosines[1, 0], cosines[3, 2]]
    other = [value for key, value in cosines.items() if key not in {(1, 0), (3, 2)}]
    assert found["eer"] == pytest.approx(equal_error(same, other).rate)
    hard = [cosines[2, 0], cosines[2, 1], cosines[3, 0], cosines[3, 1]]
    assert found["same_source"] == {
        "eer": pytest.approx(equal_error(same, hard).rate),
        "n_nontarget": 4,
    }
    # LLR 100 cos - 93: match from 2, no match below -2.
    assert found["false_accept_rate"] == pytest.approx(sum(c >= 0.95 for c in other) / 8)
    assert found["false_reject_rate"] == pytest.approx(sum(c < 0.91 for c in same) / 2)


def test_the_longest_reader_does_not_outweigh_all(clips: Path, encoder: SpeakerEncoder, samples: Path):
    sound, rate = read_sound(samples / "b_helpdesk_con.wav")
    write_wav(clips / "long.wav", np.tile(sound[:1], (1, 4)), rate)
    result = evaluate_speakers(
        manifest(clips, "long.wav,kal", "a_agent.wav,slt"), encoder, SileroVad(), seconds=(3,)
    )
    figure = result["conditions"]["clean"]["3"]
    assert figure["n_target"] <= MAX_PIECES * (MAX_PIECES - 1) / 2 + 5


def test_the_interval_of_trials_covers_what_new_speakers_would_give():
    """Scores with an effect of the speaker: the interval must be wider than trials alone would say."""
    rng = np.random.default_rng(2)
    people = [f"p{n}" for n in range(30)]
    effect = dict(zip(people, rng.normal(0, 1.5, 30), strict=True))
    first, second, scores = [], [], []
    for a in people:
        for b in people:
            for _ in range(25 if a == b else 1):
                first.append(a)
                second.append(b)
                mean = 2 if a == b else 0
                scores.append(mean + (effect[a] + effect[b]) / 2 + rng.normal(0, 1))
    same = np.array([a == b for a, b in zip(first, second, strict=True)])
    values = np.array(scores)
    bootstrap = TrialBootstrap(first, second)
    low, high = bootstrap.equal_error(values, same) or (0, 0)
    assert low < equal_error(values[same], values[~same]).rate < high
    alone = [str(number) for number in range(len(values))]
    naive = TrialBootstrap(alone, alone).equal_error(values, same)
    assert naive is not None
    assert high - low > 1.3 * (naive[1] - naive[0])
    share = bootstrap.share(values > 1, ~same)
    assert share is not None
    assert share[0] < (values[~same] > 1).mean() < share[1]
    assert bootstrap.share(values > 1e9, ~same) == (0.0, 0.1)
    assert bootstrap.share(values > -1e9, same) == (0.9, 1.0)
    assert bootstrap.share(values > 1, np.zeros(len(values), bool)) is None
    assert bootstrap.equal_error(values[same], same[same]) is None
