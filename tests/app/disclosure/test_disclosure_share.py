import pytest

from app.disclosure.share import FEW, Share
from app.disclosure.words import share_text


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Newcombe 1998, table I (Wilson without continuity correction), and Agresti and Coull 1998.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(count, of, low, high):
    assert Share(count, of).interval == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("of", [1, 7, 1000])
def test_none_and_all_end_exactly(of):
    none, every = Share(0, of).interval, Share(of, of).interval
    assert none
    assert every
    assert (none[0], every[1]) == (0.0, 1.0)
    assert none[1] == pytest.approx(1 - every[0])


def test_of_no_calls_there_is_no_share():
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)
    assert share_text(Share(0, 0)) == "-"


def test_a_share_of_few_calls_is_said_in_calls():
    assert share_text(Share(3, 4)) == "3 of 4 (30-95 %)"
    assert share_text(Share(FEW, FEW)) == "100.0 % (84-100 %)"
