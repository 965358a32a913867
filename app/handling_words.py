"""What was done about a call in plain words: steps, challenges, and what a person held it for."""

from detection.events import (
    CallLabelled,
    ChallengeGiven,
    ChallengeJudged,
    Handling,
    StepTaken,
)
from detection.steps import ChallengeKind, ChallengeVerdict, StepOutcome

OUTCOME = {
    StepOutcome.DONE: "done",
    StepOutcome.REFUSED: "refused by the caller",
    StepOutcome.SKIPPED: "skipped",
}

CHALLENGE = {
    ChallengeKind.SENTENCE: "Sentence to repeat",
    ChallengeKind.ONE_TIME_PHRASE: "One-time phrase",
}

VERDICT = {
    ChallengeVerdict.PASSED: "The caller said it.",
    ChallengeVerdict.FAILED: "The caller said something else.",
    ChallengeVerdict.NOT_HEARD: "Not heard: nobody can tell.",
}


def handling_text(handling: Handling) -> str:
    """One sentence or two. Not yet `printable`."""
    match handling:
        case StepTaken(step, _, outcome):
            name = step.name[:1].upper() + step.name[1:]
            return f"{name}: {OUTCOME[outcome]}."
        case ChallengeGiven(challenge, expected):
            return f"{CHALLENGE[challenge]}: “{expected}”"
        case ChallengeJudged():
            return challenge_text(handling)
        case CallLabelled(label):
            if label == "withdrawn":
                return "“Not a scam” was taken back."
            return "Marked as not a scam by the help desk. No verdict changes by that."


def challenge_text(judged: ChallengeJudged) -> str:
    """The verdict, why, and how late the answer began; a long delay is told and proves nothing."""
    return " ".join((VERDICT[judged.verdict], judged.reason, *_delay(judged)))


def _delay(judged: ChallengeJudged) -> tuple[str, ...]:
    if judged.delay_s is None:
        return ()
    begun = f"It began {judged.delay_s:.1f} s after the help desk had spoken"
    if judged.long_delay_s is None or judged.delay_s <= judged.long_delay_s:
        return (f"{begun}.",)
    return (
        f"{begun}: longer than most people take ({judged.long_delay_s:.1f} s), which proves nothing.",
    )
