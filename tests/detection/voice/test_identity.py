"""Identity and voice in one verdict."""

import math

import pytest

from detection.types import (
    IdentityLevel,
    IdentityVerdict,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceLevel,
    VoiceVerdict,
)
from detection.voice.identity import identity, identity_llr


def verdict(speaker: SpeakerLevel, voice: VoiceLevel) -> IdentityVerdict:
    return identity(
        VoiceVerdict(voice, 1.0, model_id="cm", model_revision="1", reasons=("The voice reason.",)),
        SpeakerVerdict(
            speaker, "Ann", 3.0, 7.5, model_id="enc", model_revision="2", reasons=("First.", "Second.")
        ),
    )


@pytest.mark.parametrize(
    ("voice", "level"),
    [
        (VoiceLevel.REAL, IdentityLevel.MATCHES),
        (VoiceLevel.LIKELY_SYNTHETIC, IdentityLevel.LIKELY_CLONE),
        *(
            (voice, IdentityLevel.UNSURE)
            for voice in VoiceLevel
            if voice not in {VoiceLevel.REAL, VoiceLevel.LIKELY_SYNTHETIC}
        ),
    ],
)
def test_a_match_is_only_passed_on_where_the_voice_was_judged_real(voice, level):
    assert verdict(SpeakerLevel.MATCHES, voice).level is level


@pytest.mark.parametrize("voice", VoiceLevel)
def test_a_voice_that_does_not_match_stays_so_whatever_it_is_made_of(voice):
    assert verdict(SpeakerLevel.DOES_NOT_MATCH, voice).level is IdentityLevel.DOES_NOT_MATCH
    assert verdict(SpeakerLevel.UNSURE, voice).level is IdentityLevel.UNSURE
    assert verdict(SpeakerLevel.NOT_ENOUGH_SPEECH, voice).level is IdentityLevel.NOT_ENOUGH_SPEECH


def test_nobody_claimed_gives_one_and_the_same_empty_verdict():
    assert verdict(SpeakerLevel.NOT_CHECKED, VoiceLevel.REAL) == IdentityVerdict(
        IdentityLevel.NOT_CHECKED
    )


def test_a_verdict_names_both_models_and_its_reasons():
    clone = verdict(SpeakerLevel.MATCHES, VoiceLevel.LIKELY_SYNTHETIC)
    assert (clone.claimed, clone.speech_s, clone.speaker, clone.voice) == ("Ann", 7.5, "enc 2", "cm 1")
    assert "enrolled for Ann and looks synthetic" in clone.reasons[0]
    assert clone.reasons[1:] == ("Second.", "The voice reason.")
    real = verdict(SpeakerLevel.MATCHES, VoiceLevel.REAL)
    assert "does not prove that Ann is calling" in real.reasons[0]
    assert verdict(SpeakerLevel.DOES_NOT_MATCH, VoiceLevel.REAL).reasons == ("First.", "Second.")


def test_without_both_ratios_there_is_none_for_identity():
    speaker = SpeakerVerdict(SpeakerLevel.MATCHES, "Ann", 3.0)
    assert identity(VoiceVerdict(VoiceLevel.NOT_ENOUGH_SPEECH), speaker).llr is None


def test_the_ratio_is_bayes_rule_over_the_two_ways_of_not_being_the_person():
    same, synthetic, share = 2.0, -1.0, 0.3
    evidence_against = (1 - share) * math.exp(-same) + share * math.exp(synthetic)
    assert identity_llr(same, synthetic, share) == pytest.approx(-math.log(evidence_against))


def test_either_doubt_alone_is_enough_and_agreement_is_needed_for_belief():
    believed = identity_llr(5, -5)
    assert believed == pytest.approx(5)
    assert identity_llr(5, 5) < -4
    assert identity_llr(-5, -5) < -4
    assert identity_llr(9, -2) > identity_llr(5, -2) > identity_llr(5, -1)


@pytest.mark.parametrize("extreme", [1e4, -1e4])
def test_extreme_ratios_do_not_overflow(extreme):
    assert math.isfinite(identity_llr(extreme, extreme))
    assert identity_llr(3.0, extreme, spoof_share=0.0) == pytest.approx(3.0)
