"""The line under the cards: there only where somebody was named."""

import pytest

from app.case_state import CaseState
from app.ui.call_view import CallView
from app.ui.theme import DARK, LIGHT
from audio.types import CALL_RATE
from detection.events import IdentityJudged
from detection.types import IdentityLevel, IdentityVerdict


@pytest.fixture
def view(qtbot) -> CallView:
    view = CallView(LIGHT)
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    return view


def judged(level: IdentityLevel, *reasons: str) -> IdentityJudged:
    return IdentityJudged(IdentityVerdict(level, "Daniel Reyes", reasons=reasons), 5 * CALL_RATE)


def test_with_nobody_named_the_line_takes_no_room(view: CallView, con):
    view.show_case(CaseState.of("case", con))
    assert not view._identity.isVisible()


def test_a_likely_clone_is_shown_with_the_name_and_the_reason(view: CallView):
    reason = "The voice sounds like the one enrolled for Daniel Reyes and looks synthetic."
    view.show_case(CaseState.of("case", [judged(IdentityLevel.LIKELY_CLONE, reason)]))
    line = view._identity
    assert line.isVisible()
    assert line.property("tone") == "alert"
    assert (line._word.text(), line._claim.text()) == ("Likely a clone", "Claims to be Daniel Reyes")
    assert line._reasons.text == reason
    assert reason in line.toolTip()
    assert line.accessibleName() == "Identity: Likely a clone. Claims to be Daniel Reyes"


def test_a_name_of_any_length_does_not_widen_the_window(view: CallView):
    width = view.minimumSizeHint().width()
    verdict = IdentityVerdict(IdentityLevel.UNSURE, "W" * 100, reasons=("Because.",))
    view.show_case(CaseState.of("case", [IdentityJudged(verdict, 0)]))
    assert view.minimumSizeHint().width() <= max(width, 700)
    assert "W" * 100 in view._identity.toolTip()


def test_another_case_without_a_claim_hides_it_again(view: CallView, con):
    view.show_case(CaseState.of("one", [judged(IdentityLevel.MATCHES, "Alike.")]))
    assert view._identity.isVisible()
    view.show_case(CaseState.of("two", con))
    assert not view._identity.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("level", IdentityLevel)
def test_every_level_can_be_drawn_in_every_theme(view: CallView, level: IdentityLevel, theme):
    view.set_theme(theme)
    view.show_case(CaseState.of("case", [judged(level, "Because.")]))
    assert view._identity.isVisible() == (level is not IdentityLevel.NOT_CHECKED)
    assert not view.grab().isNull()
