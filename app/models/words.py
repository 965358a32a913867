"""What happened to a model, in the sentences that the terminal and the window share. No Qt in here."""

from collections.abc import Sequence

from app.models.speed import LIMIT, Speed, best
from app.models.store import Choice, Installed, ModelRow, ModelState
from app.words import printable
from detection.clock import clock
from detection.models.catalogue import Carrier, Job
from detection.models.record import InstallRecord
from detection.models.shelf import megabytes
from detection.models.watch import Progress, Stage

JOB_NAME = {
    Job.TRANSCRIPT: "Transcript",
    Job.STRONG_VOICE: "Strong voice check",
    Job.SPEAKER: "Voice comparison",
    Job.TEXT: "Meaning of what is said",
}
"""What a model is for."""


def state_text(row: ModelRow) -> str:
    """How far a model is from being used."""
    if row.state is ModelState.PARTIAL:
        return f"{megabytes(row.arrived)} downloaded"
    if row.state is ModelState.ABSENT and row.entry and not row.is_installable:
        return "make a pack of it" if row.entry.made_with else "not used yet"
    return row.state


def about_text(row: ModelRow) -> str:
    """What the model does, or where it was imported from."""
    if row.entry:
        only_you = "; only you may bring it here" if row.entry.carrier is Carrier.PERSON else ""
        return f"{row.entry.does}{only_you}"
    return f"imported from {printable(row.record.origin)}" if row.record else ""


def progress_text(progress: Progress, rate: float | None) -> str:
    """What is going on, how far it is and, at `rate` bytes per second, how long it will take."""
    told = str(progress.stage)
    if progress.stage is Stage.MEASURING:
        return f"{told}, {progress.done + 1} of {progress.total}"
    if progress.total:
        told += f", {megabytes(progress.done)} of {megabytes(progress.total)}"
    if progress.note:
        return f"{told}. {printable(progress.note)}"
    if rate and progress.stage is Stage.DOWNLOADING:
        left = (progress.total - progress.done) / rate
        told += f", {megabytes(round(rate))}/s, {clock(left)} left"
    return told


def installed_text(installed: Installed) -> str:
    """What came of an installation or an import."""
    record = installed.record
    state = "is here already and whole" if installed.was_here else "is installed and checked"
    used = " It is used from the next call on." if installed.choice else ""
    return f"{record.id} {state}: {len(record.files)} files, {megabytes(record.size)}.{used}"


def whole_text(record: InstallRecord) -> str:
    """What a check found that found nothing wrong."""
    return f"{record.id} is whole: {len(record.files)} files, {megabytes(record.size)}."


def used_text(model_id: str) -> str:
    """What choosing a model does."""
    return f"{printable(model_id)} is used from the next call on."


def removed_text(model_id: str, choice: Choice | None) -> str:
    """What removing a model did, and what does its work now."""
    built_in = "; what is built in is used from the next call on" if choice else ""
    return f"{printable(model_id)} is removed{built_in}."


def override_text(choice: Choice | None) -> str:
    """Why a choice has no effect; empty where it has."""
    if choice is None or choice.overridden_by is None:
        return ""
    return (
        f"{choice.overridden_by} is set in the environment and wins over this choice; "
        "unset it to use the model."
    )


def speed_advice(speeds: Sequence[Speed]) -> str:
    """Which of the measured models to use."""
    if not speeds:
        return (
            "No Whisper model is installed, and what one costs here can only be measured with the model "
            "itself; install faster-whisper-tiny.en, the smallest, and measure again."
        )
    chosen = best(speeds)
    if chosen is None:
        return (
            f"None of them stays within {LIMIT} core-seconds per second of speech, so here it would "
            "fall behind when two people talk; use a smaller one, or what is built in."
        )
    return (
        f"{chosen.model_id} is the largest that keeps up with two people talking: it takes "
        f"{chosen.cores:.2f} core-seconds per second of speech, and at most {LIMIT} would do."
    )
