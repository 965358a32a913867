"""Verdicts to alerts: when a person must be told, of what, and what to do next.

A verdict is never changed here and each kind of alert is raised once per call, so that the window
stays calm. A synthetic voice that has said what it is raises nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from audio.types import Channel
from detection.clock import clock_at
from detection.playbook import Playbook, Situation
from detection.steps import Advice
from detection.types import (
    AgentLevel,
    AgentVerdict,
    Alert,
    AlertLevel,
    ConversationLevel,
    ConversationVerdict,
    DisclosureState,
    DisclosureVerdict,
    Finding,
    IdentityLevel,
    IdentityVerdict,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceLevel,
    VoiceVerdict,
)

STRONG_ASKS = frozenset({"R2", "R3", "R5", "R6", "R7", "R8", "R9", "R10", "R12"})
"""Asks that hand over an account or a machine where they are granted to the wrong person."""
_PARTY = {Channel.CALLER: "The caller", Channel.AGENT: "The desk's own voice"}
_DISCLOSED = frozenset({DisclosureState.DISCLOSED, DisclosureState.DISCLOSED_LATE})


@dataclass(slots=True)
class Verdicts:
    """The call so far, as the judges left it; kept by the pipeline on the inference thread."""

    voice: VoiceVerdict = field(default_factory=lambda: VoiceVerdict(VoiceLevel.NOT_CHECKED))
    conversation: ConversationVerdict = field(
        default_factory=lambda: ConversationVerdict(ConversationLevel.NOT_CHECKED)
    )
    disclosure: DisclosureVerdict = field(
        default_factory=lambda: DisclosureVerdict(DisclosureState.NOT_CHECKED)
    )
    agent: AgentVerdict = field(default_factory=lambda: AgentVerdict(AgentLevel.NOT_CHECKED))
    findings: list[Finding] = field(default_factory=list)
    speaker: SpeakerVerdict = field(default_factory=lambda: SpeakerVerdict(SpeakerLevel.NOT_CHECKED))
    identity: IdentityVerdict = field(default_factory=lambda: IdentityVerdict(IdentityLevel.NOT_CHECKED))
    other_claims: list[str] = field(default_factory=list)
    """A sentence for each recognized voice that claimed to be somebody else in an earlier call."""


class AlertRules:
    """Raises what is due; remembers what was raised in this call.

    Where `subject` is the desk's own side, its voice is no threat: only what it disclosed is told.
    """

    def __init__(self, playbook: Playbook, subject: Channel = Channel.CALLER) -> None:
        self._playbook = playbook
        self._subject = subject
        self._raised: set[tuple[str, AlertLevel]] = set()
        self._advised: dict[str, str] = {}

    def due(self, verdicts: Verdicts, at: int) -> list[Alert]:
        """Alerts that `verdicts` call for and that were not raised before, the loudest first."""
        if self._subject is not Channel.CALLER:
            alert = self._disclosure(verdicts, at)
            return [alert] if alert and self._is_new(alert) else []
        candidates = [
            self._identity(verdicts.identity, at),
            self._conversation(verdicts, at),
            self._disclosure(verdicts, at),
            self._voice(verdicts, at),
            self._watch_list(verdicts, at),
        ]
        return [alert for alert in candidates if alert and self._is_new(alert)]

    def advice(self, verdicts: Verdicts) -> list[Advice]:
        """What to do about what was raised, where that is not what was advised before."""
        fresh = []
        for subject in sorted({subject for subject, _ in self._raised}):
            ask = self._ask(subject, verdicts)
            if ask and ask != self._advised.get(subject):
                self._advised[subject] = ask
                fresh.append(self._playbook.advice(subject, ask))
        return fresh

    def _ask(self, subject: str, verdicts: Verdicts) -> str | None:
        """What the alerts of `subject` are about now; None leaves it at what it was."""
        match subject:
            case "conversation":
                return self._playbook.ask_in(verdicts.findings)
            case "identity":
                return {
                    IdentityLevel.LIKELY_CLONE: Situation.COPIED_VOICE,
                    IdentityLevel.DOES_NOT_MATCH: Situation.OTHER_VOICE,
                }.get(verdicts.identity.level)
            case "disclosure":
                return self._undisclosed(verdicts)
            case "voice" if _was_asked(verdicts) or _has_disclosed(verdicts):
                return Situation.SYNTHETIC_VOICE
            case "voice":
                return Situation.UNASKED_AI
            case _:
                return Situation.WATCHED_VOICE

    def _undisclosed(self, verdicts: Verdicts) -> Situation:
        if self._subject is not Channel.CALLER:
            return Situation.OWN_AI
        return Situation.UNDISCLOSED_AI if _was_asked(verdicts) else Situation.UNASKED_AI

    def _is_new(self, alert: Alert) -> bool:
        louder = (alert.subject, AlertLevel.ALERT)
        this = (alert.subject, alert.level)
        if this in self._raised or louder in self._raised:
            return False
        self._raised.add(this)
        return True

    def _identity(self, identity: IdentityVerdict, at: int) -> Alert | None:
        name, reason = identity.claimed, " ".join(identity.reasons)
        if identity.level is IdentityLevel.LIKELY_CLONE:
            title = f"The voice sounds like {name} and looks synthetic"
            step = self._playbook.first_step(Situation.COPIED_VOICE)
            return Alert(AlertLevel.ALERT, "identity", title, reason, step, at)
        if identity.level is IdentityLevel.DOES_NOT_MATCH:
            title = f"The voice is not the one enrolled for {name}"
            step = self._playbook.first_step(Situation.OTHER_VOICE)
            return Alert(AlertLevel.WATCH, "identity", title, reason, step, at)
        return None

    def _watch_list(self, verdicts: Verdicts, at: int) -> Alert | None:
        hits, others = verdicts.speaker.watch_hits, verdicts.other_claims
        if not hits:
            return None
        heard = [
            f"The voice sounds like {hit.name} of the watch list"
            + (f", heard in case {hit.case_id}" if hit.case_id else "")
            + (f" ({hit.note})" if hit.note else "")
            + f": likelihood ratio {hit.llr:.1f}, threshold {hit.threshold:.1f}."
            for hit in hits
        ]
        title = "The caller sounds like a voice on the watch list"
        return Alert(
            AlertLevel.ALERT if others else AlertLevel.WATCH,
            "watch_list",
            f"{title} that claimed to be somebody else" if others else title,
            " ".join([*heard, *others, "Voices of different people can be alike."]),
            self._playbook.first_step(Situation.WATCHED_VOICE),
            at,
        )

    def _conversation(self, verdicts: Verdicts, at: int) -> Alert | None:
        talk = verdicts.conversation
        asks = _risky_asks(verdicts.findings)
        is_watched = talk.level is ConversationLevel.WATCH
        if talk.level is ConversationLevel.VISHING:
            title = "This call follows a voice-phishing pattern"
            return self._of_talk(AlertLevel.ALERT, title, talk.reasons, verdicts.findings, at)
        if is_watched and (voice := _against(verdicts, despite_disclosure=True)):
            title = f"{voice.title}, and signs of voice phishing"
            reasons = (*talk.reasons, voice.reason)
            return self._of_talk(AlertLevel.ALERT, title, reasons, verdicts.findings, at)
        if asks and (voice := _against(verdicts)):
            title = f"{voice.title}, and a risky request"
            return self._of_talk(AlertLevel.ALERT, title, (_quoted(asks), voice.reason), asks, at)
        if is_watched:
            title = "Parts of this call look like voice phishing"
            return self._of_talk(AlertLevel.WATCH, title, talk.reasons, verdicts.findings, at)
        if asks and verdicts.voice.level is VoiceLevel.SUSPECT and not _has_disclosed(verdicts):
            title = "A voice that may be synthetic, and a risky request"
            reasons = (_quoted(asks), *verdicts.voice.reasons[:1])
            return self._of_talk(AlertLevel.WATCH, title, reasons, asks, at)
        return None

    def _of_talk(
        self, level: AlertLevel, title: str, reasons: Sequence[str], about: Sequence[Finding], at: int
    ) -> Alert:
        step = self._playbook.first_step(self._playbook.ask_in(about))
        return Alert(level, "conversation", title, " ".join(reasons), step, at)

    def _disclosure(self, verdicts: Verdicts, at: int) -> Alert | None:
        disclosure = verdicts.disclosure
        match disclosure.state:
            case DisclosureState.DENIED:
                level, what = AlertLevel.ALERT, "said it is a person"
            case DisclosureState.EVASIVE:
                level, what = AlertLevel.WATCH, "did not answer the question"
            case DisclosureState.NOT_DISCLOSED:
                level, what = AlertLevel.WATCH, "has not said so"
            case _:
                return None
        title = f"{_PARTY[self._subject]} sounds like an AI and {what}"
        step = self._playbook.first_step(self._undisclosed(verdicts))
        return Alert(level, "disclosure", title, " ".join(disclosure.reasons), step, at)

    def _voice(self, verdicts: Verdicts, at: int) -> Alert | None:
        if verdicts.voice.level is not VoiceLevel.LIKELY_SYNTHETIC:
            return None
        if _has_disclosed(verdicts):
            return None
        return Alert(
            AlertLevel.WATCH,
            "voice",
            "The caller's voice looks synthetic",
            " ".join(verdicts.voice.reasons),
            self._playbook.first_step(self._ask("voice", verdicts) or Situation.SYNTHETIC_VOICE),
            at,
        )


class _Against(NamedTuple):
    """What about the caller's voice raises the stakes, as a title and as a reason."""

    title: str
    reason: str


def _against(verdicts: Verdicts, *, despite_disclosure: bool = False) -> _Against | None:
    """The gravest that is known; an AI that has said what it is counts only `despite_disclosure`."""
    identity, name = verdicts.identity, verdicts.identity.claimed
    if identity.level is IdentityLevel.LIKELY_CLONE:
        return _Against(f"What sounds like a copy of {name}'s voice", " ".join(identity.reasons[:1]))
    if verdicts.voice.level is VoiceLevel.LIKELY_SYNTHETIC and (
        despite_disclosure or not _has_disclosed(verdicts)
    ):
        return _Against("A synthetic voice", " ".join(verdicts.voice.reasons[:1]))
    if identity.level is IdentityLevel.DOES_NOT_MATCH:
        return _Against(f"A voice that is not {name}'s", " ".join(identity.reasons[:1]))
    return None


def _has_disclosed(verdicts: Verdicts) -> bool:
    return verdicts.disclosure.state in _DISCLOSED


def _was_asked(verdicts: Verdicts) -> bool:
    return verdicts.disclosure.asked_at is not None


def _risky_asks(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.tactic in STRONG_ASKS and one.channel is Channel.CALLER]


def _quoted(asks: Sequence[Finding]) -> str:
    """The latest of `asks`, in the words that were heard."""
    latest = max(asks, key=lambda ask: ask.start)
    return f'{latest.title}: "{latest.quote}" ({clock_at(latest.start)}).'
