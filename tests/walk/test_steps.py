"""What an agent does in a call, from the request to the case log: real engines, real sound."""

import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soxr

from app.call.segment_queue import EndOfCall
from app.case_json import as_json
from app.case_state import CaseState
from app.cases.verify import verify
from app.cases.writer import CaseWriter
from app.compose import load_engines
from app.engines import Engines
from app.evaluation.synthesizers import FLITE, SPEECH_RATE
from app.question_words import ANSWER_WITHIN_S, question_text
from app.settings import settings_with
from audio.ring import AudioRing
from audio.types import CALL_RATE, AudioChunk, Channel, Samples
from detection.events import (
    CallEnded,
    CallLabelled,
    ChallengeGiven,
    ChallengeJudged,
    ConversationJudged,
    DisclosureJudged,
    Event,
    FindingMade,
    StepsAdvised,
    StepTaken,
)
from detection.playbook import Situation
from detection.steps import ChallengeKind, ChallengeVerdict, StepOutcome
from tests.audio.hearing import until
from tests.fakes import ScriptedSource, chunks_of
from tests.walk.conftest import Earwitness
from tests.walk.scripted import ScriptedPipeline, session_of, speech, stored

CALLER, AGENT = Channel.CALLER, Channel.AGENT
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text("utf-8"))
SENTENCE = "On Sunday the manager carries every purple guitar in the hospital."
WITHIN_S = 90


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with load_engines(settings_with()) as engines:
        sentences = engines.challenges.sentence.model_copy(update={"frames": (SENTENCE,)})
        challenges = engines.challenges.model_copy(update={"sentence": sentences})
        yield replace(engines, challenges=challenges)


class Conversation:
    """A call that is spoken as it goes on: silence on both sides until somebody says something."""

    name = "conversation"
    is_live = False
    is_paced = False
    channels = (CALLER, AGENT)
    duration_s = None

    def __init__(self) -> None:
        self._lines: list[tuple[Channel, Samples]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._ring: AudioRing | None = None

    def say(self, *lines: tuple[Channel, str, float]) -> None:
        """Have each text said next, one after the other, with so many seconds of silence after it."""
        sounds = []
        for channel, text, then_s in lines:
            spoken = FLITE.speak({CALLER: "rms", AGENT: "kal16"}[channel], text)
            pause = np.zeros(round(then_s * SPEECH_RATE))
            sound = soxr.resample(np.concatenate([spoken, pause]), SPEECH_RATE, CALL_RATE)
            sounds.append((channel, sound.astype(np.float32)))
        self._lines += sounds

    def start(self, ring: AudioRing) -> None:
        self._ring = ring
        self._thread = threading.Thread(target=self._speak, args=(ring,), name="conversation")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._ring and self._thread:
            self._ring.close()
            self._thread.join()

    def _speak(self, ring: AudioRing) -> None:
        at = 0
        silence = np.zeros(CALL_RATE // 10, np.float32)
        while not self._stopping.is_set():
            channel, sound = self._lines.pop(0) if self._lines else (CALLER, silence)
            for each in self.channels:
                samples = sound if each is channel else np.zeros_like(sound)
                if not ring.push_waiting(AudioChunk(each, at, CALL_RATE, samples)):
                    return
            at += len(sound)
            self._stopping.wait(0.01)
        ring.close(None)


needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")


@needs_flite
def test_a_refused_call_back_is_evidence_like_what_was_said(
    engines: Engines, writer: CaseWriter, tmp_path: Path, earwitness: Earwitness
):
    source, told = Conversation(), []
    answered, labelled = threading.Event(), threading.Event()

    def act(_: str, events: Sequence[Event]) -> None:
        told.extend(events)
        for event in events:
            match event:
                case StepsAdvised(advice) if advice.subject == "conversation" and not answered.is_set():
                    answered.set()
                    (call_back,) = (step for step in advice.steps if step.id == "call_back")
                    session.take_step(call_back, advice.ask, StepOutcome.REFUSED, "window")
                    session.label_call("not_a_scam", "window")
                case CallLabelled():
                    labelled.set()

    session = engines.session(source, writer, act)
    session.start()
    try:
        source.say(
            (CALLER, "I have a new phone and I cannot log in.", 1.0),
            (CALLER, "I need you to reset the multi factor authentication on my account.", 1.0),
            (CALLER, "I am in a hurry. The chief executive is waiting.", 1.0),
            (CALLER, "I have a board meeting in ten minutes.", 1.0),
            (CALLER, "Please reset my password.", 1.0),
        )
        assert labelled.wait(WITHIN_S)
    finally:
        session.stop()
        assert session.wait(WITHIN_S)
    events = stored(tmp_path, session.case_id)
    assert told == events, "what was shown is what is stored"
    taken = next(event for event in events if isinstance(event, StepTaken))
    place = events.index(taken)
    noted = events[place + 1]
    assert isinstance(noted, FindingMade), "the refusal is evidence at once"
    assert (noted.finding.tactic, noted.finding.title) == ("P7", engines.tactics.tactics["P7"].title)
    assert noted.finding.quote == "refused a call-back on the number on file"
    assert (noted.finding.weight, noted.finding.start) == (
        engines.tactics.tactics["P7"].weight,
        taken.at,
    )
    before, after = _llrs(events[:place]), _llrs(events[place:])
    assert after[0] >= before[-1] + noted.finding.weight - 0.01
    assert min(after) == after[0], "what the person says of the call takes nothing away"
    assert [check.ok for check in verify(tmp_path / "cases.db")] == [True]

    shown = as_json(CaseState.of(session.case_id, events), source.name)
    jsonschema.validate(shown, SCHEMA)
    assert [(step["step"], step["ask"], step["outcome"]) for step in shown["steps"]] == [
        ("call_back", taken.ask, "refused")
    ]
    assert [label["label"] for label in shown["labels"]] == ["not_a_scam"]
    advised = {advice["subject"]: advice["ask"] for advice in shown["advised"]}
    assert advised["conversation"] in engines.playbook.asks
    report = earwitness("cases", "show", session.case_id, "--data-dir", tmp_path).out
    assert "A call-back on the number on file: refused by the caller." in report
    assert "Marked as not a scam" in report


@needs_flite
@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (SENTENCE, ChallengeVerdict.PASSED),
        (
            "Why do you want me to say that? I only want you to reset my password right now.",
            ChallengeVerdict.FAILED,
        ),
        ("", ChallengeVerdict.NOT_HEARD),
    ],
)
def test_a_caller_repeats_the_sentence_or_does_not(
    engines: Engines, writer: CaseWriter, tmp_path: Path, answer: str, verdict: ChallengeVerdict
):
    source, answers = Conversation(), [(CALLER, answer, 1.0)] if answer else []
    given, judged = threading.Event(), threading.Event()

    def listen(_: str, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, ChallengeGiven):
                given.set()
            elif isinstance(event, ChallengeJudged):
                judged.set()

    session = engines.session(source, writer, listen)
    session.start()
    try:
        session.give_challenge(ChallengeKind.SENTENCE)
        assert given.wait(WITHIN_S)
        source.say((AGENT, "Please repeat this sentence after me. " + SENTENCE, 1.2), *answers)
        assert judged.wait(WITHIN_S)
    finally:
        session.stop()
        assert session.wait(WITHIN_S)
    events = stored(tmp_path, session.case_id)
    (shown,) = (e for e in events if isinstance(e, ChallengeGiven))
    (result,) = (e for e in events if isinstance(e, ChallengeJudged))
    assert shown.expected == SENTENCE
    assert result.verdict is verdict, result
    if verdict is ChallengeVerdict.PASSED:
        assert result.delay_s == pytest.approx(1.2, abs=0.5)
        assert "manager" in result.quote
        assert result.start > shown.at
    else:
        assert result.at - shown.at >= engines.challenges.sentence.time_out_s * CALL_RATE


def test_a_caller_who_was_asked_and_says_nothing_is_waited_for_as_long_as_is_said(
    engines: Engines, writer: CaseWriter, tmp_path: Path
):
    """The question is said to have been asked; nobody speaks; the call's clock goes on."""
    (ask, *_) = engines.playbook.advice("voice", Situation.UNASKED_AI).steps
    waited, given_up = threading.Event(), threading.Event()

    def listen(_: str, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, DisclosureJudged) and event.verdict.awaits_until is not None:
                waited.set()
            elif isinstance(event, DisclosureJudged) and waited.is_set():
                given_up.set()

    session = engines.session(Conversation(), writer, listen)
    session.start()
    try:
        session.take_step(ask, Situation.UNASKED_AI, StepOutcome.DONE, "window")
        assert waited.wait(WITHIN_S)
        assert given_up.wait(WITHIN_S)
    finally:
        session.stop()
        assert session.wait(WITHIN_S)
    events = stored(tmp_path, session.case_id)
    (taken,) = (event for event in events if isinstance(event, StepTaken))
    first = next(e for e in events if isinstance(e, DisclosureJudged) and e.verdict.awaits_until)
    assert first.verdict.asked_at == taken.at
    assert first.verdict.awaits_until == taken.at + ANSWER_WITHIN_S * CALL_RATE
    state = CaseState.of(session.case_id, events[: events.index(first) + 1])
    told = question_text(state, is_running=True)
    assert told.endswith(f"listening for the answer, {ANSWER_WITHIN_S} s left")
    whole = CaseState.of(session.case_id, events)
    assert question_text(whole) == f"No answer was heard in {ANSWER_WITHIN_S} s."
    jsonschema.validate(as_json(whole, "a.wav"), SCHEMA)


def test_what_is_done_while_the_rest_is_judged_still_belongs_to_the_call(
    writer: CaseWriter, tmp_path: Path
):
    """The call has ended; the judges hang over its first words, and the agent reports it."""
    hangs, go_on = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        hangs.set()
        go_on.wait(WITHIN_S)

    session = session_of(ScriptedSource(chunks_of(CALLER, speech(6))), ScriptedPipeline(hang), writer)
    session.start()
    assert hangs.wait(WITHIN_S)
    until(lambda: any(isinstance(item, EndOfCall) for item in session._queue._items))
    session.label_call("not_a_scam", "window")
    go_on.set()
    assert session.wait(WITHIN_S)
    *_, label, end = stored(tmp_path, session.case_id)
    assert isinstance(label, CallLabelled)
    assert isinstance(end, CallEnded)


def _llrs(events: list[Event]) -> list[float]:
    return [event.verdict.llr for event in events if isinstance(event, ConversationJudged)]
