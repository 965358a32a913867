"""The next step about an alert: what to do and say, and what came of it."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from app.case_state import CaseState
from app.handling_words import CHALLENGE, challenge_text, handling_text
from app.ui.clamped_text import ClampedText
from app.ui.labels import label
from app.ui.question_line import QuestionLine
from app.ui.tips import plain_tip
from app.words import printable
from detection.events import StepTaken
from detection.steps import CHALLENGE_OF, Advice, ChallengeKind, Step, StepKind, StepOutcome

SETTLES_MS = 400
"""How long a step has to be there before it can be answered: a second click is not for the next one."""

_ABOUT_AI = frozenset({"voice", "disclosure"})
"""Subjects of alerts that what was answered to "am I speaking with an AI?" is about."""
_AWAITED = "Listening. The verdict follows when it was said, or when the time for it is over."
_SHOW = {ChallengeKind.SENTENCE: "Show a &sentence", ChallengeKind.ONE_TIME_PHRASE: "Show a phra&se"}


class StepPanel(QWidget):
    """Shows the first step of an advice that has no outcome, with the buttons that record one.

    Nothing that is pressed is shown before it is stored: until then further presses are ignored.
    """

    step_taken = Signal(object, str, object)
    """The `Step`, the ask it was advised for, and its `StepOutcome`"""
    challenge_wanted = Signal(object)
    """The `ChallengeKind` of what the caller has to say"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: Step | None = None
        self._ask = ""
        self._is_awaited = False
        self._challenges_shown = 0
        self._has_challenge = False
        self._settling = QTimer(self, interval=SETTLES_MS, singleShot=True)
        self.answer = QuestionLine()
        self.next_step = label("alert_next", wraps=True, selectable=True)
        self.say = label("alert_say", wraps=True, selectable=True)
        self.expected = label("alert_expected", wraps=True, selectable=True)
        self.verdict = label("alert_verdict", wraps=True, selectable=True)
        self.recorded = ClampedText(lines=1, shrinks=True)
        self.recorded.setObjectName("alert_recorded")
        self.give = QPushButton(_SHOW[ChallengeKind.SENTENCE])
        self.give.clicked.connect(self._on_give)
        self.outcomes = {
            StepOutcome.DONE: QPushButton("&Done"),
            StepOutcome.REFUSED: QPushButton("&Refused"),
            StepOutcome.SKIPPED: QPushButton("S&kip"),
        }
        for outcome, button in self.outcomes.items():
            button.clicked.connect(lambda _=False, outcome=outcome: self._on_outcome(outcome))
        self._lay_out()

    @property
    def is_open(self) -> bool:
        """Whether there is a step to do now."""
        return self._step is not None

    @property
    def has_challenge(self) -> bool:
        """Whether something for the caller to say is shown, which takes the room of other things."""
        return self._has_challenge

    def show_steps(
        self, state: CaseState, advice: Advice | None, next_step: str, *, is_running: bool
    ) -> None:
        """Show where the steps of `advice` are; of a call that is over, only what was recorded.

        `next_step` is what the alert itself says: the first step as it was then.
        """
        step = state.open_step(advice) if advice and is_running else None
        if step != self._step:
            self._is_awaited = False
            self._settling.start()
        self._step = step
        self._ask = advice.ask if advice else ""
        self._show_challenge(state, step)
        self._show_answer(state, advice, is_running=is_running)
        self.next_step.setText(self._next_text(advice, next_step, is_running=is_running))
        self.say.setText(f"Say: “{step.say}”" if step else "")
        self.say.setVisible(bool(step and step.say) and not self._is_listening)
        self.outcomes[StepOutcome.DONE].setText(
            "&Asked" if step and step.kind is StepKind.QUESTION else "&Done"
        )
        for outcome, button in self.outcomes.items():
            button.setVisible(
                step is not None and (outcome is not StepOutcome.REFUSED or step.kind.asks_the_caller)
            )
            if step:
                button.setAccessibleName(f"{button.text().replace('&', '')}: {step.name}")
        self._show_recorded(state)

    def show_clock(self, heard: int) -> None:
        """The running call is at sample `heard`: an answer that is awaited has less time left."""
        self.answer.show_clock(heard)

    @property
    def _is_listening(self) -> bool:
        """Whether the caller is to answer now, so that nobody should speak."""
        return self.answer.is_awaiting and not self._has_challenge

    def _show_answer(self, state: CaseState, advice: Advice | None, *, is_running: bool) -> None:
        """What was asked and answered, where the alert is about that; with any alert while it waits."""
        is_awaited = is_running and state.disclosure.awaits_until is not None
        is_about_it = advice is not None and (
            advice.subject in _ABOUT_AI or any(step.kind is StepKind.QUESTION for step in advice.steps)
        )
        is_shown = (is_awaited or is_about_it) and not self._has_challenge
        self.answer.show_question(state, is_shown=is_shown, is_running=is_running)

    def _next_text(self, advice: Advice | None, next_step: str, *, is_running: bool) -> str:
        step, begin = self._step, "Then" if self._is_listening else "Next"
        if step and advice and self._has_challenge:
            return f"{begin}: {step.sentence}"
        if step and advice:
            return f"{begin}: {advice.guard} {step.sentence}"
        if advice and is_running:
            return f"{advice.guard} Every step is recorded."
        return f"{begin}: {next_step}"

    def _show_challenge(self, state: CaseState, step: Step | None) -> None:
        kind = CHALLENGE_OF.get(step.kind) if step else None
        self.give.setVisible(kind is not None)
        challenges = [pair for pair in state.challenges if pair[0].challenge is kind]
        given, judged = challenges[-1] if challenges else (None, None)
        self._has_challenge = given is not None
        if len(challenges) != self._challenges_shown:
            self._challenges_shown = len(challenges)
            self._is_awaited = False
        if kind:
            self.give.setText("An&other" if given else _SHOW[kind])
            self.give.setAccessibleName(f"{self.give.text().replace('&', '')}: {CHALLENGE[kind]}")
        told = (challenge_text(judged) if judged else _AWAITED) if given else ""
        for widget, text in (
            (self.expected, given.expected if given else ""),
            (self.verdict, told),
        ):
            if text and text != widget.text() and widget.isVisible():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
            widget.setText(printable(text))
            widget.setVisible(bool(text))

    def _show_recorded(self, state: CaseState) -> None:
        taken = [handling_text(one) for one in state.handling if isinstance(one, StepTaken)]
        text = printable(f"Recorded: {' '.join(taken)}") if taken else ""
        self.recorded.set_text(text)
        self.recorded.setToolTip(plain_tip(text))
        self.recorded.setVisible(bool(taken) and not self._step)

    def _on_outcome(self, outcome: StepOutcome) -> None:
        if self._step and not self._is_awaited and not self._settling.isActive():
            self._is_awaited = True
            self.step_taken.emit(self._step, self._ask, outcome)

    def _on_give(self) -> None:
        if self._step and not self._is_awaited and not self._settling.isActive():
            self._is_awaited = True
            self.challenge_wanted.emit(CHALLENGE_OF[self._step.kind])

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in self.outcomes.values():
            buttons.addWidget(button)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(4)
        layout.addWidget(self.answer, 0, 0, 1, 2)
        layout.addWidget(self.next_step, 1, 0)
        layout.addLayout(buttons, 1, 1)
        layout.addWidget(self.say, 2, 0)
        layout.addWidget(self.give, 2, 1)
        for row, widget in enumerate((self.expected, self.verdict, self.recorded), 3):
            layout.addWidget(widget, row, 0, 1, 2)
        layout.setColumnStretch(0, 1)
