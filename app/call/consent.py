"""On what basis a live call may be kept: asked each time, or the site's standing one."""

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import StringConstraints

from app.errors import EarwitnessError
from app.words import local_time
from detection.events import Acknowledgement, ConsentRecorded, Through
from detection.text.packs import Pack, load_pack

ConsentMode: TypeAlias = Literal["ask", "standing"]
"""The setting `consent`: a notice is acknowledged in each call, or the site has a basis for all."""

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class ConsentError(EarwitnessError):
    """There is no basis to keep this call, or what was to be one cannot be used."""


class ConsentNotice(Pack):
    """What a site has callers told, and what its people confirm before a call is kept."""

    notice: _Text
    recording: _Text
    """Told as well where the sound is kept."""
    confirmation: _Text

    def told(self, keeps_audio: bool) -> str:
        """All that the caller is told."""
        return f"{self.notice} {self.recording}" if keeps_audio else self.notice


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What a site has chosen for its calls. `standing_basis` is empty where each caller is asked."""

    notice: ConsentNotice
    standing_basis: str
    keeps_audio: bool

    @classmethod
    def of(cls, mode: str, basis: str, notice: Path, *, keeps_audio: bool) -> Self:
        """The rules by the settings `consent`, `consent_basis`, `consent_notice` and `recording`.

        Raises `ConsentError`, and `DetectionError` naming the file, the line and what is wrong in it.
        """
        if mode not in get_args(ConsentMode):
            raise ConsentError(f"consent is {mode!r}, which is not known: choose ask or standing.")
        basis = " ".join(basis.split())
        if mode == "standing" and not basis:
            raise ConsentError(
                "consent is standing, but consent_basis does not say what that basis is: name the "
                "clause or policy there, or set consent to ask."
            )
        return cls(load_pack(notice, ConsentNotice), basis if mode == "standing" else "", keeps_audio)

    @property
    def asks(self) -> bool:
        """Whether someone has to acknowledge the notice in each call."""
        return not self.standing_basis

    @property
    def told(self) -> str:
        """What the caller is to be told."""
        return self.notice.told(self.keeps_audio)

    def acknowledged(self, through: Through, by: str = "") -> Acknowledgement:
        """What to record when `by` confirms the notice now; nobody named is whoever is logged in.

        Raises `ConsentError` where that cannot be told.
        """
        return Acknowledgement(
            self.notice.id,
            self.notice.revision,
            self.told,
            self.notice.confirmation,
            " ".join(by.split()) or _logged_in(),
            through,
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        )

    def record(self, acknowledgement: Acknowledgement | None = None) -> ConsentRecorded:
        """What has to be stored before anything of a call is.

        An acknowledgement counts only for the words that these rules have people told. Raises
        `ConsentError` where there is no basis.
        """
        if acknowledgement is None and self.asks:
            raise ConsentError(
                "Nothing of this call is kept, because nobody has confirmed that the caller was told: "
                "tell them the notice and give --consent-given, or set a standing basis (consent and "
                "consent_basis in the settings)."
            )
        if acknowledgement and (acknowledgement.notice, acknowledgement.confirmation) != (
            self.told,
            self.notice.confirmation,
        ):
            raise ConsentError(
                "What was acknowledged is not the notice that is in force now: tell the caller the new "
                "one and confirm it again."
            )
        return ConsentRecorded(self.standing_basis, acknowledgement, self.keeps_audio)


def consent_text(consent: ConsentRecorded) -> tuple[str, ...]:
    """The basis in sentences, as a report shows it."""
    sentences = []
    if consent.standing_basis:
        sentences.append(f'Standing basis of this site: "{consent.standing_basis}".')
    if given := consent.acknowledgement:
        when = f"{given.through}, {local_time(given.at_time)}"
        version = f"{given.notice_id}, revision {given.notice_revision}"
        sentences += [
            f'{given.by} confirmed ({when}): "{given.confirmation}"',
            f'The notice ({version}): "{given.notice}"',
        ]
    kept = "is kept" if consent.keeps_audio else "is not kept, only what was written down"
    return (*sentences, f"The sound of this call {kept}.")


def _logged_in() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise ConsentError(
            "This system does not tell who is logged in: say who confirms the notice (on the command "
            "line with --consent-by)."
        ) from error
