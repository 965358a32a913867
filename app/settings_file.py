"""Writing a person's settings, so that what they wrote themselves stays as it is."""

from pathlib import Path

from app.errors import SettingsError
from app.whole_file import replace_file


def save_settings(path: Path, **changes: str | None) -> None:
    """Put `changes` into the settings file, which need not exist; None takes a setting out.

    Comments and all other settings stay; a link stays one. A crash leaves the old file or the new one.
    Raises `SettingsError`.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        for name, value in changes.items():
            if value is None:
                document.pop(name, None)
            else:
                document[name] = value
        path.resolve().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, tomlkit.dumps(document))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} is not valid TOML ({error}); correct it there."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be written ({error.strerror}); check its permissions, "
            "or name another with EARWITNESS_SETTINGS_FILE."
        ) from error
