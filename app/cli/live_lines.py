"""What a terminal shows of a call while it goes on: a line for each thing a person should see now."""

from dataclasses import replace

from rich.console import Console
from rich.text import Text

from app.case_state import CaseState
from app.disclosure_words import agent_text, disclosure_text, rule_lines, times_line
from app.question_words import question_text
from app.report import alert_heading
from app.trouble_words import trouble_text
from app.words import (
    CHANNEL_NAME,
    TONE_COLOUR,
    VerdictText,
    conversation_text,
    of_subject,
    printable,
    voice_text,
)
from audio.types import Channel
from detection.clock import clock_at
from detection.events import (
    AlertRaised,
    EchoHeard,
    Event,
    GapHeard,
    RecordingEnded,
    SoundTroubled,
    StepsAdvised,
    UtteranceHeard,
)
from detection.types import DisclosureVerdict


class LiveLines:
    """Prints on `console`; the thread that folds the state calls it after each event."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._words: dict[str, tuple[str, ...]] = {}
        self._handed_over_at: int | None = None
        self._question: tuple[bool, int | None] = (False, None)

    def begin(self, case_id: str) -> None:
        """Say that the call is heard, and how to end it."""
        self._words.clear()
        self._handed_over_at = None
        self._question = (False, None)
        self._print(Text(f"Listening. Case {case_id}. Ctrl-C ends the call.", "dim"))

    def show(self, event: Event, state: CaseState) -> None:
        """Print what `event`, the latest in `state`, has to say to a person now."""
        match event:
            case UtteranceHeard(utterance):
                said = f"{clock_at(utterance.start)} {CHANNEL_NAME[utterance.channel]}: "
                self._print(Text(said, "dim").append(printable(utterance.text), "not dim"))
            case AlertRaised(alert):
                self._print(alert_heading(alert))
                self._print(Text(printable(f"    Next step: {alert.next_step}")))
            case StepsAdvised(advice) if any(alert.subject == advice.subject for alert in state.alerts):
                step = f"{advice.guard} {advice.steps[0].sentence}"
                self._print(Text(printable(f"{clock_at(event.at)} Next step: {step}")))
            case SoundTroubled():
                style = "yellow" if event.end is None else "green"
                self._print(Text(f"{clock_at(event.at)} {trouble_text(event)}", style))
            case GapHeard():
                lost = f"{clock_at(event.start)}-{clock_at(event.end)} {CHANNEL_NAME[event.channel]}"
                self._print(Text(printable(f"{lost}: sound lost, {event.reason}"), "yellow"))
            case EchoHeard():
                span = f"{clock_at(event.start)}-{clock_at(event.end)}"
                self._print(Text(f"{span} The microphone heard the caller again; left out.", "dim"))
            case RecordingEnded(problem=problem) if problem:
                self._print(Text(printable(problem), "yellow"))
            case _:
                self._show_verdicts(state)

    def _show_verdicts(self, state: CaseState) -> None:
        subject, disclosure = state.subject, state.disclosure
        self._show_change("Voice", voice_text(state.voice, state.engines, subject), subject)
        self._show_change("Conversation", conversation_text(state.conversation, state.findings))
        said = filter(None, (times_line(disclosure), *rule_lines(disclosure)))
        told = replace(disclosure_text(disclosure), details=tuple(said))
        states = (rule.state for rule in disclosure.rules)
        self._show_change("AI disclosure", told, subject, also=tuple(states))
        agent = agent_text(state.agent, subject)
        self._show_change("AI or person", replace(agent, details=agent.reasons), subject)
        self._show_hand_over(disclosure)
        self._show_question(state)

    def _show_change(
        self,
        title: str,
        verdict: VerdictText,
        subject: Channel = Channel.CALLER,
        also: tuple[str, ...] = (),
    ) -> None:
        """Print `verdict` where its word differs from the one before, or what belongs to it does."""
        stands = (verdict.phrase.word, *also)
        if self._words.setdefault(title, stands) != stands:
            self._words[title] = stands
            word = Text(verdict.phrase.word, f"bold {TONE_COLOUR[verdict.phrase.tone]}")
            self._print(Text(f"{of_subject(title, subject)}: ").append(word))
            for detail in verdict.details:
                self._print(Text(printable(f"    {detail}"), "dim"))

    def _show_hand_over(self, disclosure: DisclosureVerdict) -> None:
        at = disclosure.handed_over_at
        if at is not None and at != self._handed_over_at:
            self._handed_over_at = at
            self._print(Text(f"{clock_at(at)} {CHANNEL_NAME[disclosure.subject]} hands the call over."))

    def _show_question(self, state: CaseState) -> None:
        """What became of the question whether it is an AI, without the time that is left."""
        stands = (state.disclosure.awaits_until is not None, state.disclosure.answered_at)
        if stands != self._question:
            self._question = stands
            if told := question_text(state, is_running=state.ended is None):
                self._print(Text(printable(f"Whether it is an AI: {told}")))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
