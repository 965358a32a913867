"""How far a call has come: was the caller verified, what did the agent do, and which was first."""

from collections.abc import Sequence
from dataclasses import replace

from audio.types import CALL_RATE, Channel
from detection.text.phrases import Hit
from detection.types import AgentAct, CallStage, CheckState, VerificationCheck, Verified
from detection.vishing.finder import Found
from detection.vishing.heard import Heard
from detection.vishing.pack import PRESSURE, TacticsPack
from detection.vishing.parts import ActMatcher

_PRETEXT = frozenset(PRESSURE)
_DODGES = frozenset({"P6", "P7", "P14"})
_SLIPS = frozenset({"A1", "A2", "A4"})
_ANSWER_TIME = 60 * CALL_RATE
_STAGES = tuple(CallStage)


class CallProgress:
    """Follows one call from contact to extraction. Runs on the inference thread.

    The agent's words ask for checks, say that one was passed, and show what was done; the caller's show
    that a check was dodged or refused. What a caller says never passes one. No stage is left again.
    """

    def __init__(self, pack: TacticsPack) -> None:
        self._pack = pack
        self._stage = CallStage.CONTACT
        self._checks: dict[str, VerificationCheck] = {}
        self._acts: dict[str, AgentAct] = {}
        self._open: dict[str, int] = {}
        """Checks that were asked for and not yet answered, and when."""

    @property
    def stage(self) -> CallStage:
        """The furthest that was reached."""
        return self._stage

    @property
    def checks(self) -> tuple[VerificationCheck, ...]:
        """What was asked for and what became of it, in the order it was first asked."""
        return tuple(self._checks.values())

    @property
    def acts(self) -> tuple[AgentAct, ...]:
        """What the agent did, each kind once, in the order it was done."""
        return tuple(self._acts.values())

    @property
    def verified(self) -> Verified:
        """By the strongest check that was passed."""
        passed = [check for check in self._checks.values() if check.state is CheckState.PASSED]
        if any(check.is_strong for check in passed):
            return Verified.YES
        return Verified.WEAKLY if passed else Verified.NO

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was done before the caller was verified, as sentences."""
        early = (act for act in self._acts.values() if not act.is_verified)
        return tuple(f"{act.sentence} before the caller was verified." for act in early)

    def hear(self, heard: Heard, found: Sequence[Found]) -> None:
        """Take in an utterance and the tactics found in it."""
        if heard.channel is Channel.CALLER:
            self._hear_caller(heard, found)
        else:
            self._hear_agent(heard, found)

    def _hear_caller(self, heard: Heard, found: Sequence[Found]) -> None:
        if any(one.label in _PRETEXT for one in found):
            self._reach(CallStage.DECEPTION)
        dodge = next((one.hit for one in found if one.label in _DODGES), None)
        for name in [name for name, at in self._open.items() if heard.start - at <= _ANSWER_TIME]:
            matcher = self._pack.check_matchers[name]
            if hit := heard.find(matcher.refused):
                self._answer(name, CheckState.REFUSED, hit)
            elif hit := heard.find(matcher.dodged) or dodge:
                self._answer(name, CheckState.DODGED, hit)

    def _hear_agent(self, heard: Heard, found: Sequence[Found]) -> None:
        for name in self._pack.checks:
            self._hear_check(name, heard)
        if any(one.label in _SLIPS for one in found):
            self._reach(CallStage.COMPLIANCE)
        for name, matcher in self._pack.act_matchers.items():
            if heard.find(matcher.begun):
                self._reach(CallStage.COMPLIANCE)
            if name not in self._acts and (hit := _done(matcher, heard)):
                self._note_act(name, hit)

    def _hear_check(self, name: str, heard: Heard) -> None:
        matcher = self._pack.check_matchers[name]
        if name in self._open and (hit := heard.find(matcher.passed)):
            self._answer(name, CheckState.PASSED, hit)
        elif hit := heard.find(matcher.asked):
            check = self._pack.checks[name]
            self._open[name] = hit.start
            self._checks.setdefault(
                name,
                VerificationCheck(
                    name,
                    check.title,
                    check.strength == "strong",
                    CheckState.ASKED,
                    hit.start,
                    hit.start,
                    hit.quote,
                ),
            )

    def _answer(self, name: str, state: CheckState, hit: Hit) -> None:
        del self._open[name]
        if self._checks[name].state is not CheckState.PASSED:
            self._checks[name] = replace(self._checks[name], state=state, at=hit.start, quote=hit.quote)

    def _note_act(self, name: str, hit: Hit) -> None:
        act = self._pack.acts[name]
        is_verified = self.verified is Verified.YES
        self._acts[name] = AgentAct(name, act.title, act.sentence, hit.start, hit.quote, is_verified)
        self._reach(CallStage.EXTRACTION)

    def _reach(self, stage: CallStage) -> None:
        self._stage = max(self._stage, stage, key=_STAGES.index)


def _done(matcher: ActMatcher, heard: Heard) -> Hit | None:
    if hit := heard.find(matcher.done):
        return hit
    for reply in matcher.replies:
        if reply.to in heard.asked and (hit := heard.find(reply.says)):
            return hit
    return None
