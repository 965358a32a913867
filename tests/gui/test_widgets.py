"""The small widgets: meters, table, cards, marks and colours."""

import math

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QAbstractItemModelTester

from app.cases.records import CaseSummary
from app.ui.case_list import PAGE, CaseListModel
from app.ui.clamped_text import ClampedText
from app.ui.level_meter import FLOOR_DBFS, LevelMeter
from app.ui.marks import mark
from app.ui.theme import DARK, LIGHT
from app.ui.verdict_card import VerdictCard
from app.words import VOICE, Tone, VerdictText
from audio.types import Channel
from detection.types import VoiceLevel


def case(number: int) -> CaseSummary:
    return CaseSummary(f"case-{number}", "call.wav", "2026-11-20T12:33:00.000+00:00", "", alert_count=1)


def test_levels_are_shown_in_dbfs_and_silence_as_a_word(qtbot):
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.show_channels((Channel.CALLER, Channel.AGENT))
    meter.show_levels({Channel.CALLER: -21.4, Channel.AGENT: -math.inf})
    _, bar, figure = meter._rows[Channel.CALLER]
    assert (bar.value(), figure.text()) == (-21, "-21 dBFS")
    _, bar, figure = meter._rows[Channel.AGENT]
    assert (bar.value(), figure.text()) == (FLOOR_DBFS, "silent")


def test_a_call_of_one_channel_has_one_meter(qtbot):
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.show_channels((Channel.CALLER,))
    assert not meter._rows[Channel.CALLER][1].isHidden()
    assert meter._rows[Channel.AGENT][1].isHidden()


def test_the_table_of_cases_is_a_sound_model_and_asks_for_more_once(qtbot):
    model = CaseListModel(LIGHT)
    wanted = []
    model.more_wanted.connect(wanted.append)
    # The tester itself fetches whatever a model says it can.
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    root = QModelIndex()
    model.add_page(0, [case(n) for n in range(PAGE)])
    assert wanted == [PAGE]
    assert not model.canFetchMore(root)
    model.add_page(PAGE, [case(PAGE)])
    assert model.rowCount() == PAGE + 1
    assert not model.canFetchMore(root)
    assert model.case_id(PAGE) == f"case-{PAGE}"


def test_a_page_that_comes_after_the_list_began_again_is_dropped():
    model = CaseListModel(LIGHT)
    model.add_page(0, [case(1)])
    model.add_page(PAGE, [case(2)])
    assert model.rowCount() == 1


def test_levels_in_the_table_are_words_with_a_shape(qtbot):
    model = CaseListModel(LIGHT)
    model.add_page(0, [case(1)])
    voice = model.index(0, 3)
    assert voice.data() == "Not checked"
    assert voice.data(Qt.ItemDataRole.DecorationRole) is not None
    assert "judged" in voice.data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 6).data() == "1"


def test_each_tone_has_a_shape_of_its_own(qtbot):
    shapes = {tone: mark(tone, "#000000", 24).toImage() for tone in Tone}
    for one in Tone:
        for other in Tone:
            assert (shapes[one] == shapes[other]) == (one is other)


def test_a_card_says_what_its_judge_can_do_and_leaves_no_room_where_it_does_not(qtbot):
    scope = "Test check: hears some voices and misses others."
    spoken = VerdictText(VOICE[VoiceLevel.SUSPECT], ("Because.",), "8 s heard", scope)
    card = VerdictCard("Voice", LIGHT, spoken)
    qtbot.addWidget(card)
    assert (card._judge.isHidden(), card._judge.text) == (False, scope)
    assert scope in card.accessibleDescription()
    assert scope in card.toolTip()
    card.show_verdict(VerdictText(VOICE[VoiceLevel.SUSPECT], ("Because.",), "8 s heard"))
    assert card._judge.isHidden()


def test_a_card_has_a_line_for_how_far_the_call_has_come_only_where_there_is_one(qtbot):
    come = "Stage: the agent is giving way · Verified: no"
    card = VerdictCard("Conversation", LIGHT, VerdictText(VOICE[VoiceLevel.UNSURE], progress=come))
    qtbot.addWidget(card)
    assert not card._progress.isHidden()
    assert card._progress.text == come
    assert come in card.toolTip()
    assert come in card.accessibleDescription()
    card.show_verdict(VerdictText(VOICE[VoiceLevel.UNSURE]))
    assert card._progress.isHidden()


def test_text_that_is_too_long_is_cut_and_still_told(qtbot):
    text = ClampedText(lines=2)
    qtbot.addWidget(text)
    text.resize(120, 60)
    text.set_text("word " * 100)
    text.show()
    assert text._laid_out(120).lineCount() == 2
    assert text.accessibleName() == "word " * 100
    assert text.grab().toImage().pixelColor(119, 59).isValid()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_4_5_or_more(theme):
    pairs = [
        (theme.text, ground)
        for ground in (
            theme.window,
            theme.surface,
            theme.raised,
            *theme.tone_fill.values(),
            *theme.side_fill.values(),
        )
    ]
    pairs += [
        (theme.muted, ground)
        for ground in (theme.window, theme.surface, *theme.tone_fill.values(), *theme.side_fill.values())
    ]
    pairs += [(theme.tone[tone], theme.tone_fill[tone]) for tone in Tone]
    pairs += [
        (theme.tone[tone], ground)
        for tone in (Tone.WATCH, Tone.CALM)
        for ground in (theme.surface, *theme.side_fill.values())
    ]
    pairs += [(theme.side[side], theme.side_fill[side]) for side in Channel]
    pairs += [
        (theme.on_alert_bar, theme.alert_bar),
        (theme.on_accent, theme.accent),
        (theme.accent, theme.window),
    ]
    low = {pair: round(_contrast(*pair), 2) for pair in pairs if _contrast(*pair) < 4.5}
    assert not low


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(name: str) -> float:
    colour = QColor(name)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
