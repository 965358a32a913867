"""Is the claimed person speaking? The speaker verdict and the voice verdict together.

A good clone matches the voice that it copies, so a match alone proves nothing: verification has to
be spoofing-aware.
"""

import math

from detection.types import (
    IdentityLevel,
    IdentityVerdict,
    SpeakerLevel,
    SpeakerVerdict,
    VoiceLevel,
    VoiceVerdict,
)

SPOOF_SHARE = 0.5
"""Of those who are not the claimed person, how many are taken to use a copy of the voice."""


def identity_llr(same: float, synthetic: float, spoof_share: float = SPOOF_SHARE) -> float:
    """Natural-log likelihood ratio of the person's own speech against anything else.

    `same` is the LLR same : different speaker, `synthetic` the LLR synthetic : real, `spoof_share`
    (0-1) the prior share of copies among what is not the person. Bayes' rule with two ways of not
    being the person gives -log((1 - share) exp(-same) + share exp(synthetic)): the non-linear fusion
    of calibrated ratios that Wang et al. 2024 ("Revisiting and Improving Scoring Fusion for
    Spoofing-aware Speaker Verification Using Compositional Data Analysis") find better than their
    sum. It takes a copy to be as like the person as the person is.
    """
    terms = [
        math.log(share) + power
        for share, power in ((1 - spoof_share, -same), (spoof_share, synthetic))
        if share > 0
    ]
    top = max(terms)
    return -(top + math.log(sum(math.exp(term - top) for term in terms)))


def identity(voice: VoiceVerdict, speaker: SpeakerVerdict) -> IdentityVerdict:
    """The verdict on identity that follows from the two.

    The levels follow each judge's own thresholds, so that they never contradict what is shown of
    either: a match needs a voice judged real, and a matching voice judged synthetic is a likely
    clone. Where the voice could not be judged, nothing is passed. Nobody claimed, nothing checked.
    """
    if speaker.level is SpeakerLevel.NOT_CHECKED:
        return IdentityVerdict(IdentityLevel.NOT_CHECKED)
    level = _level(voice.level, speaker.level)
    llr = None
    if speaker.llr is not None and voice.llr is not None:
        llr = identity_llr(speaker.llr, voice.llr)
    return IdentityVerdict(
        level=level,
        claimed=speaker.claimed,
        llr=llr,
        speech_s=speaker.speech_s,
        speaker=f"{speaker.model_id} {speaker.model_revision}".strip(),
        voice=f"{voice.model_id} {voice.model_revision}".strip(),
        reasons=_reasons(level, voice, speaker),
    )


def _level(voice: VoiceLevel, speaker: SpeakerLevel) -> IdentityLevel:
    if speaker is not SpeakerLevel.MATCHES:
        return IdentityLevel(speaker.value)
    if voice is VoiceLevel.LIKELY_SYNTHETIC:
        return IdentityLevel.LIKELY_CLONE
    return IdentityLevel.MATCHES if voice is VoiceLevel.REAL else IdentityLevel.UNSURE


def _reasons(level: IdentityLevel, voice: VoiceVerdict, speaker: SpeakerVerdict) -> tuple[str, ...]:
    name, rest = speaker.claimed, speaker.reasons[1:]
    sounds = f"The voice sounds like the one enrolled for {name}"
    if level is IdentityLevel.LIKELY_CLONE:
        sentence = f"{sounds} and looks synthetic: a copy of that voice sounds like this."
        return (sentence, *rest, *voice.reasons[:1])
    if level is IdentityLevel.MATCHES:
        sentence = (
            f"This does not prove that {name} is calling: the voice sounds like the one enrolled, and "
            f"human, after {speaker.speech_s:.1f} s."
        )
        return (sentence, *rest)
    if speaker.level is SpeakerLevel.MATCHES:
        sentence = f"{sounds}, as a copy of it would, and whether it is synthetic is not settled."
        return (sentence, *rest)
    return speaker.reasons
