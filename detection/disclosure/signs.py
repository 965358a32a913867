"""Whether a party is an AI agent: its voice, and how it takes part in the call, as one likelihood ratio.

The voice decides alone where it is clear; everything else together can only tip what is near.
"""

from collections.abc import Callable, Sequence
from math import log

from audio.types import Channel
from detection.disclosure.signs_pack import SignsPack, Spread
from detection.disclosure.sketch import WordingSketch
from detection.disclosure.turn_taking import TurnMeasures, TurnTaking
from detection.text.passage import Passage, spoken_words
from detection.text.phrases import PhraseSet, Vocabulary
from detection.types import AgentLevel, AgentSign, AgentVerdict, Utterance, VoiceLevel, VoiceVerdict

_FILLERS = frozenset({"um", "uh", "uhm", "er", "erm", "hm", "hmm", "mm"})
_ALIKE_AGAIN = 60
"""Further runs of words after which earlier calls are compared anew."""
_HEAD = 6
_TAIL = 2

EarlierWording = Callable[[], Sequence[str]]
"""The sketches of earlier calls' wording."""


class AgentSigns:
    """Collects the signs of the party on channel `subject`. Runs on the inference thread.

    `earlier` is asked once, when enough was said; None where there is no log to compare with.
    """

    def __init__(
        self, pack: SignsPack, subject: Channel, earlier: EarlierWording | None = None, *, mono: bool
    ) -> None:
        self._pack = pack
        self._subject = subject
        self._earlier = earlier
        self._turns = None if mono else TurnTaking(subject, pack.least_turns)
        self._mono = mono
        self._voice = VoiceVerdict(VoiceLevel.NOT_CHECKED)
        self._sketch = WordingSketch()
        self._sketches: Sequence[str] | None = None
        self._alike = 0
        self._most_alike = 0.0
        self._compare_at = pack.repeated_wording.least_runs
        self._words = self._fillers = 0
        nothing = Vocabulary({})
        self._open = PhraseSet(pack.questions.open, (), nothing)
        self._closed = PhraseSet(pack.questions.closed, (), nothing)

    @property
    def sketch(self) -> WordingSketch:
        """What the party said so far, as a sketch."""
        return self._sketch

    def hear_speech(self, channel: Channel, start: int, end: int) -> None:
        """Take in when somebody spoke (samples), before its words; in order of the ends."""
        if self._turns:
            self._turns.hear(channel, start, end)

    def hear(self, utterance: Utterance) -> None:
        """Take in what was said."""
        words = spoken_words(utterance)
        if utterance.channel is self._subject:
            tokens = [token.surface.strip(".,?!").lower() for token in words]
            self._words += len(tokens)
            self._fillers += sum(token in _FILLERS for token in tokens)
            if not self._mono:
                self._sketch.add(part for word in words for part in word.normal)
                self._compare()
        elif self._turns and words:
            self._mark_question(utterance)

    def hear_voice(self, verdict: VoiceVerdict) -> None:
        """Take in what the voice sounds like by now."""
        self._voice = verdict

    @property
    def verdict(self) -> AgentVerdict:
        """Agent or person by now."""
        voice, pack = self._voice, self._pack
        measures = self._turns.measures() if self._turns else None
        signs = [*self._voice_sign(), *self._manner(measures)]
        manner = sum(sign.llr for sign in signs if sign.name != "voice")
        llr = (voice.llr or 0.0) + max(-pack.most_llr, min(pack.most_llr, manner))
        return AgentVerdict(
            level=self._level(llr),
            llr=round(llr, 3),
            turns=measures.turns if measures else 0,
            signs=tuple(signs),
            threshold_human=voice.threshold_real,
            threshold_agent=voice.threshold_synthetic,
            engine=f"{pack.id} {pack.revision}",
        )

    def _level(self, llr: float) -> AgentLevel:
        """The voice's level, which the rest may put in doubt, or raise from suspect to certain."""
        voice = self._voice
        from_agent, to_human = voice.threshold_synthetic, voice.threshold_real
        match voice.level:
            case VoiceLevel.NOT_CHECKED:
                return AgentLevel.NOT_CHECKED
            case VoiceLevel.NOT_ENOUGH_SPEECH:
                return AgentLevel.NOT_ENOUGH_SPEECH
            case VoiceLevel.REAL if to_human is None or llr <= max(to_human, voice.llr or 0.0):
                return AgentLevel.HUMAN_LIKE
            case VoiceLevel.LIKELY_SYNTHETIC if from_agent is None or llr >= min(
                from_agent, voice.llr or 0.0
            ):
                return AgentLevel.AGENT_LIKE
            case VoiceLevel.SUSPECT if from_agent is not None and llr >= from_agent:
                return AgentLevel.AGENT_LIKE
            case _:
                return AgentLevel.UNSURE

    def _voice_sign(self) -> list[AgentSign]:
        voice = self._voice
        if voice.llr is None:
            return []
        told = {
            VoiceLevel.LIKELY_SYNTHETIC: "the voice looks synthetic",
            VoiceLevel.SUSPECT: "the voice may be synthetic",
            VoiceLevel.REAL: "the voice sounds human",
        }.get(voice.level, "the voice could be real or synthetic")
        return [AgentSign("voice", voice.llr, voice.llr, told)]

    def _manner(self, measures: TurnMeasures | None) -> list[AgentSign]:
        signs = self._of_turns(measures) if measures else []
        fillers = self._pack.fillers
        if self._fillers >= fillers.least and self._fillers >= fillers.share * self._words:
            sentence = f"{self._fillers} fillers such as um were heard"
            signs.append(self._sign("fillers", self._fillers, fillers.llr, sentence))
        if self._alike:
            repeated = self._pack.repeated_wording
            llr = repeated.one if self._alike == 1 else repeated.several
            sentence = (
                f"its wording was that of {self._alike} earlier calls ({self._most_alike:.0%} alike)"
            )
            signs.append(AgentSign("repeated_wording", self._most_alike, llr, sentence))
        return signs

    def _of_turns(self, measures: TurnMeasures) -> list[AgentSign]:
        pack, found = self._pack, []
        if measures.gap_spread_s:
            spread = Spread(
                agent=log(pack.gap_spread.agent),
                person=log(pack.gap_spread.person),
                scatter=pack.gap_spread.scatter,
            )
            value = measures.gap_spread_s
            llr = _gaussian(log(max(value, 0.05)), spread)
            sentence = f"its answers' delays lie within {value:.1f} s of each other"
            found.append(self._sign("gap_spread", value, llr, sentence))
        if measures.open_delay_s is not None:
            value = measures.open_delay_s
            sentence = f"questions that need thought delay its answers by {value:.1f} s"
            found.append(self._sign("open_delay", value, _gaussian(value, pack.open_delay), sentence))
        if measures.turns >= pack.least_turns:
            count, turns = measures.overlaps, measures.turns
            llr = _binomial(count, turns, pack.overlap.agent, pack.overlap.person)
            sentence = f"it spoke before the other side had ended in {count} of {turns} turns"
            found.append(self._sign("overlap", count / turns, llr, sentence))
            minutes = measures.heard_s / 60
            rates = pack.listening_sounds
            llr = _poisson(measures.listening_sounds, minutes * rates.agent, minutes * rates.person)
            sentence = f"it made {measures.listening_sounds} sounds of listening"
            found.append(self._sign("listening_sounds", measures.listening_sounds, llr, sentence))
        if measures.interrupted > 1:
            count, times = measures.kept_on, measures.interrupted
            llr = _binomial(count, times, pack.kept_on.agent, pack.kept_on.person)
            sentence = f"it spoke on through {count} of {times} interruptions"
            found.append(self._sign("kept_on", count / times, llr, sentence))
        return found

    def _sign(self, name: str, value: float, llr: float, sentence: str) -> AgentSign:
        return AgentSign(name, round(value, 3), round(llr * self._pack.weight, 3), sentence)

    def _mark_question(self, utterance: Utterance) -> None:
        if not self._turns:
            return
        words = spoken_words(utterance)
        asks = utterance.text.rstrip().endswith("?")
        head, tail = Passage(words[:_HEAD]), Passage(words[-_TAIL:])
        if self._open.search(head):
            self._turns.mark_question(utterance.start, is_open=True)
        elif self._closed.search(head) or asks or self._closed.search(tail):
            self._turns.mark_question(utterance.start, is_open=False)

    def _compare(self) -> None:
        repeated = self._pack.repeated_wording
        if self._earlier is None or self._sketch.runs < self._compare_at:
            return
        self._compare_at = self._sketch.runs + _ALIKE_AGAIN
        if self._sketches is None:
            self._sketches = self._earlier()
        likeness = [self._sketch.likeness(sketch) for sketch in self._sketches]
        alike = [one for one in likeness if one >= repeated.likeness]
        self._alike, self._most_alike = len(alike), max(alike, default=0.0)


def _gaussian(value: float, spread: Spread) -> float:
    agent, person = ((value - mean) ** 2 for mean in (spread.agent, spread.person))
    return (person - agent) / (2 * spread.scatter**2)


def _binomial(count: int, of: int, agent: float, person: float) -> float:
    return count * log(agent / person) + (of - count) * log((1 - agent) / (1 - person))


def _poisson(count: int, agent: float, person: float) -> float:
    return count * log(agent / person) - (agent - person) if person > 0 else 0.0
