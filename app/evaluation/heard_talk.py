"""Written calls spoken by a synthesizer and judged by the whole walk of a recording."""

import zlib
from collections.abc import Sequence
from pathlib import Path

from app.analysis import analyze_file
from app.cases.reader import CaseReader
from app.cases.writer import CaseWriter
from app.engines import Engines
from app.evaluation.spoken_calls import SpokenTurn, speak_call, turn_at, two_voices, write_mulaw
from app.evaluation.synthesizers import Synthesizer
from app.evaluation.talk_calls import TalkAlert, TalkCall, TalkOutcome
from audio.types import CALL_RATE
from detection.events import ConversationJudged, Event, FindingMade, UtteranceHeard
from detection.types import ConversationLevel


class HeardTalk:
    """Speaks a call, has it analysed as a recording, and finds the turns of what was heard.

    Recordings and a case log are written to `folder`, which the caller throws away.
    """

    def __init__(self, engines: Engines, synthesizer: Synthesizer, folder: Path) -> None:
        self._engines = engines
        self._synthesizer = synthesizer
        self._folder = folder

    def __call__(self, call: TalkCall) -> TalkOutcome:
        """Raises the errors of the synthesizer, the engines and the case log."""
        seed = zlib.crc32(call.id.encode("utf-8", "replace"))
        sound, turns = speak_call(
            two_voices(call.turns, self._synthesizer, seed), self._synthesizer, seed
        )
        recording = self._folder / "call.wav"
        write_mulaw(recording, sound)
        log = self._folder / "cases.db"
        with CaseWriter(log) as writer:
            state, error = analyze_file(recording, None, self._engines, writer)
        if error:
            raise error
        with CaseReader(log) as reader:
            events = [stored.event for stored in reader.events(state.case_id)]
        return outcome(call, turns, events)


def outcome(call: TalkCall, turns: Sequence[SpokenTurn], events: Sequence[Event]) -> TalkOutcome:
    """What `events` say of the call whose `turns` were spoken.

    An alert belongs to the turn in which the utterance ended that raised it, and came when that
    utterance had ended; a finding belongs to the turn of its words. What the walk itself takes is
    not in these times.
    """
    tactics: list[set[str]] = [set() for _ in turns]
    watched, alert, heard = False, None, None
    for event in events:
        match event:
            case UtteranceHeard(utterance):
                heard = utterance
            case FindingMade(finding):
                middle_s = (finding.start + finding.end) / 2 / CALL_RATE
                tactics[turn_at(turns, finding.channel, middle_s)].add(finding.tactic)
            case ConversationJudged(verdict):
                is_alert = verdict.level is ConversationLevel.VISHING
                watched = watched or is_alert or verdict.level is ConversationLevel.WATCH
                if is_alert and alert is None and heard:
                    end_s = heard.end / CALL_RATE
                    alert = TalkAlert(turn_at(turns, heard.channel, end_s), end_s)
            case _:
                pass
    return TalkOutcome(
        call,
        watched,
        alert,
        tuple(frozenset(found) for found in tactics),
        tuple(turn.end_s for turn in turns),
    )
