"""Data files that people write: YAML checked against a schema, errors with file and line."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from detection.errors import DetectionError
from detection.text.phrases import PhraseError, Vocabulary

Location: TypeAlias = tuple[int | str, ...]
"""Keys and indexes that lead to a place in a data file."""


class Part(BaseModel):
    """A part of a data file: nothing unknown in it, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pack(Part):
    """A data file with a name and a revision."""

    id: str
    revision: str

    def problems(self) -> Iterator[tuple[Location, str]]:
        """What is wrong across fields, and where."""
        return iter(())


_Pack = TypeVar("_Pack", bound=Pack)


def phrase_problems(
    vocabulary: Mapping[str, Sequence[str]],
    lists: Mapping[Location, Sequence[str]],
    ignored: Collection[str] = (),
) -> Iterator[tuple[Location, str]]:
    """Unusable phrases in the vocabulary and in `lists` (by where each list is)."""
    phrases = Vocabulary(vocabulary)
    entries = {("vocabulary", name): words for name, words in vocabulary.items()}
    for location, listed in {**entries, **lists}.items():
        for index, phrase in enumerate(listed):
            try:
                phrases.check(phrase, ignored)
            except PhraseError as error:
                yield (*location, index), str(error)


class Document:
    """A YAML file as it was read, for errors that name its lines."""

    def __init__(self, path: Path) -> None:
        """Raises `DetectionError` naming the file, and the line where there is one."""
        text = _read(path)
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._data: object = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or " ".join(str(error).split())
            raise DetectionError(f"{path}{where}: not valid YAML, {problem}; mend it there.") from error
        if root is None:
            raise DetectionError(f"{path} is empty: it needs the fields described in docs/.")
        _refuse_duplicates(root, path)
        self._path, self._root = path, root

    def has(self, field: str) -> bool:
        """True where the file has `field` at its top."""
        return isinstance(self._data, dict) and field in self._data

    def as_pack(self, kind: type[_Pack]) -> _Pack:
        """The file as a pack of `kind`. Raises `DetectionError` with line, field and what is wrong."""
        try:
            pack = kind.model_validate(self._data)
        except ValidationError as error:
            first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
            unknown = first["type"] == "extra_forbidden"
            problem = "there is no field of that name" if unknown else first["msg"]
            raise self.error(first["loc"], problem) from error
        self.refuse(pack.problems())
        return pack

    def refuse(self, problems: Iterable[tuple[Location, str]]) -> None:
        """Raise `DetectionError` for the first of `problems`."""
        for location, problem in problems:
            raise self.error(location, problem)

    def error(self, location: Location, problem: str) -> DetectionError:
        """What is wrong at `location`, with file and line."""
        field = ".".join(str(part) for part in location) or "the file"
        line = _line_of(self._root, location)
        return DetectionError(f"{self._path}, line {line}: {field}: {problem}; mend it there.")


def load_pack(path: Path, kind: type[_Pack]) -> _Pack:
    """Read `path` as a pack of `kind`.

    Raises `DetectionError` naming the file, the line, the field and what is wrong.
    """
    return Document(path).as_pack(kind)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DetectionError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except UnicodeDecodeError as error:
        raise DetectionError(f"{path} is not UTF-8 text: save it as UTF-8.") from error


def _line_of(node: yaml.Node, loc: Location) -> int:
    """Line of the deepest part of `loc` that the file has, from 1."""
    line = node.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _refuse_duplicates(root: yaml.Node, path: Path) -> None:
    """YAML keeps the last of two equal keys in silence; a pack that says something twice is a typo."""
    pending, visited = [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                name = str(key.value)
                if name in keys:
                    line = key.start_mark.line + 1
                    raise DetectionError(f"{path}, line {line}: '{name}' is there twice; keep one.")
                keys.add(name)
                pending.append(value)
