"""What the tests of installing share: a model, impatience, and what must be true afterwards."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from detection.errors import DetectionError
from detection.models.catalogue import PublicModel
from detection.models.record import InstallRecord
from detection.models.shelf import ModelShelf
from detection.models.transfer import Patience
from detection.models.watch import Watch
from tests.hub import (
    Hub,
)

QUICK = Patience(connect_s=5.0, silence_s=5.0, attempts=3, first_pause_s=0.01)
STALLED = Patience(connect_s=5.0, silence_s=0.5, attempts=3, first_pause_s=0.01)
ID = "faster-whisper-base.en"


def model(names: Iterable[str], /, **changes: Any) -> PublicModel:
    entry: dict[str, Any] = {
        "id": ID,
        "title": "The Whisper transcript",
        "job": "transcript",
        "hub": "Systran/faster-whisper-base.en",
        "commit": None,
        "files": [{"name": name, "sha256": None} for name in names],
        "licence": "MIT",
        "carrier": "installer",
        "parameters_m": 74,
        "download_mb": 145,
        "installed_mb": 145,
        "does": "writes down what is said",
        "input": "80 log-mel bands, 30 s",
        "output": "text",
        "setting": "whisper_model",
    }
    return PublicModel.model_validate(entry | changes)


Install = Callable[..., InstallRecord]


def refusal(put: Install, **arguments: Any) -> str:
    with pytest.raises(DetectionError) as caught:
        put(**arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def assert_whole(hub: Hub, shelf: ModelShelf) -> None:
    folder = shelf.folder(ID)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == hub.files
    assert shelf.verify(ID, Watch()).id == ID
    assert not shelf.partial(ID).exists()


def assert_nothing_installed(shelf: ModelShelf) -> None:
    assert not shelf.folder(ID).exists()
    assert shelf.installed() == []
