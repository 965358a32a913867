"""A call's state as one JSON object (docs/analyze.schema.json) and as text for a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from app.case_state import CaseState
from app.words import (
    CHANNEL_NAME,
    STAGE_NAME,
    TONE_COLOUR,
    conversation_text,
    disclosure_text,
    voice_text,
)
from audio.types import CALL_RATE
from detection.clock import clock_at
from detection.types import Alert, AlertLevel


def as_json(state: CaseState, file: str) -> dict[str, Any]:
    """The object that `earwitness analyze --json` prints; times in seconds from call start."""
    voice, conversation, disclosure = state.voice, state.conversation, state.disclosure
    return {
        "file": file,
        "duration_s": _seconds(state.heard),
        "case_id": state.case_id,
        "engines": [
            {"job": e.job, "id": e.id, "revision": e.revision, "note": e.note} for e in state.engines
        ],
        "transcript": [
            {
                "channel": u.channel.value,
                "start_s": _seconds(u.start),
                "end_s": _seconds(u.end),
                "text": u.text,
                "confidence": round(u.confidence, 4),
            }
            for u in sorted(state.utterances, key=lambda u: u.start)
        ],
        "voice": {
            "level": voice.level.value,
            "score": voice.score,
            "llr": voice.llr,
            "speech_s": round(voice.speech_s, 2),
            "threshold_real": voice.threshold_real,
            "threshold_synthetic": voice.threshold_synthetic,
            "model_id": voice.model_id,
            "model_revision": voice.model_revision,
            "reasons": list(voice.reasons),
        },
        "conversation": {
            "level": conversation.level.value,
            "score": conversation.score,
            "llr": conversation.llr,
            "threshold_watch": conversation.threshold_watch,
            "threshold_alert": conversation.threshold_alert,
            "reasons": list(conversation.reasons),
            "findings": [
                {
                    "tactic": f.tactic,
                    "title": f.title,
                    "quote": f.quote,
                    "channel": f.channel.value,
                    "start_s": _seconds(f.start),
                    "end_s": _seconds(f.end),
                    "weight": round(f.weight, 4),
                    "pack": f.pack,
                    "pack_revision": f.pack_revision,
                }
                for f in state.findings
            ],
        },
        "disclosure": {
            "state": disclosure.state.value,
            "at_s": _seconds(disclosure.at),
            "quote": disclosure.quote,
            "asked_at_s": _seconds(disclosure.asked_at),
            "question": disclosure.question,
            "answer": disclosure.answer.value if disclosure.answer else None,
            "answer_quote": disclosure.answer_quote,
            "answered_at_s": _seconds(disclosure.answered_at),
            "rule_id": disclosure.rule_id,
            "rule_revision": disclosure.rule_revision,
            "reasons": list(disclosure.reasons),
        },
        "alerts": [
            {
                "level": a.level.value,
                "subject": a.subject,
                "title": a.title,
                "reason": a.reason,
                "next_step": a.next_step,
                "at_s": _seconds(a.at),
            }
            for a in state.alerts
        ],
        "not_judged": [
            {
                "stage": n.stage,
                "channel": n.channel.value,
                "start_s": _seconds(n.start),
                "end_s": _seconds(n.end),
                "reason": n.reason,
            }
            for n in state.not_judged
        ],
        "gaps": [
            {
                "channel": g.channel.value,
                "start_s": _seconds(g.start),
                "end_s": _seconds(g.end),
                "reason": g.reason,
            }
            for g in state.gaps
        ],
        "ended": state.ended.reason if state.ended else None,
    }


def _seconds(index: int | None) -> float | None:
    return None if index is None else round(index / CALL_RATE, 2)


def print_report(console: Console, state: CaseState) -> None:
    """Write a call's verdicts, evidence and transcript for a person to read."""
    console.print(f"\n[bold]{escape(state.source)}[/]  {clock_at(state.heard)}  case {state.case_id}")
    console.print(_verdict_table(state))
    for alert in state.alerts:
        _print_alert(console, alert)
    console.print(_transcript_table(state))
    for missing in state.not_judged:
        span = f"{clock_at(missing.start)}-{clock_at(missing.end)} {CHANNEL_NAME[missing.channel]}"
        console.print(f"[dim]{span}: {STAGE_NAME[missing.stage]}, {escape(missing.reason)}[/]")
    for gap in state.gaps:
        span = f"{clock_at(gap.start)}-{clock_at(gap.end)} {CHANNEL_NAME[gap.channel]}"
        console.print(f"[yellow]{span}: sound lost, {escape(gap.reason)}[/]")
    if state.ended is None:
        console.print(
            "[yellow]This call has no end: it is still on, or the program was stopped in it.[/]"
        )
    elif state.ended.reason == "failed":
        console.print(f"[red]The call ended early: {escape(state.ended.detail)}[/]")
    console.print(f"[dim]Judged by {escape(_engines_line(state))}[/]")


def _print_alert(console: Console, alert: Alert) -> None:
    style = "bold white on red" if alert.level is AlertLevel.ALERT else "bold black on yellow"
    label = f"[{style}] {alert.level.value.upper()} [/]"
    console.print(f"{label} {clock_at(alert.at)} [bold]{escape(alert.title)}[/]")
    for line in (alert.reason, f"Next step: {alert.next_step}"):
        console.print(Padding(escape(line), (0, 0, 0, 4)))


def _engines_line(state: CaseState) -> str:
    return "; ".join(
        f"{e.job} {e.id} {e.revision}" + (f" ({e.note})" if e.note else "") for e in state.engines
    )


def _verdict_table(state: CaseState) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for title, text in (
        ("Voice", voice_text(state.voice)),
        ("Conversation", conversation_text(state.conversation, state.findings)),
        ("AI disclosure", disclosure_text(state.disclosure)),
    ):
        colour = TONE_COLOUR[text.phrase.tone]
        reasons = " ".join(text.reasons) or text.phrase.meaning
        table.add_row(title, f"[bold {colour}]{text.phrase.word}[/]", escape(reasons))
    return table


def _transcript_table(state: CaseState) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for utterance in sorted(state.utterances, key=lambda u: u.start):
        table.add_row(clock_at(utterance.start), CHANNEL_NAME[utterance.channel], escape(utterance.text))
        for finding in state.findings:
            if finding.channel is utterance.channel and utterance.start <= finding.start < utterance.end:
                mark = f"[magenta]{finding.tactic}[/] {escape(finding.title)}: “{escape(finding.quote)}”"
                table.add_row("", "", f"[dim]  {mark} ({finding.weight:+.1f})[/]")
    return table
