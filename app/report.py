"""A call's state as text for a terminal."""

from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.call.consent import consent_text
from app.case_json import end_of
from app.case_notes import recording_text
from app.case_state import CaseState
from app.disclosure_words import agent_text, disclosure_text, rule_lines, times_line
from app.handling_words import handling_text
from app.trouble_words import trouble_word
from app.words import (
    CHANNEL_NAME,
    STAGE_NAME,
    TONE_COLOUR,
    VerdictText,
    conversation_text,
    identity_text,
    of_subject,
    printable,
    voice_text,
)
from audio.types import Channel
from detection.clock import clock_at
from detection.types import (
    AgentVerdict,
    Alert,
    AlertLevel,
    DisclosureVerdict,
    Finding,
    Utterance,
)


def print_report(console: Console, state: CaseState, error: Exception | None = None) -> None:
    """Write a call's verdicts, evidence and transcript for a person to read.

    `error` is why the call ended early where whoever calls this says so itself.
    """
    title = _plain(state.source, "bold").append(f"  {clock_at(state.heard)}  case ", "not bold")
    console.print()
    console.print(title.append(printable(state.case_id), "not bold"))
    console.print(_verdict_table(state))
    for alert in state.alerts:
        _print_alert(console, alert)
    if state.handling:
        console.print(_handling_table(state))
    console.print(_transcript_table(state))
    for change in state.voice_changes:
        said = f"another voice took over (likelihood ratio same : other {change.llr:+.1f})"
        console.print(_plain(f"{clock_at(change.start)} {CHANNEL_NAME[state.subject]}: {said}"))
    for missing in state.not_judged:
        span = f"{clock_at(missing.start)}-{clock_at(missing.end)} {CHANNEL_NAME[missing.channel]}"
        console.print(_plain(f"{span}: {STAGE_NAME[missing.stage]}, {missing.reason}", "dim"))
    for gap in state.gaps:
        span = f"{clock_at(gap.start)}-{clock_at(gap.end)} {CHANNEL_NAME[gap.channel]}"
        console.print(_plain(f"{span}: sound lost, {gap.reason}", "yellow"))
    for trouble in state.troubles:
        until = "the end" if trouble.end is None else clock_at(trouble.end)
        span = f"{clock_at(trouble.start)}-{until} {CHANNEL_NAME[trouble.channel]}"
        console.print(_plain(f"{span}: {trouble_word(trouble)}", "yellow"))
    for echo in state.echoes:
        span = f"{clock_at(echo.start)}-{clock_at(echo.end)} {CHANNEL_NAME[Channel.AGENT]}"
        console.print(_plain(f"{span}: the microphone heard the caller again, left out", "dim"))
    _print_end(console, state, error)
    for sentence in _kept(state):
        console.print(_plain(sentence, "dim"))
    console.print(_plain(f"Judged by {_engines_line(state)}", "dim"))


def _print_end(console: Console, state: CaseState, error: Exception | None) -> None:
    reason, detail = end_of(state, error)
    if reason is None:
        sentence = "This call has no end: it is still on, or the program was stopped in it."
        console.print(Text(sentence, "yellow"))
    elif reason == "failed":
        told = "The call ended early." if error else f"The call ended early: {detail}"
        console.print(_plain(told, "red"))


def alert_heading(alert: Alert) -> Text:
    """Level, time and title of an alert."""
    style = "bold white on red" if alert.level is AlertLevel.ALERT else "bold black on yellow"
    label = Text.assemble((f" {alert.level.value.upper()} ", style), f" {clock_at(alert.at)} ")
    return label.append(printable(alert.title), "bold")


def _print_alert(console: Console, alert: Alert) -> None:
    console.print(alert_heading(alert))
    for line in (alert.reason, f"Next step: {alert.next_step}"):
        console.print(Padding(_plain(line), (0, 0, 0, 4)))


def _engines_line(state: CaseState) -> str:
    return "; ".join(
        f"{e.job} {e.id} {e.revision}" + (f" ({e.note})" if e.note else "") for e in state.engines
    )


def _kept(state: CaseState) -> list[str]:
    """On what basis a live call is kept, and where its sound is."""
    sentences = list(consent_text(state.consent)) if state.consent else []
    if state.recording:
        sentences += recording_text(state.recording)
    return sentences


def _verdict_table(state: CaseState) -> Table:
    table = _table()
    verdicts = [
        (
            of_subject("Voice", state.subject),
            voice_text(state.voice, state.engines, state.subject),
        ),
        ("Conversation", conversation_text(state.conversation, state.findings)),
        (of_subject("AI disclosure", state.subject), _whole_disclosure(state.disclosure)),
        (of_subject("AI or person", state.subject), _whole_agent(state.agent, state.subject)),
    ]
    if state.identity.claimed:
        verdicts.insert(1, (f"Is it {state.identity.claimed}?", identity_text(state.identity)))
    for title, text in verdicts:
        word = Text(text.phrase.word, f"bold {TONE_COLOUR[text.phrase.tone]}")
        table.add_row(printable(title), word, _plain(" ".join(text.reasons) or text.phrase.meaning))
        if text.progress:
            table.add_row("", "", _plain(text.progress, "dim"))
        for line in filter(None, (*text.details, text.judge)):
            table.add_row("", "", _plain(line, "dim"))
    return table


def _whole_disclosure(verdict: DisclosureVerdict) -> VerdictText:
    """The verdict with all its times, and where the party stands under each rule."""
    told = filter(None, (times_line(verdict), *rule_lines(verdict)))
    return replace(disclosure_text(verdict), progress="", details=tuple(told))


def _whole_agent(verdict: AgentVerdict, subject: Channel) -> VerdictText:
    """The verdict with a line for each sign."""
    text = agent_text(verdict, subject)
    return replace(text, reasons=(), details=tuple(filter(None, (text.footnote, *text.reasons))))


def _handling_table(state: CaseState) -> Table:
    table = _table()
    for handled in state.handling:
        table.add_row(clock_at(handled.at), "Handling", _plain(handling_text(handled)))
    return table


def _transcript_table(state: CaseState) -> Table:
    table = _table()
    for finding in state.findings:
        if not any(_is_in(finding, utterance) for utterance in state.utterances):
            table.add_row(clock_at(finding.start), "", _finding_line(finding))
    for utterance in sorted(state.utterances, key=lambda u: u.start):
        table.add_row(clock_at(utterance.start), CHANNEL_NAME[utterance.channel], _plain(utterance.text))
        for finding in state.findings:
            if _is_in(finding, utterance):
                table.add_row("", "", _finding_line(finding))
    return table


def _is_in(finding: Finding, utterance: Utterance) -> bool:
    return finding.channel is utterance.channel and utterance.start <= finding.start < utterance.end


def _finding_line(finding: Finding) -> Text:
    said = f" {finding.title}: “{finding.quote}” ({finding.weight:+.1f})"
    return Text.assemble("  ", (printable(finding.tactic), "magenta"), printable(said), style="dim")


def _table() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _plain(text: str, style: str = "") -> Text:
    return Text(printable(text), style)
