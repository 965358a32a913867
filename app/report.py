"""A call's state as one JSON object (docs/analyze.schema.json) and as text for a terminal."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.case_state import CaseState
from app.words import (
    CHANNEL_NAME,
    STAGE_NAME,
    TONE_COLOUR,
    conversation_text,
    disclosure_text,
    error_text,
    identity_text,
    printable,
    voice_text,
)
from audio.types import CALL_RATE, Channel
from detection.clock import clock_at
from detection.types import Alert, AlertLevel, Finding


def as_json(state: CaseState, file: str, error: Exception | None = None) -> dict[str, Any]:
    """The object that `earwitness analyze --json` prints; times in seconds from call start.

    `error` is why the call ended early where even that could not be stored.
    """
    reason, detail = _end(state, error)
    voice, conversation, disclosure = state.voice, state.conversation, state.disclosure
    speaker, identity = state.speaker, state.identity
    return {
        "file": file,
        "duration_s": _seconds(state.heard),
        "case_id": state.case_id,
        "engines": [
            {"job": e.job, "id": e.id, "revision": e.revision, "note": e.note, "scope": e.scope}
            for e in state.engines
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
            "threshold_watch": voice.threshold_watch,
            "threshold_synthetic": voice.threshold_synthetic,
            "model_id": voice.model_id,
            "model_revision": voice.model_revision,
            "reasons": list(voice.reasons),
            "trace": [
                {
                    "start_s": _seconds(point.start),
                    "end_s": _seconds(point.end),
                    "llr": round(point.llr, 4),
                    "model_id": point.model_id,
                }
                for point in state.voice_trace.values()
            ],
        },
        "speaker": {
            "level": speaker.level.value,
            "claimed": speaker.claimed,
            "llr": speaker.llr,
            "speech_s": round(speaker.speech_s, 2),
            "since_s": _seconds(speaker.since),
            "threshold_match": speaker.threshold_match,
            "threshold_reject": speaker.threshold_reject,
            "model_id": speaker.model_id,
            "model_revision": speaker.model_revision,
            "spread": speaker.spread,
            "drift": speaker.drift,
            "changes": [
                {
                    "start_s": _seconds(change.start),
                    "llr": round(change.llr, 4),
                    "threshold": round(change.threshold, 4),
                }
                for change in state.voice_changes
            ],
            "watch_hits": [
                {
                    "name": hit.name,
                    "case_id": hit.case_id,
                    "note": hit.note,
                    "llr": round(hit.llr, 4),
                    "threshold": round(hit.threshold, 4),
                    "at_s": _seconds(hit.at),
                }
                for hit in speaker.watch_hits
            ],
            "reasons": list(speaker.reasons),
        },
        "identity": {
            "level": identity.level.value,
            "claimed": identity.claimed,
            "llr": identity.llr,
            "speech_s": round(identity.speech_s, 2),
            "speaker_model": identity.speaker,
            "voice_model": identity.voice,
            "reasons": list(identity.reasons),
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
        "ended": reason,
        "ended_detail": detail,
    }


def _end(state: CaseState, error: Exception | None) -> tuple[str | None, str]:
    """How the call ended, if it did, and why it did so early."""
    if state.ended:
        return state.ended.reason, state.ended.detail
    return ("failed", error_text(error)) if error else (None, "")


def _seconds(index: int | None) -> float | None:
    return None if index is None else round(index / CALL_RATE, 2)


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
    console.print(_transcript_table(state))
    for change in state.voice_changes:
        said = f"another voice took over (likelihood ratio same : other {change.llr:+.1f})"
        console.print(_plain(f"{clock_at(change.start)} {CHANNEL_NAME[Channel.CALLER]}: {said}"))
    for missing in state.not_judged:
        span = f"{clock_at(missing.start)}-{clock_at(missing.end)} {CHANNEL_NAME[missing.channel]}"
        console.print(_plain(f"{span}: {STAGE_NAME[missing.stage]}, {missing.reason}", "dim"))
    for gap in state.gaps:
        span = f"{clock_at(gap.start)}-{clock_at(gap.end)} {CHANNEL_NAME[gap.channel]}"
        console.print(_plain(f"{span}: sound lost, {gap.reason}", "yellow"))
    _print_end(console, state, error)
    console.print(_plain(f"Judged by {_engines_line(state)}", "dim"))


def _print_end(console: Console, state: CaseState, error: Exception | None) -> None:
    reason, detail = _end(state, error)
    if reason is None:
        sentence = "This call has no end: it is still on, or the program was stopped in it."
        console.print(Text(sentence, "yellow"))
    elif reason == "failed":
        told = "The call ended early." if error else f"The call ended early: {detail}"
        console.print(_plain(told, "red"))


def _print_alert(console: Console, alert: Alert) -> None:
    style = "bold white on red" if alert.level is AlertLevel.ALERT else "bold black on yellow"
    label = Text.assemble((f" {alert.level.value.upper()} ", style), f" {clock_at(alert.at)} ")
    console.print(label.append(printable(alert.title), "bold"))
    for line in (alert.reason, f"Next step: {alert.next_step}"):
        console.print(Padding(_plain(line), (0, 0, 0, 4)))


def _engines_line(state: CaseState) -> str:
    return "; ".join(
        f"{e.job} {e.id} {e.revision}" + (f" ({e.note})" if e.note else "") for e in state.engines
    )


def _verdict_table(state: CaseState) -> Table:
    table = _table()
    verdicts = [
        ("Voice", voice_text(state.voice, state.engines)),
        ("Conversation", conversation_text(state.conversation, state.findings)),
        ("AI disclosure", disclosure_text(state.disclosure)),
    ]
    if state.identity.claimed:
        verdicts.insert(1, (f"Is it {state.identity.claimed}?", identity_text(state.identity)))
    for title, text in verdicts:
        word = Text(text.phrase.word, f"bold {TONE_COLOUR[text.phrase.tone]}")
        table.add_row(printable(title), word, _plain(" ".join(text.reasons) or text.phrase.meaning))
        if text.judge:
            table.add_row("", "", _plain(text.judge, "dim"))
    return table


def _transcript_table(state: CaseState) -> Table:
    table = _table()
    for utterance in sorted(state.utterances, key=lambda u: u.start):
        table.add_row(clock_at(utterance.start), CHANNEL_NAME[utterance.channel], _plain(utterance.text))
        for finding in state.findings:
            if finding.channel is utterance.channel and utterance.start <= finding.start < utterance.end:
                table.add_row("", "", _finding_line(finding))
    return table


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
