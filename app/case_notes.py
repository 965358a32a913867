"""What there is to know of a live call beside its verdicts: its basis, its recording, its sound."""

from app.call.consent import consent_text
from app.case_state import CaseState
from app.trouble_words import trouble_word
from app.words import CHANNEL_NAME
from detection.clock import clock_at
from detection.events import RecordingEnded, SoundTroubled

Notes = list[tuple[str, tuple[str, ...]]]
"""Headings, each with its sentences."""


def notes_of(state: CaseState) -> Notes:
    """All notes of a call; none of one that came from a recording. Not yet `printable`."""
    if state.consent is None:
        return []
    notes = [("Consent", consent_text(state.consent))]
    if state.recording:
        notes.append(("Recording", recording_text(state.recording)))
    if state.troubles:
        notes.append(("Trouble with the sound", tuple(map(_span_text, state.troubles))))
    if state.echoes:
        spans = (f"{clock_at(echo.start)} to {clock_at(echo.end)}" for echo in state.echoes)
        heard = "The microphone heard the caller again, which was left out at "
        notes.append(("Echo", (f"{heard}{', '.join(spans)}.",)))
    return notes


def summary_of(state: CaseState) -> str:
    """The basis of a live call, the most important first; empty for a recording."""
    if state.consent is None:
        return ""
    *basis, sound = consent_text(state.consent)
    return " ".join((sound, *basis))


def recording_text(recording: RecordingEnded) -> tuple[str, ...]:
    """The files of evidence audio, and why there is no more of it."""
    files = tuple(
        f"{CHANNEL_NAME[kept.channel]}: {kept.file}, {clock_at(kept.samples)} long, "
        + (f"SHA-256 {kept.sha256}" if kept.sha256 else "which can no longer be read")
        for kept in recording.files
    )
    return (*files, recording.problem) if recording.problem else files


def _span_text(trouble: SoundTroubled) -> str:
    until = f"to {clock_at(trouble.end)}" if trouble.end is not None else "to the end"
    who = CHANNEL_NAME[trouble.channel]
    return f"{clock_at(trouble.start)} {until}   {who}: {trouble_word(trouble)}"
