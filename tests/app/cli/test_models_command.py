import json

import pytest
from click.testing import CliRunner

from app.cli.commands import cli


def test_the_list_names_every_model_and_recommends_what_is_missing() -> None:
    result = CliRunner().invoke(cli, ["models", "list"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "lab260/Spectra-AASIST3" in result.output
    assert "only you may import it" in result.output
    assert "The strong voice check is not installed." in result.output


def test_what_is_set_is_shown_and_no_longer_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARWITNESS_STRONG_VOICE_PACK", "/packs/strong")
    result = CliRunner().invoke(cli, ["models", "list"], catch_exceptions=False)
    assert "/packs/strong" in result.output.replace("\\", "/")
    assert "The strong voice check is not installed." not in result.output
    assert "The public voice comparison is not installed." in result.output


def test_as_json_every_line_is_a_model() -> None:
    result = CliRunner().invoke(cli, ["models", "list", "--json"], catch_exceptions=False)
    models = [json.loads(line) for line in result.output.splitlines()]
    first = models[0]
    assert (first["hub"], first["licence"], first["set"]) == (
        "lab260/Spectra-AASIST3",
        "Apache-2.0",
        None,
    )
    assert first["commit"] is None, "nobody has pinned it yet"
