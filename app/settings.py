"""What a person or a site can choose, with a default for everything."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

import resources
from app.errors import SettingsError

_PREFIX = "EARWITNESS_"


class Settings(BaseSettings):
    """Read from the environment as `EARWITNESS_<NAME>`; the command line overrides it.

    A variable that is set but empty counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data_dir: Path | None = None
    """Folder of the case log and the logs; None is the system's place for application data."""
    whisper_model: Path | None = None
    """Folder of a CTranslate2 Whisper model; None uses the built-in recognizer."""
    voice_pack: Path = resources.ROOT / "models" / "earwitness-cm-small"
    """Folder of the model pack that judges the voice."""
    strong_voice_pack: Path | None = None
    """Folder of a large model pack that gives a second opinion on the voice; None asks for none."""
    speaker_pack: Path | None = None
    """Folder of the model pack that compares voices; None uses the built-in one where there is one."""
    tactics_pack: Path = resources.ROOT / "tactics" / "en.yaml"
    policy: Path = resources.ROOT / "policies" / "company.yaml"
    statements: Path = resources.ROOT / "disclosure" / "en.yaml"
    playbook: Path = resources.ROOT / "playbooks" / "en.yaml"
    threads: int = Field(default=2, ge=1, le=64)
    """Cores one model may use at a time."""


def settings_with(**chosen: object) -> Settings:
    """The settings with those of `chosen` that are not None put over them. Raises `SettingsError`."""
    try:
        settings = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        variable = f"{_PREFIX}{str(fault['loc'][0]).upper()}"
        raise SettingsError(
            f"The environment variable {variable} is {fault['input']!r}, which cannot be used "
            f"({fault['msg']}); change or unset it."
        ) from error
    return settings.model_copy(update={k: v for k, v in chosen.items() if v is not None})
