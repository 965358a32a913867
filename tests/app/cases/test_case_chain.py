import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.cases import chain
from app.errors import CaseLogError
from audio.types import Channel
from detection.events import CallEnded, UtteranceHeard, VoiceJudged
from detection.types import Utterance, VoiceLevel, VoiceVerdict

VOICE = VoiceVerdict(VoiceLevel.REAL)


def judged(**changes):
    return VoiceJudged(dataclasses.replace(VOICE, **changes), 3)


@given(
    text=st.text(st.characters(exclude_categories=())),
    llr=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    at=st.integers(0, 2**53 - 1),
)
def test_what_is_encoded_reads_back_and_stays_canonical(text, llr, at):
    utterance = UtteranceHeard(Utterance(Channel.AGENT, 0, at, text, 0.123456789), at)
    for event in (utterance, judged(llr=llr, reasons=(text, text))):
        payload = chain.encode(event)
        back = chain.decode(payload)
        assert chain.encode(back) == payload
        assert len(chain.event_hash("c", 0, "t", payload, "0" * 64)) == 64
        if isinstance(back, VoiceJudged):
            assert back.verdict.llr == (None if llr is None else round(llr, 6))


def test_a_verdict_stored_before_the_watch_level_was_known_still_reads():
    old = (
        '{"at":56000,"kind":"voice","verdict":{"level":"unsure","llr":0.5,"model_id":"cm",'
        '"model_revision":"1","reasons":["So."],"score":0.622459,"speech_s":3.5,'
        '"threshold_real":-1.56,"threshold_synthetic":1.9}}'
    )
    back = chain.decode(old)
    assert isinstance(back, VoiceJudged)
    assert (back.verdict.threshold_watch, back.verdict.threshold_synthetic) == (None, 1.9)
    assert chain.event_hash("c", 0, "t", old, "0" * 64), "its hash is over what was stored"


@pytest.mark.parametrize(
    "event",
    [
        judged(llr=math.nan),
        judged(llr=-math.inf),
        judged(llr=np.float32(1)),
        judged(llr="high"),
        CallEnded("finished", 2**60),
        dataclasses.replace(CallEnded("finished", 3), at=np.int64(3)),
        "no event",
    ],
    ids=repr,
)
def test_what_json_cannot_hold_is_refused(event):
    with pytest.raises(CaseLogError, match="cannot be stored"):
        chain.encode(event)


@pytest.mark.parametrize(
    "payload",
    [
        '{"at": 3}',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":9007199254740993}',
        '{"a":"\udcff"}',
        '{"a":"\\u0041"}',
        "[" * 100_000,
        "",
    ],
    ids=lambda payload: ascii(payload[:30]),
)
def test_only_canonical_json_has_a_hash(payload):
    with pytest.raises(ValueError):  # noqa: PT011  any of json's, rfc8785's or ours
        chain.event_hash("c", 0, "t", payload, "0" * 64)


def test_hash_is_what_the_documentation_says():
    payload = chain.encode(CallEnded("stopped", 3))
    told = (
        '{"case_id":"c","event":{"at":3,"detail":"","kind":"call_ended","reason":"stopped"},'
        f'"prev_hash":"{"0" * 64}","recorded_at":"t","seq":7}}'
    )
    assert chain.event_hash("c", 7, "t", payload, "0" * 64) == hashlib.sha256(told.encode()).hexdigest()
    header = {"case_id": "c", "source": "é", "started_at": "t"}
    assert chain.header_hash("c", "é", "t") == hashlib.sha256(rfc8785.dumps(header)).hexdigest()
    assert json.loads(payload)["kind"] == "call_ended"
