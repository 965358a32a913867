"""What became of the question whether a party is an AI, in plain words. No Qt in here."""

from math import ceil

from app.case_state import CaseState
from audio.types import CALL_RATE
from detection.clock import clock_at
from detection.types import Answer, DisclosureVerdict

ANSWER_WITHIN_S = 15
"""What the disclosure judge gives a party to answer, from the end of the question."""
_LONGEST_QUESTION_S = 15
_UNANSWERED = "the call ended before an answer was heard."

_ANSWER = {
    Answer.TRUTHFUL: "said that it is an AI",
    Answer.EVASIVE: "did not answer the question",
    Answer.DENIED: "said that it is a person",
}


def question_text(state: CaseState, heard: int = 0, *, is_running: bool = False) -> str:
    """What became of the latest question, empty where nobody asked; `is_running` while more may come.

    The time left is counted from sample `heard` of the call. Quotes what was answered, so it is not
    yet `printable`.
    """
    verdict, until = state.disclosure, state.disclosure.awaits_until
    if until is not None and is_running:
        return _awaited_text(verdict, until, max(heard, state.heard))
    if until is not None:
        return f"Asked at {clock_at(_asked_at(verdict, until))}: {_UNANSWERED}"
    if verdict.asked_at is None:
        return ""
    if verdict.answer and verdict.answered_at is not None:
        return _answered_text(verdict, verdict.answer, verdict.answered_at, verdict.asked_at)
    if state.awaited_until is not None and state.heard < state.awaited_until:
        return f"Asked at {clock_at(verdict.asked_at)}: {_UNANSWERED}"
    return f"No answer was heard in {ANSWER_WITHIN_S} s."


def _awaited_text(verdict: DisclosureVerdict, until: int, now: int) -> str:
    asked = f"Asked at {clock_at(_asked_at(verdict, until))}"
    left = ceil((until - now) / CALL_RATE)
    if left > 0:
        return f"{asked}: listening for the answer, {left} s left"
    return f"{asked}: the time for an answer is over; what was said in it is still being judged"


def _asked_at(verdict: DisclosureVerdict, until: int) -> int:
    """When the open question was asked: the verdict tells of another where there were several."""
    ended = until - ANSWER_WITHIN_S * CALL_RATE
    begun = verdict.asked_at
    is_latest = verdict.answered_at is None or begun is None or verdict.answered_at < begun
    if begun is not None and is_latest and ended - begun <= _LONGEST_QUESTION_S * CALL_RATE:
        return begun
    return ended


def _answered_text(verdict: DisclosureVerdict, answer: Answer, at: int, asked_at: int) -> str:
    quote = f"“{verdict.answer_quote}” " if verdict.answer_quote else ""
    when = "Answered" if at >= asked_at else "Said before it was asked,"
    return f"{when} at {clock_at(at)}: {quote}({_ANSWER[answer]})"
