"""The transcript as it grows: both sides told apart, signs marked, losses visible."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from app.case_state import CaseState
from app.handling_words import handling_text
from app.ui.theme import Theme
from app.words import CHANNEL_NAME, STAGE_NAME, Tone, printable
from audio.types import Channel
from detection.clock import clock_at
from detection.events import EchoHeard, GapHeard, Handling, NotJudged
from detection.types import Finding, PartialText, Utterance

SLICE_S = 0.02
"""Longest stretch of drawing before the window gets its turn again."""

_OFFSET = 96
"""Pixels by which one side's bubbles stand back from the other edge."""
_PADDING = 12
_LEAST_HEIGHT = 40
"""What is left in the smallest window where an alert with its step and two troubles need the room."""
_SMALL = 0.88
_NEAR_END = 8
_SIGN_MARK = "\u25b2"
_COUNTER_MARK = "\u2713"
_BEHIND = "The program is behind: what people are saying follows when they have said it."


_Drawn: TypeAlias = Utterance | GapHeard | EchoHeard | NotJudged | Handling


@dataclass(frozen=True, slots=True)
class _Notice:
    """A stretch that was lost or not judged."""

    what: str
    channel: Channel
    reason: str
    start: int
    end: int
    tone: Tone = Tone.WATCH

    def is_continued_by(self, later: "_Notice") -> bool:
        return (self.what, self.channel, self.reason) == (later.what, later.channel, later.reason)

    @property
    def text(self) -> str:
        who = CHANNEL_NAME[self.channel]
        return f"{clock_at(self.start)} to {clock_at(self.end)}   {who}: {self.what}, {self.reason}"


def _notice_of(missed: NotJudged) -> _Notice:
    """Words that were not understood are told quietly: that happens in every call."""
    tone = Tone.UNKNOWN if missed.stage == "transcript" else Tone.WATCH
    what = STAGE_NAME[missed.stage]
    return _Notice(what, missed.channel, missed.reason, missed.start, missed.end, tone)


def _echo_notice(echo: EchoHeard) -> _Notice:
    reason = "the microphone heard the caller again"
    return _Notice("left out", Channel.AGENT, reason, echo.start, echo.end, Tone.UNKNOWN)


@dataclass(slots=True)
class _Bubble:
    """What was said, in the document: a heading block, a text block, then one block for each sign."""

    utterance: Utterance | PartialText
    first_block: int
    last_block: int

    @property
    def text_block(self) -> int:
        return self.first_block + 1


class TranscriptView(QTextEdit):
    """Draws only what is new in a `CaseState`, a slice at a time, and keeps its place.

    What people are still saying stands at the end in grey, and goes when its line is in the case.
    It follows the end of a call unless the person has scrolled up; a case that has ended is shown from
    its beginning. Text can be selected and copied.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Transcript")
        self.document().setDocumentMargin(16)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self._theme = theme
        self._more = QTimer(self, interval=0, singleShot=True)
        self._more.timeout.connect(self.refresh)
        self._begin(CaseState(""))

    def show_case(self, state: CaseState) -> None:
        """Begin again with another case."""
        self._begin(state)
        self.refresh()

    def show_partials(self, partials: Iterable[PartialText], *, is_behind: bool) -> None:
        """Show what is being said now, or that there is no time for that."""
        self._partials = list(partials)
        self._is_behind = is_behind
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw all again in other colours."""
        self._theme = theme
        self.show_case(self._state)

    def refresh(self) -> None:
        """Draw what the case has gained; where that is much, the rest follows by itself."""
        deadline = perf_counter() + SLICE_S
        follow = self._follows and self._is_at_end()
        partials = self._state.still_open(self._partials)
        is_behind = self._is_behind and self._state.ended is None
        has_tail = self._tail_block is not None or bool(partials) or is_behind
        at_once = QTextCursor(self.document())
        if has_tail:
            at_once.beginEditBlock()
            self._erase_tail()
        while self._draw_next():
            if perf_counter() > deadline:
                self._more.start()
                break
        if has_tail:
            self._draw_tail(partials, is_behind=is_behind)
            at_once.endEditBlock()
        if follow:
            self._go_to_end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        follow = self._follows and self._is_at_end()
        super().resizeEvent(event)
        if follow:
            self._go_to_end()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for side, rect in self._visible_bubbles():
            painter.setBrush(QColor(self._theme.side_fill[side]))
            painter.drawRoundedRect(rect, 10, 10)
        painter.end()
        super().paintEvent(event)

    def _begin(self, state: CaseState) -> None:
        self.clear()
        self._state = state
        self._follows = state.ended is None
        self._bubbles: list[_Bubble] = []
        self._drawn_findings = 0
        self._drawn_gaps = 0
        self._drawn_echoes = 0
        self._drawn_not_judged = 0
        self._drawn_handling = 0
        self._last_notice: _Notice | None = None
        self._partials: list[PartialText] = []
        self._is_behind = False
        self._open_bubbles: list[_Bubble] = []
        self._tail_block: int | None = None
        """The first block of what is no event and will go again."""

    def _draw_next(self) -> bool:
        """Draw the earliest thing not drawn yet; False where there is none."""
        state = self._state
        findings = state.findings[self._drawn_findings : self._drawn_findings + 1]
        if findings and self._has_drawn_up_to(findings[0].start):
            self._drawn_findings += 1
            self._draw_finding(findings[0])
            return True
        waiting: list[_Drawn] = [
            *state.utterances[len(self._bubbles) : len(self._bubbles) + 1],
            *state.gaps[self._drawn_gaps : self._drawn_gaps + 1],
            *state.echoes[self._drawn_echoes : self._drawn_echoes + 1],
            *state.not_judged[self._drawn_not_judged : self._drawn_not_judged + 1],
            *state.handling[self._drawn_handling : self._drawn_handling + 1],
        ]
        if not waiting:
            return False
        match min(waiting, key=_place):
            case Utterance() as utterance:
                self._draw_utterance(utterance)
            case GapHeard() as gap:
                self._drawn_gaps += 1
                self._draw_notice(_Notice("sound lost", gap.channel, gap.reason, gap.start, gap.end))
            case EchoHeard() as echo:
                self._drawn_echoes += 1
                self._draw_notice(_echo_notice(echo))
            case NotJudged() as missed:
                self._drawn_not_judged += 1
                self._draw_notice(_notice_of(missed))
            case handled:
                self._drawn_handling += 1
                self._draw_handling(handled)
        return True

    def _erase_tail(self) -> None:
        if self._tail_block is None:
            return
        block = self.document().findBlockByNumber(self._tail_block)
        cursor = QTextCursor(block)
        if self._tail_block:
            cursor.movePosition(QTextCursor.MoveOperation.PreviousCharacter)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._open_bubbles = []
        self._tail_block = None

    def _draw_tail(self, partials: Iterable[PartialText], *, is_behind: bool) -> None:
        blocks = self.document().blockCount()
        first = 0 if self.document().isEmpty() else blocks
        for partial in partials:
            cursor = self._append_heading(partial)
            number = cursor.blockNumber()
            muted = self._chars(self._theme.muted)
            cursor.insertBlock(_bubble_block(partial.channel, top=3), muted)
            cursor.insertText(partial.text, muted)
            self._open_bubbles.append(_Bubble(partial, number, cursor.blockNumber()))
        if is_behind:
            chars = self._chars(self._theme.muted, _SMALL)
            self._append_block(_centred(), chars).insertText(_BEHIND, chars)
        if not self.document().isEmpty() and (self._open_bubbles or is_behind):
            self._tail_block = first

    def _has_drawn_up_to(self, start: int) -> bool:
        drawn = self._bubbles
        return bool(drawn) and (
            len(drawn) == len(self._state.utterances) or drawn[-1].utterance.start >= start
        )

    def _draw_utterance(self, utterance: Utterance) -> None:
        self._last_notice = None
        cursor = self._append_heading(utterance)
        first = cursor.blockNumber()
        text = self._chars(self._theme.text)
        cursor.insertBlock(_bubble_block(utterance.channel, top=3), text)
        cursor.insertText(utterance.text, text)
        self._bubbles.append(_Bubble(utterance, first, cursor.blockNumber()))

    def _append_heading(self, speech: Utterance | PartialText) -> QTextCursor:
        side = speech.channel
        name = self._chars(self._theme.side[side], _SMALL, bold=True)
        cursor = self._append_block(_bubble_block(side, top=24), name)
        cursor.insertText(CHANNEL_NAME[side], name)
        cursor.insertText(f"   {clock_at(speech.start)}", self._chars(self._theme.muted, _SMALL))
        return cursor

    def _draw_notice(self, notice: _Notice) -> None:
        chars = self._chars(self._theme.tone[notice.tone], _SMALL)
        last = self._last_notice
        if last and last.is_continued_by(notice):
            notice = replace(notice, start=last.start)
            cursor = QTextCursor(self.document().lastBlock())
            # Not `BlockUnderCursor`, which takes the end of the block before with it.
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(notice.text, chars)
        else:
            self._append_block(_centred(), chars).insertText(notice.text, chars)
        self._last_notice = notice

    def _draw_handling(self, handled: Handling) -> None:
        self._last_notice = None
        chars = self._chars(self._theme.text, _SMALL, bold=True)
        said = printable(handling_text(handled))
        self._append_block(_centred(), chars).insertText(f"{clock_at(handled.at)}   {said}", chars)

    def _draw_finding(self, finding: Finding) -> None:
        number = self._place_of(finding)
        bubble = self._bubbles[number]
        for_it = finding.weight > 0
        tone = Tone.WATCH if for_it else Tone.CALM
        effect = "Speaks for voice phishing" if for_it else "Speaks against voice phishing"
        self._highlight(bubble, finding, tone, f"{finding.title}. {effect}.")
        cursor = QTextCursor(self.document().findBlockByNumber(bubble.last_block))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        chars = self._chars(self._theme.tone[tone], _SMALL, bold=True)
        chars.setToolTip(effect)
        cursor.insertBlock(_bubble_block(bubble.utterance.channel, top=4), chars)
        cursor.insertText(f"{_SIGN_MARK if for_it else _COUNTER_MARK}  {finding.title}", chars)
        bubble.last_block += 1
        for later in self._bubbles[number + 1 :]:
            later.first_block += 1
            later.last_block += 1

    def _place_of(self, finding: Finding) -> int:
        """Index of the utterance that the finding quotes, else of the latest."""
        for number in range(len(self._bubbles) - 1, -1, -1):
            utterance = self._bubbles[number].utterance
            if utterance.channel is finding.channel and utterance.start <= finding.start < utterance.end:
                return number
        return len(self._bubbles) - 1

    def _highlight(self, bubble: _Bubble, finding: Finding, tone: Tone, tip: str) -> None:
        block = self.document().findBlockByNumber(bubble.text_block)
        begin = block.text().lower().find(finding.quote.lower())
        if begin < 0:
            return
        chars = QTextCharFormat()
        chars.setForeground(QColor(self._theme.tone[tone]))
        chars.setFontWeight(QFont.Weight.DemiBold)
        chars.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        chars.setToolTip(tip)
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + begin)
        cursor.setPosition(cursor.position() + len(finding.quote), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(chars)

    def _append_block(self, block: QTextBlockFormat, chars: QTextCharFormat) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self.document().isEmpty():
            block.setTopMargin(0)
            cursor.setBlockFormat(block)
        else:
            cursor.insertBlock(block, chars)
        return cursor

    def _chars(self, colour: str, scale: float = 1.0, *, bold: bool = False) -> QTextCharFormat:
        chars = QTextCharFormat()
        chars.setForeground(QColor(colour))
        chars.setFontPointSize(self.font().pointSizeF() * scale)
        chars.setFontWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return chars

    def _visible_bubbles(self) -> list[tuple[Channel, QRectF]]:
        """Side and rectangle (in the viewport) of each bubble in view."""
        document = self.document()
        layout = document.documentLayout()
        top = self.verticalScrollBar().value()
        topmost = self.cursorForPosition(self.viewport().rect().topLeft()).blockNumber()
        number = max(0, bisect_right(self._bubbles, topmost, key=lambda b: b.first_block) - 1)
        visible: list[tuple[Channel, QRectF]] = []
        for bubble in chain(self._bubbles[number:], self._open_bubbles):
            rect = layout.blockBoundingRect(document.findBlockByNumber(bubble.first_block))
            rect.setBottom(
                layout.blockBoundingRect(document.findBlockByNumber(bubble.last_block)).bottom()
            )
            if rect.top() - top > self.viewport().height():
                break
            side = bubble.utterance.channel
            margins = _bubble_block(side, top=0)
            rect.setLeft(document.documentMargin() + margins.leftMargin() - _PADDING)
            rect.setRight(
                self.viewport().width() - document.documentMargin() - margins.rightMargin() + _PADDING
            )
            visible.append((side, rect.adjusted(0, -7, 0, 8).translated(QPointF(0, -top))))
        return visible

    def _is_at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _NEAR_END

    def _go_to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())


def _place(drawn: _Drawn) -> int:
    """The sample at which it has its place: where it began to be heard, or when it was done."""
    match drawn:
        case Utterance() | GapHeard() | EchoHeard() | NotJudged():
            return drawn.start
        case handled:
            return handled.at


def _centred() -> QTextBlockFormat:
    centred = QTextBlockFormat()
    centred.setTopMargin(22)
    centred.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return centred


def _bubble_block(side: Channel, *, top: int) -> QTextBlockFormat:
    block = QTextBlockFormat()
    block.setTopMargin(top)
    block.setLeftMargin(0 if side is Channel.CALLER else _OFFSET)
    block.setRightMargin(_OFFSET if side is Channel.CALLER else 0)
    return block
