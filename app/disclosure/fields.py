"""The report as plain values: one JSON object, and what a row of the CSV holds."""

from typing import Any

from app.disclosure.figures import Denial, Figures, Group, Report
from app.disclosure.words import NOTE
from audio.types import CALL_RATE
from detection.types import DisclosureState

_DECIMALS = 4


def report_object(report: Report) -> dict[str, Any]:
    """What `report --json` prints: keys in docs/disclosure.md."""
    total, *groups = report.groups
    return {
        "since": report.span.since.isoformat(),
        "until": report.span.until.isoformat(),
        "note": NOTE,
        "total": figure_fields(total.figures),
        "groups": [group_fields(group) for group in groups],
        "denials": [_denial_fields(denial) for denial in report.denials],
    }


def group_fields(group: Group) -> dict[str, Any]:
    """Which group it is, and its figures."""
    return {
        "group_by": group.by.value,
        "group": group.name,
        "title": group.title,
        **figure_fields(group.figures),
    }


def figure_fields(figures: Figures) -> dict[str, int | float | None]:
    """Counts of calls, shares (0-1) with their 95 % interval, and seconds; None for no figure."""
    counts = figures.counts
    return {
        "calls": figures.calls,
        "ai_calls": figures.ai_calls,
        "disclosed_in_time": figures.in_time.count,
        "disclosed_late": figures.late.count,
        "disclosed": figures.said_so.count,
        **_share_fields(figures),
        "median_seconds": _rounded(figures.median_s),
        "timed": len(figures.delays_s),
        "not_disclosed": counts.get(DisclosureState.NOT_DISCLOSED, 0),
        "evasive": counts.get(DisclosureState.EVASIVE, 0),
        "denied": counts.get(DisclosureState.DENIED, 0),
        "asked": figures.asked,
        "human_like": counts.get(DisclosureState.HUMAN, 0),
        "not_settled": counts.get(DisclosureState.LISTENING, 0),
        "not_applicable": counts.get(DisclosureState.NOT_APPLICABLE, 0),
        "not_checked": counts.get(DisclosureState.NOT_CHECKED, 0),
    }


def _share_fields(figures: Figures) -> dict[str, float | None]:
    fields: dict[str, float | None] = {}
    for name, share in (
        ("in_time", figures.in_time),
        ("late", figures.late),
        ("disclosed", figures.said_so),
    ):
        low, high = share.interval or (None, None)
        fields |= {
            f"share_{name}": _rounded(share.value),
            f"share_{name}_low": _rounded(low),
            f"share_{name}_high": _rounded(high),
        }
    return fields


def _denial_fields(denial: Denial) -> dict[str, Any]:
    call, verdict = denial.call, denial.verdict
    return {
        "case_id": call.case_id,
        "line": call.source,
        "side": call.subject.value,
        "started_at": call.started_at.isoformat(),
        "asked_at_s": _seconds(verdict.asked_at),
        "question": verdict.question,
        "answered_at_s": _seconds(verdict.answered_at),
        "answer": verdict.answer_quote,
    }


def _seconds(at: int | None) -> float | None:
    return None if at is None else round(at / CALL_RATE, 2)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)
