import pytest

from app.trouble_words import trouble_text, trouble_word
from audio.types import Channel, TroubleKind
from detection.events import SoundTroubled


def event(kind: TroubleKind, channel: Channel = Channel.AGENT, end: int | None = None) -> SoundTroubled:
    return SoundTroubled(kind, channel, 0, end, 40_000)


@pytest.mark.parametrize("system", ["win32", "darwin", "linux", "freebsd14"])
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("kind", list(TroubleKind))
def test_every_trouble_is_one_sentence_with_a_cure_and_another_when_it_is_over(
    kind: TroubleKind, channel: Channel, system: str
):
    begun, over = (trouble_text(event(kind, channel, end), system) for end in (None, 40_000))
    assert begun != over
    for sentence in (begun, over):
        assert sentence.endswith(".")
        assert ". " not in sentence
    assert ";" in begun
    assert trouble_word(event(kind, channel))


@pytest.mark.parametrize(
    ("system", "place"),
    [
        ("win32", "in Settings > Privacy & security > Microphone"),
        ("darwin", "System Settings > Privacy & Security > Microphone"),
        ("linux", "sound settings"),
    ],
)
def test_a_microphone_that_was_never_heard_is_cured_where_the_system_keeps_permissions(
    system: str, place: str
):
    assert place in trouble_text(event(TroubleKind.NOT_HEARD), system)


def test_only_macos_has_a_permission_for_what_plays():
    missing = event(TroubleKind.NO_FAR_SIDE, Channel.CALLER)
    assert "System Audio Recording" in trouble_text(missing, "darwin")
    assert "Recording" not in trouble_text(missing, "win32")


def test_clipping_and_loss_name_the_side_where_they_happen():
    assert "microphone" in trouble_text(event(TroubleKind.CLIPPING)).lower()
    for kind in (TroubleKind.CLIPPING, TroubleKind.LOST):
        for end in (None, 40_000):
            assert "microphone" not in trouble_text(event(kind, Channel.CALLER, end)).lower()
