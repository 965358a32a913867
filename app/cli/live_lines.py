"""What a terminal shows of a call while it goes on: a line for each thing a person should see now."""

from rich.console import Console
from rich.text import Text

from app.case_state import CaseState
from app.report import alert_heading
from app.trouble_words import trouble_text
from app.words import (
    CHANNEL_NAME,
    TONE_COLOUR,
    Phrase,
    VerdictText,
    conversation_text,
    disclosure_text,
    printable,
    voice_text,
)
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


class LiveLines:
    """Prints on `console`; the thread that folds the state calls it after each event."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._words: dict[str, Phrase] = {}

    def begin(self, case_id: str) -> None:
        """Say that the call is heard, and how to end it."""
        self._words.clear()
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
        for title, verdict in (
            ("Voice", voice_text(state.voice, state.engines)),
            ("Conversation", conversation_text(state.conversation, state.findings)),
            ("AI disclosure", disclosure_text(state.disclosure)),
        ):
            self._show_change(title, verdict)

    def _show_change(self, title: str, verdict: VerdictText) -> None:
        known = self._words.setdefault(title, verdict.phrase)
        if known.word != verdict.phrase.word:
            self._words[title] = verdict.phrase
            word = Text(verdict.phrase.word, f"bold {TONE_COLOUR[verdict.phrase.tone]}")
            self._print(Text(f"{title}: ").append(word))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
