"""One call, live or stored: what it is, the three verdicts and the transcript."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.case_state import CaseState
from app.disclosure_words import disclosure_text
from app.trouble_words import trouble_text
from app.ui.case_notes_line import CaseNotesLine
from app.ui.clamped_text import ClampedText
from app.ui.identity_line import IdentityLine
from app.ui.labels import label
from app.ui.level_meter import LevelMeter
from app.ui.recording_mark import RecordingMark
from app.ui.theme import Theme
from app.ui.tips import plain_tip
from app.ui.transcript_view import TranscriptView
from app.ui.trouble_lines import TroubleLines
from app.ui.verdict_card import VerdictCard
from app.words import (
    VerdictText,
    conversation_text,
    identity_text,
    local_time,
    of_subject,
    printable,
    voice_text,
)
from audio.types import Channel
from detection.clock import clock
from detection.types import PartialText

_INVITATION = "Listen to a call, or open a recording. What is said will appear here."
_LISTENING = "Listening. What is said will appear here."
_NO_SPEECH = "No speech was recognized in this call."
_PER_MILLE = 1000


class CallView(QWidget):
    """Shows a `CaseState`; whoever folds events into it calls `refresh` afterwards."""

    return_wanted = Signal()
    """The person wants to go from a stored case back to the live call."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = CaseState("")
        self._source = ClampedText(lines=1)
        self._source.setObjectName("source")
        self._source.set_text("No call yet")
        self._when = label("when", "Earwitness is ready.")
        self._return = QPushButton("Back to the live call")
        self._return.clicked.connect(self.return_wanted)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("How much of the recording was heard")
        self._progress.setFixedHeight(4)
        self._is_live = False
        self._levels = LevelMeter()
        self.recording = RecordingMark(theme)
        self.notes = CaseNotesLine()
        self.troubles = TroubleLines(theme)
        self._voice = VerdictCard("Voice", theme, self._voice_text())
        self._conversation = VerdictCard("Conversation", theme, self._conversation_text())
        self._disclosure = VerdictCard("AI disclosure", theme, self._disclosure_text())
        self._identity = IdentityLine(theme)
        self.cards = (self._voice, self._conversation, self._disclosure)
        self.transcript = TranscriptView(theme)
        self._lay_out()
        self.set_live(is_live=False)
        self.transcript.setPlaceholderText(_INVITATION)

    def show_case(self, state: CaseState) -> None:
        """Begin again with another case."""
        self.state = state
        self._show_source()
        self.transcript.show_case(state)
        self.refresh()

    def set_live(self, *, is_live: bool, is_elsewhere: bool = False) -> None:
        """Whether the case that is shown is the running call, or another one is."""
        self._is_live = is_live
        self._levels.setVisible(is_live)
        self._progress.setVisible(is_live)
        self._progress.setRange(0, 0)
        self._return.setVisible(is_elsewhere)
        self.transcript.setPlaceholderText(_LISTENING if is_live else _NO_SPEECH)

    def refresh(self) -> None:
        """Show what the case has gained."""
        state = self.state
        self._voice.show_verdict(self._voice_text(), of_subject("Voice", state.subject))
        self._identity.show_verdict(identity_text(state.identity))
        self._conversation.show_verdict(self._conversation_text())
        self._disclosure.show_verdict(
            self._disclosure_text(), of_subject("AI disclosure", state.subject)
        )
        if state.source and self._source.text != printable(state.source):
            self._show_source()
        if state.started_at:
            self._when.setText(self._when_text())
        self.notes.show_case(state)
        self.troubles.show_sentences(self._troubles())
        is_recorded = state.consent is not None and state.consent.keeps_audio
        self.recording.setVisible(self._is_live and is_recorded and state.recording is None)
        self.transcript.refresh()

    def show_levels(self, levels: Mapping[Channel, float]) -> None:
        """Show levels in dBFS."""
        self._levels.show_levels(levels)

    def show_partials(self, partials: Iterable[PartialText], *, is_behind: bool) -> None:
        """Show what people are saying now, or that there is no time for that."""
        self.transcript.show_partials(partials, is_behind=is_behind)

    def show_progress(self, heard_s: float, total_s: float | None) -> None:
        """Show how far the live call is, in seconds."""
        if total_s:
            self._progress.setRange(0, _PER_MILLE)
            self._progress.setValue(round(_PER_MILLE * min(heard_s / total_s, 1)))
            self._when.setText(f"{clock(heard_s)} of {clock(total_s)}")
        else:
            self._progress.hide()
            self._when.setText(clock(heard_s))

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        for card in self.cards:
            card.set_theme(theme)
        self._identity.set_theme(theme)
        self.recording.set_theme(theme)
        self.troubles.set_theme(theme)
        self.transcript.set_theme(theme)

    def _voice_text(self) -> VerdictText:
        return voice_text(self.state.voice, self.state.engines, self.state.subject)

    def _conversation_text(self) -> VerdictText:
        return conversation_text(self.state.conversation, self.state.findings)

    def _disclosure_text(self) -> VerdictText:
        return disclosure_text(self.state.disclosure, self.state.agent)

    def _show_source(self) -> None:
        source = printable(self.state.source)
        self._source.set_text(source)
        self._source.setToolTip(plain_tip(source))
        self._levels.show_channels(self.state.channels)

    def _troubles(self) -> list[str]:
        """What is wrong now; of a call that is over, its notes tell."""
        if not self._is_live:
            return []
        told = [trouble_text(trouble) for trouble in self.state.troubles if trouble.end is None]
        recording = self.state.recording
        return [*told, recording.problem] if recording and recording.problem else told

    def _when_text(self) -> str:
        ended = self.state.ended
        how = {None: "", "finished": "", "stopped": ", stopped", "failed": ", ended early"}
        when = f"{local_time(self.state.started_at)}, {clock(self.state.duration_s)} long"
        return when + how[ended.reason if ended else None]

    def _lay_out(self) -> None:
        about = QVBoxLayout()
        about.setSpacing(2)
        about.addWidget(self._source)
        beside = QHBoxLayout()
        beside.setSpacing(14)
        beside.addWidget(self._when)
        beside.addWidget(self.notes, 1)
        about.addLayout(beside)
        header = QHBoxLayout()
        header.setSpacing(14)
        header.addLayout(about, 1)
        header.addWidget(self._return)
        header.addWidget(self.recording)
        header.addWidget(self._levels)
        cards = QHBoxLayout()
        cards.setSpacing(14)
        for card in self.cards:
            cards.addWidget(card, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 14)
        layout.setSpacing(12)
        layout.addLayout(header)
        layout.addWidget(self._progress)
        layout.addLayout(cards)
        layout.addWidget(self._identity)
        layout.addWidget(self.troubles)
        layout.addWidget(self.transcript, 1)
