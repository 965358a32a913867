"""The fakes of libraries that are not installed here have those libraries' names and parameters.

They are recorded in `library_signatures.json`, from the versions that are locked. `make wheels` checks
what is recorded against the source in the wheels, whose folder EARWITNESS_WHEELS names.
"""

import ast
import inspect
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import sounddevice

from tests.audio import fake_catap, fake_sounddevice, fake_wasapi

REPO = Path(__file__).parents[2]
RECORDED = json.loads((REPO / "tests" / "data" / "library_signatures.json").read_text())
PROPERTY = "@property"
FAKES = {
    "catap": {name: getattr(fake_catap, name) for name in ("RecordingSession", "AudioProcess")}
    | {name: getattr(fake_catap, name) for name in ("AudioBuffer", "AudioStreamFormat", "AudioDevice")}
    | {
        name: getattr(fake_catap, name)
        for name in ("list_audio_devices", "list_audio_processes", "find_process_by_pid")
    },
    "pyaudiowpatch": {"PyAudio": fake_wasapi.PyAudio, "Stream": fake_wasapi.Stream},
    "pycaw": {
        name: getattr(fake_wasapi, name)
        for name in (
            "AudioDevice",
            "AudioSession",
            "AudioSessionState",
            "AudioUtilities",
            "EDataFlow",
            "ERole",
        )
    },
}


def recorded() -> Iterator[tuple[str, str, list[str]]]:
    for library, about in RECORDED.items():
        for names in about["files"].values():
            for name, parameters in names.items():
                yield library, name, parameters


@pytest.mark.parametrize(("library", "name", "parameters"), list(recorded()))
def test_a_fake_has_the_parameters_of_its_library(library: str, name: str, parameters: list[str]):
    owner, _, member = name.partition(".")
    thing = FAKES[library][owner]
    if isinstance(thing, type) and issubclass(thing, Enum):
        assert thing[member].value == int(parameters[0])
    elif not member and is_dataclass(thing):
        assert [field.name for field in fields(thing)] == parameters
    elif parameters == [PROPERTY]:
        assert not callable(inspect.getattr_static(thing, member, None))
    elif member:
        assert _parameters_of(inspect.getattr_static(thing, member)) == parameters
    else:
        assert _parameters_of(thing) == parameters


def test_every_public_method_of_a_fake_is_recorded():
    for library, things in FAKES.items():
        names = {name for of, name, _ in recorded() if of == library}
        for owner, thing in things.items():
            public = [name for name, value in vars(thing).items() if _is_public_method(name, value)]
            assert names.issuperset(f"{owner}.{name}" for name in public)


def _is_public_method(name: str, value: object) -> bool:
    return not name.startswith("_") and isinstance(value, FunctionType | classmethod | staticmethod)


@pytest.mark.parametrize("library", RECORDED)
def test_what_is_recorded_is_of_the_version_that_is_locked(library: str):
    locked = (REPO / "packaging" / "requirements-run.txt").read_text()
    assert re.findall(rf"^{library}==(\S+)", locked, re.MULTILINE) == [RECORDED[library]["version"]]


@pytest.mark.parametrize("library", RECORDED)
def test_what_is_recorded_is_in_the_wheel(library: str):
    folder = os.environ.get("EARWITNESS_WHEELS")
    if not folder:
        pytest.skip("EARWITNESS_WHEELS names no folder with the wheels")
    about = RECORDED[library]
    wheels = [
        path
        for path in Path(folder).glob("*.whl")
        if path.name.startswith(f"{library}-{about['version']}-")
    ]
    if not wheels:
        pytest.skip(f"{folder} has no wheel of {library} {about['version']}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        for file, names in about["files"].items():
            inside = next(name for name in wheel.namelist() if name.endswith(file))
            tree = ast.parse(wheel.read(inside))
            for name, parameters in names.items():
                assert _in_source(tree, name) == parameters, f"{file}: {name}"


def test_the_fake_of_sounddevice_has_the_parameters_of_the_installed_one():
    real = inspect.signature(sounddevice.InputStream.__init__).parameters
    fake = inspect.signature(fake_sounddevice.InputStream.__init__).parameters
    assert [name for name in fake if name != "machine"] == list(real)
    for name in ("query_devices", "query_hostapis", "_initialize", "_terminate", "_exit_handler"):
        theirs = inspect.signature(getattr(sounddevice, name)).parameters
        ours = inspect.signature(getattr(fake_sounddevice.Sounddevice(), name)).parameters
        assert list(ours) == list(theirs), name
    for name in ("start", "close"):
        theirs = inspect.signature(getattr(sounddevice.InputStream, name)).parameters
        ours = inspect.signature(getattr(fake_sounddevice.InputStream, name)).parameters
        assert list(ours) == list(theirs), name
    assert issubclass(sounddevice.PortAudioError, Exception)


def _parameters_of(thing: Any) -> list[str]:
    if isinstance(thing, staticmethod | classmethod):
        thing = thing.__func__
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(thing).parameters.values()
    return [marks.get(parameter.kind, "") + parameter.name for parameter in parameters]


def _in_source(tree: ast.Module, name: str) -> list[str] | None:
    """Parameters of a function, fields of a dataclass or the value of an enumeration's member."""
    body: list[ast.stmt] = tree.body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((found for found in body if _name(found) == part), None)
        body = node.body if isinstance(node, ast.ClassDef) else []
    if isinstance(node, ast.FunctionDef):
        if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
            return [PROPERTY]
        given = node.args
        names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
        names += [f"*{given.vararg.arg}"] if given.vararg else []
        names += [argument.arg for argument in given.kwonlyargs if not argument.arg.startswith("_")]
        return names + ([f"**{given.kwarg.arg}"] if given.kwarg else [])
    if isinstance(node, ast.ClassDef):
        return [
            field.target.id
            for field in node.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        ]
    return [ast.unparse(node.value)] if isinstance(node, ast.Assign) else None


def _name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
