"""A call's state as one JSON object (docs/analyze.schema.json)."""

from typing import Any

from app.case_state import CaseState
from app.words import error_text
from audio.types import CALL_RATE
from detection.events import (
    CallLabelled,
    ChallengeGiven,
    ChallengeJudged,
    ConsentRecorded,
    RecordingEnded,
    StepsAdvised,
    StepTaken,
)
from detection.types import AgentVerdict, RuleState


def as_json(state: CaseState, file: str, error: Exception | None = None) -> dict[str, Any]:
    """What `analyze --json` and `listen --json` print of a call; times in seconds from call start.

    `error` is why the call ended early where even that could not be stored.
    """
    reason, detail = end_of(state, error)
    voice, conversation, disclosure = state.voice, state.conversation, state.disclosure
    speaker, identity = state.speaker, state.identity
    return {
        "file": file,
        "duration_s": _seconds(state.heard),
        "case_id": state.case_id,
        "subject": state.subject.value,
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
            "stage": conversation.stage.value if conversation.stage else None,
            "verified": conversation.verified.value,
            "checks": [
                {
                    "name": check.name,
                    "title": check.title,
                    "strong": check.is_strong,
                    "state": check.state.value,
                    "asked_at_s": _seconds(check.asked_at),
                    "at_s": _seconds(check.at),
                    "quote": check.quote,
                }
                for check in conversation.checks
            ],
            "acts": [
                {
                    "name": act.name,
                    "title": act.title,
                    "at_s": _seconds(act.at),
                    "quote": act.quote,
                    "verified": act.is_verified,
                }
                for act in conversation.acts
            ],
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
            "subject": disclosure.subject.value,
            "spoke_at_s": _seconds(disclosure.spoke_at),
            "handed_over_at_s": _seconds(disclosure.handed_over_at),
            "awaits_until_s": _seconds(disclosure.awaits_until),
            "rules": [_rule(rule) for rule in disclosure.rules],
        },
        "agent": _agent(state.agent),
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
        "advised": [_advised(event) for event in state.advised],
        "steps": [_step(event) for event in state.handling if isinstance(event, StepTaken)],
        "challenges": [_challenge(given, judged) for given, judged in state.challenges],
        "labels": [
            {"label": event.label, "through": event.through, "at_s": _seconds(event.at)}
            for event in state.handling
            if isinstance(event, CallLabelled)
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
        "troubles": [
            {
                "kind": t.trouble.value,
                "channel": t.channel.value,
                "start_s": _seconds(t.start),
                "end_s": _seconds(t.end),
            }
            for t in state.troubles
        ],
        "echoes": [
            {
                "start_s": _seconds(e.start),
                "end_s": _seconds(e.end),
                "delay_ms": round(e.delay_ms, 1),
                "level_db": round(e.level_db, 1),
            }
            for e in state.echoes
        ],
        "consent": _consent(state.consent) if state.consent else None,
        "recording": _recording(state.recording) if state.recording else None,
        "ended": reason,
        "ended_detail": detail,
    }


def end_of(state: CaseState, error: Exception | None) -> tuple[str | None, str]:
    """How the call ended, if it did, and why it did so early."""
    if state.ended:
        return state.ended.reason, state.ended.detail
    return ("failed", error_text(error)) if error else (None, "")


def _seconds(index: int | None) -> float | None:
    return None if index is None else round(index / CALL_RATE, 2)


def _rule(rule: RuleState) -> dict[str, Any]:
    return {
        "rule_id": rule.rule_id,
        "rule_revision": rule.rule_revision,
        "title": rule.title,
        "state": rule.state.value,
        "deadline_at_s": _seconds(rule.deadline_at),
        "reason": rule.reason,
    }


def _agent(agent: AgentVerdict) -> dict[str, Any]:
    return {
        "level": agent.level.value,
        "llr": agent.llr,
        "threshold_human": agent.threshold_human,
        "threshold_agent": agent.threshold_agent,
        "turns": agent.turns,
        "signs": [
            {
                "name": sign.name,
                "value": round(sign.value, 4),
                "llr": round(sign.llr, 4),
                "sentence": sign.sentence,
            }
            for sign in agent.signs
        ],
        "engine": agent.engine,
    }


def _advised(event: StepsAdvised) -> dict[str, Any]:
    advice = event.advice
    return {
        "subject": advice.subject,
        "ask": advice.ask,
        "guard": advice.guard,
        "steps": [step.sentence for step in advice.steps],
        "after_refusal": [step.sentence for step in advice.after_refusal],
        "at_s": _seconds(event.at),
    }


def _step(taken: StepTaken) -> dict[str, Any]:
    return {
        "step": taken.step.id,
        "kind": taken.step.kind.value,
        "name": taken.step.name,
        "ask": taken.ask,
        "outcome": taken.outcome.value,
        "through": taken.through,
        "at_s": _seconds(taken.at),
    }


def _challenge(given: ChallengeGiven, judged: ChallengeJudged | None) -> dict[str, Any]:
    return {
        "challenge": given.challenge.value,
        "expected": given.expected,
        "given_at_s": _seconds(given.at),
        "pack": given.pack,
        "pack_revision": given.pack_revision,
        "verdict": judged
        and {
            "verdict": judged.verdict.value,
            "share": round(judged.share, 4),
            "delay_s": None if judged.delay_s is None else round(judged.delay_s, 2),
            "long_delay_s": judged.long_delay_s,
            "quote": judged.quote,
            "start_s": _seconds(judged.start),
            "end_s": _seconds(judged.end),
            "reason": judged.reason,
            "at_s": _seconds(judged.at),
        },
    }


def _consent(consent: ConsentRecorded) -> dict[str, Any]:
    given = consent.acknowledgement
    return {
        "standing_basis": consent.standing_basis,
        "keeps_audio": consent.keeps_audio,
        "acknowledgement": given
        and {
            "notice_id": given.notice_id,
            "notice_revision": given.notice_revision,
            "notice": given.notice,
            "confirmation": given.confirmation,
            "by": given.by,
            "through": given.through,
            "at": given.at_time,
        },
    }


def _recording(recording: RecordingEnded) -> dict[str, Any]:
    return {
        "files": [
            {
                "channel": kept.channel.value,
                "file": kept.file,
                "seconds": _seconds(kept.samples),
                "sha256": kept.sha256,
            }
            for kept in recording.files
        ],
        "problem": recording.problem,
    }
