"""Whether a party is an AI and has said so, in plain words: verdict, rules, signs. No Qt in here."""

from app.words import DISCLOSURE, OWN_DISCLOSURE, PARTY, Phrase, Tone, VerdictText
from audio.types import Channel
from detection.clock import clock_at
from detection.types import (
    AgentLevel,
    AgentSign,
    AgentVerdict,
    DisclosureState,
    DisclosureVerdict,
    RuleState,
)

_LEAST_TOLD = 0.05
"""Natural-log likelihood ratio below which a sign speaks for neither."""


def agent_phrase(level: AgentLevel, subject: Channel = Channel.CALLER) -> Phrase:
    """What `level` says of `subject`."""
    who = PARTY[subject]
    begin = who.capitalize()
    return {
        AgentLevel.NOT_CHECKED: Phrase(
            "Not checked", Tone.UNKNOWN, f"Whether {who} sounds like an AI has not been judged."
        ),
        AgentLevel.NOT_ENOUGH_SPEECH: Phrase(
            "Not enough speech yet",
            Tone.UNKNOWN,
            f"Too little was heard to tell whether {who} sounds like an AI.",
        ),
        AgentLevel.HUMAN_LIKE: Phrase(
            "Human-like", Tone.CALM, f"{begin} sounds and behaves like a person."
        ),
        AgentLevel.UNSURE: Phrase("Unsure", Tone.UNSURE, f"{begin} could be a person or an AI."),
        AgentLevel.AGENT_LIKE: Phrase(
            "AI-like", Tone.WATCH, f"{begin} sounds and behaves like an AI, which proves nothing."
        ),
    }[level]


def agent_text(verdict: AgentVerdict, subject: Channel = Channel.CALLER) -> VerdictText:
    """Whether `subject` is an AI, and as reasons the signs of that, the most telling first."""
    telling = [sign for sign in verdict.signs if abs(sign.llr) >= _LEAST_TOLD]
    signs = tuple(map(_sign_text, sorted(telling, key=lambda sign: -abs(sign.llr))))
    turns = f"{verdict.turns} turn{'s' * (verdict.turns != 1)} heard" if verdict.turns else ""
    return VerdictText(agent_phrase(verdict.level, subject), signs, turns)


def _sign_text(sign: AgentSign) -> str:
    direction = "an AI" if sign.llr > 0 else "a person"
    sentence = sign.sentence[:1].upper() + sign.sentence[1:]
    return f"{sentence}: speaks for {direction} ({sign.llr:+.1f})."


def disclosure_text(verdict: DisclosureVerdict, agent: AgentVerdict | None = None) -> VerdictText:
    """The disclosure verdict, with the times of what was said, and as details the signs of `agent`."""
    phrases = DISCLOSURE if verdict.subject is Channel.CALLER else OWN_DISCLOSURE
    times = [*_times(verdict), *_deadlines(verdict)]
    footnote = ", ".join(times)
    return VerdictText(
        phrases[verdict.state],
        verdict.reasons,
        footnote[:1].upper() + footnote[1:],
        progress=_rules_text(verdict),
        details=_signs(agent, verdict.subject) if agent else (),
    )


def rule_lines(verdict: DisclosureVerdict) -> tuple[str, ...]:
    """Where the party stands under each rule of the site and why, a line each."""
    return tuple(
        " ".join(filter(None, (f"{_rule_text(rule)}.", rule.reason)))
        if rule.reason not in verdict.reasons
        else f"{_rule_text(rule)}."
        for rule in verdict.rules
    )


def times_line(verdict: DisclosureVerdict) -> str:
    """All that is known of when things were said, as one line; empty where nothing is."""
    who = PARTY[verdict.subject].capitalize()
    spoke = "" if verdict.spoke_at is None else f"{who} spoke from {clock_at(verdict.spoke_at)} on."
    times = ", ".join(_times(verdict))
    said = f"{times[:1].upper()}{times[1:]}." if times else ""
    return " ".join(filter(None, (spoke, said)))


def _times(verdict: DisclosureVerdict) -> list[str]:
    told = [
        f"{what} at {clock_at(at)}"
        for what, at in (
            ("said so", verdict.at),
            ("asked", verdict.asked_at),
            ("answered", verdict.answered_at),
            ("handed over", verdict.handed_over_at),
        )
        if at is not None
    ]
    if verdict.awaits_until is not None:
        told.append(f"answer awaited until {clock_at(verdict.awaits_until)}")
    return told


def _deadlines(verdict: DisclosureVerdict) -> list[str]:
    """The first deadline by which an AI has to have said so, while that is not settled."""
    running = [at for rule in verdict.rules if (at := _running(rule)) is not None]
    return [f"an AI has to say so by {clock_at(min(running))}"] if running else []


def _running(rule: RuleState) -> int | None:
    return rule.deadline_at if rule.state is DisclosureState.LISTENING else None


def _rules_text(verdict: DisclosureVerdict) -> str:
    """Each rule that asks something, where they do not all say the same."""
    asking = [rule for rule in verdict.rules if rule.state is not DisclosureState.NOT_APPLICABLE]
    if len({(rule.state, _running(rule)) for rule in asking}) <= 1:
        return ""
    return " · ".join(map(_rule_text, asking))


def _rule_text(rule: RuleState) -> str:
    word = DISCLOSURE[rule.state].word.lower()
    deadline = _running(rule)
    until = "" if deadline is None else f", to be said by {clock_at(deadline)}"
    return f"{rule.title}: {word}{until}"


def _signs(agent: AgentVerdict, subject: Channel) -> tuple[str, ...]:
    if agent.level is AgentLevel.NOT_CHECKED and not agent.signs:
        return ()
    text = agent_text(agent, subject)
    heard = f" ({text.footnote})" if text.footnote else ""
    return (f"{text.phrase.meaning[:-1]}{heard}.", *text.reasons)
