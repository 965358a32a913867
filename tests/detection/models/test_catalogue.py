from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import resources
from app.settings import Settings
from detection.errors import DetectionError
from detection.models.catalogue import Carrier, Job, load_catalogue, recommendation

CATALOGUE = resources.ROOT / "models" / "catalogue.yaml"
REPO = Path(__file__).parents[3]

Change = Callable[[dict[str, Any]], object]


def test_the_shipped_catalogue_is_sound() -> None:
    catalogue = load_catalogue(CATALOGUE)
    assert {model.job for model in catalogue.models} == set(Job)
    for model in catalogue.models:
        assert model.setting in {"", *Settings.model_fields}
        assert not model.made_with or (REPO / model.made_with).is_file()


def test_what_may_not_be_used_commercially_is_never_carried_or_recommended() -> None:
    for model in load_catalogue(CATALOGUE).models:
        if "NC" in model.licence:
            assert model.carrier is Carrier.PERSON
            assert not model.recommended


def test_a_recommendation_says_size_and_licence_and_that_it_is_no_must() -> None:
    strong = next(m for m in load_catalogue(CATALOGUE).recommended if m.job is Job.STRONG_VOICE)
    said = recommendation(strong)
    for told in ("not installed", strong.hub, "Apache-2.0", "1,277 MB", "371 MB", "works without it"):
        assert told in said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data["models"][0].update(commit="main"), r"models\.0\.commit"),
        (
            lambda data: data["models"][0]["files"][0].update(sha256="abc"),
            r"models\.0\.files\.0\.sha256",
        ),
        (lambda data: data["models"][0].update(licence=""), r"models\.0\.licence"),
        (lambda data: data["models"][0].update(carrier="anyone"), r"models\.0\.carrier"),
        (lambda data: data["models"][0].update(speed="fast"), "no field of that name"),
        (lambda data: data["models"][1].update(id=data["models"][0]["id"]), "is listed twice"),
        (lambda data: data["models"][0].update(recommended=True), "two models for transcript"),
        (lambda data: data["models"][1].update(setting=""), "no setting takes what is recommended"),
        (lambda data: data.update(models=[]), "models"),
    ],
)
def test_a_bad_entry_is_named_with_its_place(tmp_path: Path, change: Change, told: str) -> None:
    data = yaml.safe_load(CATALOGUE.read_text())
    change(data)
    path = tmp_path / "catalogue.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(DetectionError, match=f"line [0-9]+.*{told}"):
        load_catalogue(path)
