"""What a person or a site can choose, with a default for everything."""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

import resources
from app.call.consent import ConsentMode
from app.errors import SettingsError
from app.paths import settings_file
from detection.desk_hours import DeskHours

_PREFIX = "EARWITNESS_"


class Settings(BaseSettings):
    """Read from the environment as `EARWITNESS_<NAME>`, else from the settings file as `name`.

    The command line overrides both. A variable that is set but empty counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data_dir: Path | None = None
    """Folder of the case log and the logs; None is the system's place for application data."""
    models_dir: Path | None = None
    """Folder of installed models; None is the system's place for application data."""
    hub: str = "https://huggingface.co"
    """Where models are downloaded from: the Hugging Face hub or a mirror of it."""
    whisper_model: Path | None = None
    """Folder of a CTranslate2 Whisper model; None uses the built-in recognizer."""
    language: str = Field(default="en", pattern="^([a-z]{2,3}|auto)$")
    """What is spoken, as a code such as "en"; "auto" has Whisper find out, once for each side."""
    domain_words: Annotated[tuple[str, ...], NoDecode] = ()
    """Words to expect, such as names of products; with commas in the environment. "Kerberos=curb er us"
    says how one sounds, for the built-in recognizer."""
    phantoms: Path = resources.ROOT / "transcript" / "phantoms.yaml"
    """Phrases that Whisper is known to invent."""
    voice_pack: Path = resources.ROOT / "models" / "earwitness-cm-small"
    """Folder of the model pack that judges the voice."""
    strong_voice_pack: Path | None = None
    """Folder of a large model pack that gives a second opinion on the voice; None asks for none."""
    speaker_pack: Path | None = None
    """Folder of the model pack that compares voices; None uses the built-in one where there is one."""
    talk_pack: Path | None = None
    """Folder of the model pack that reads the talk; None uses the built-in one for its language."""
    tactics_pack: Path = Field(default_factory=lambda given: _tactics_for(given["language"]))
    """A tactics pack, or a site's over a shipped one; the default is the one for `language`."""
    policies: Annotated[tuple[Path, ...], NoDecode] = (resources.ROOT / "policies" / "company.yaml",)
    """The disclosure rules that apply: files, or ids of shipped ones; with commas in the environment."""
    statements: Path = resources.ROOT / "disclosure" / "en.yaml"
    """How a speaker says, asks about, denies or evades being an AI."""
    signs: Path = resources.ROOT / "disclosure" / "signs.yaml"
    """What the signs of an AI agent besides its voice weigh."""
    playbook: Path = resources.ROOT / "playbooks" / "en.yaml"
    """What an agent is to do about an alert."""
    challenges: Path = resources.ROOT / "challenges" / "en.yaml"
    """Random words for a caller to say, and when they count as said."""
    microphone: str | None = None
    """The agent's microphone, as `earwitness devices` names it; None follows the system's default."""
    far_side: str | None = None
    """Where the caller is heard: an output or a program; None follows the system's default output."""
    consent: ConsentMode = "ask"
    """On what basis live calls are kept: a notice acknowledged in each, or the site's own for all."""
    consent_basis: str = ""
    """With "standing": what that basis is, in the site's own words."""
    consent_notice: Path = resources.ROOT / "consent" / "en.yaml"
    """What callers are told and what is confirmed."""
    recording: bool = False
    """Whether the sound of live calls is kept as evidence, as FLAC files beside the case log."""
    desk_hours: Annotated[DeskHours | None, NoDecode] = None
    """When the help desk is staffed, by this machine's clock, such as "mon-fri 08:00-18:00"; a live call
    at another time counts as a sign. None checks nothing."""
    threads: int = Field(default=2, ge=1, le=64)
    """Cores one model may use at a time."""

    @field_validator("domain_words", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        words = given.split(",") if isinstance(given, str) else given
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise ValueError("it must be a list of words")
        return tuple(" ".join(word.split()) for word in words if word.strip())

    @field_validator("policies", mode="before")
    @classmethod
    def _rules(cls, given: object) -> object:
        names = given.split(",") if isinstance(given, str) else given
        if not isinstance(names, list | tuple) or not names:
            raise ValueError("it must be a list of at least one rule")
        if not all(isinstance(name, str | Path) and str(name).strip() for name in names):
            raise ValueError("it must be a list of files or ids of rules")
        return tuple(_rule_file(str(name).strip()) for name in names)

    @field_validator("desk_hours", mode="before")
    @classmethod
    def _times(cls, given: object) -> object:
        if isinstance(given, str):
            return DeskHours.of(given) if given.strip() else None
        if given is not None and not isinstance(given, DeskHours):
            raise ValueError("it must be days and times in quotation marks")
        return given

    @field_validator("hub")
    @classmethod
    def _is_address(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query:
            raise ValueError("it must be an address such as https://huggingface.co")
        if parts.username is not None:
            raise ValueError("it must hold no name or password; put them into ~/.netrc")
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise ValueError("it must be an https address")
        return given.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SettingsFile(settings_cls, settings_file())


class _SettingsFile(TomlConfigSettingsSource):
    """The settings file, in which an unknown name is a mistake of the person who wrote it."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's signature
        try:
            found = super()._read_file(file_path)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The settings file {file_path} is not valid TOML ({error}); correct it there."
            ) from error
        except OSError as error:
            raise SettingsError(
                f"The settings file {file_path} cannot be read ({error.strerror}); "
                "check its permissions."
            ) from error
        unknown = next((name for name in found if name not in Settings.model_fields), None)
        if unknown is not None:
            raise SettingsError(
                f"The settings file {file_path} has a setting {unknown!r} that there is not; remove or "
                "correct it."
            )
        return found


def settings_with(**chosen: object) -> Settings:
    """The settings with those of `chosen` that are not None put over them. Raises `SettingsError`."""
    try:
        settings = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        problem = fault["msg"].removeprefix("Value error, ")
        where = variable_of(name)
        place = f"The environment variable {where}" if where else f"{name} in {settings_file()}"
        value = _without_password(str(fault["input"])) if name == "hub" else fault["input"]
        raise SettingsError(
            f"{place} is {value!r}, which cannot be used ({problem}); change or unset it."
        ) from error
    return settings.model_copy(update={k: v for k, v in chosen.items() if v is not None})


def variable_of(name: str) -> str | None:
    """The environment variable that gives the setting `name` now, None where none does."""
    variable = f"{_PREFIX}{name.upper()}"
    return variable if os.environ.get(variable) else None


def _tactics_for(language: str) -> Path:
    """The shipped pack for `language`; the English one where there is none."""
    path = resources.ROOT / "tactics" / f"{language}.yaml"
    return path if path.is_file() else path.with_name("en.yaml")


def _rule_file(name: str) -> Path:
    """The file that `name` means: itself, or the shipped rule of that id."""
    shipped = resources.ROOT / "policies" / f"{name.replace('-', '_')}.yaml"
    return shipped if shipped.is_file() and not Path(name).exists() else Path(name)


def _without_password(address: str) -> str:
    return re.sub("//[^/]*@", "//...@", address)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
