"""A site's own words over a pack that is shipped: `extends: en`. Format: docs/tactics.md.

Only what the file gives counts (`model_fields_set`); the defaults below are never used.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

import resources
from detection.text.packs import Location, Pack, Part
from detection.vishing.pack import TacticsPack
from detection.vishing.parts import Act, Check, Reply, SpokenBy, Tactic, Thresholds, Weight, Words

SHIPPED = resources.ROOT / "tactics"
_Part = TypeVar("_Part", Tactic, Check, Act)


class TacticChange(Part):
    """What a site says otherwise of a tactic. Lists add to the shipped ones but where `replace` says."""

    title: str = ""
    sentence: str = ""
    weight: Weight = 0
    spoken_by: SpokenBy = SpokenBy.CALLER
    patterns: Words = Field(default=())
    unless: Words = Field(default=())
    replies: tuple[Reply, ...] = Field(default=())
    replace: tuple[Literal["patterns", "unless", "replies"], ...] = Field(default=())


class CheckChange(Part):
    """What a site says otherwise of a check, or a check of its own."""

    title: str = ""
    strength: Literal["strong", "weak"] = "weak"
    asked: Words = Field(default=())
    passed: Words = Field(default=())
    dodged: Words = Field(default=())
    refused: Words = Field(default=())
    unless: Words = Field(default=())
    replace: tuple[Literal["asked", "passed", "dodged", "refused", "unless"], ...] = Field(default=())


class ActChange(Part):
    """What a site says otherwise of an act, or an act of its own."""

    title: str = ""
    sentence: str = ""
    begun: Words = Field(default=())
    done: Words = Field(default=())
    replies: tuple[Reply, ...] = Field(default=())
    unless: Words = Field(default=())
    replace: tuple[Literal["begun", "done", "replies", "unless"], ...] = Field(default=())


class ThresholdChange(Part):
    """Thresholds of the site; what is left out stays as it is shipped."""

    watch: float = 0
    alert: float = 0
    min_caller_words: int = Field(default=0, ge=0)


_Change = TacticChange | CheckChange | ActChange


class SitePack(Pack):
    """What a site adds to a shipped pack or says otherwise."""

    extends: str
    """Name of the shipped pack, such as "en"."""
    thresholds: ThresholdChange = Field(default=ThresholdChange())
    vocabulary: dict[str, Words] = Field(default_factory=dict)
    """Adds to entries of that name; other names are new."""
    tactics: dict[str, TacticChange] = Field(default_factory=dict)
    checks: dict[str, CheckChange] = Field(default_factory=dict)
    acts: dict[str, ActChange] = Field(default_factory=dict)

    def problems(self) -> Iterator[tuple[Location, str]]:
        if not self.shipped.is_file():
            known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.yaml")))
            yield ("extends",), f"no pack {self.extends!r} is shipped; there are {known}"

    @property
    def shipped(self) -> Path:
        """The file that is extended."""
        return SHIPPED / f"{Path(self.extends).name}.yaml"

    def problems_over(self, base: TacticsPack) -> Iterator[tuple[Location, str]]:
        """What keeps this from being put over `base`, and where."""
        return chain(
            _incomplete("tactics", self.tactics, base.tactics, ("title", "sentence", "weight")),
            _incomplete("checks", self.checks, base.checks, ("title", "strength", "asked")),
            _incomplete("acts", self.acts, base.acts, ("title", "sentence", "done")),
        )

    def over(self, base: TacticsPack) -> TacticsPack:
        """`base` with this over it; the site's phrases come first, so that they keep their places."""
        vocabulary = {
            name: (*self.vocabulary.get(name, ()), *base.vocabulary.get(name, ()))
            for name in (*base.vocabulary, *self.vocabulary)
        }
        fields = {name: getattr(base, name) for name in type(base).model_fields}
        fields |= {
            "id": self.id,
            "revision": self.revision,
            "thresholds": _changed(base.thresholds, self.thresholds),
            "vocabulary": vocabulary,
            "tactics": _merged(base.tactics, self.tactics, Tactic),
            "checks": _merged(base.checks, self.checks, Check),
            "acts": _merged(base.acts, self.acts, Act),
        }
        return type(base)(**fields)

    def place_of(self, location: Location) -> Location:
        """Where in the site's file the cause of a problem at `location` of the whole pack is."""
        if location[:1] == ("tactics",) and location[1] not in self.tactics:
            return ("thresholds",)
        return location


def _incomplete(
    section: str, changes: Mapping[str, _Change], base: Mapping[str, Part], needed: tuple[str, ...]
) -> Iterator[tuple[Location, str]]:
    for name, change in changes.items():
        missing = [field for field in needed if field not in change.model_fields_set]
        if name not in base and missing:
            yield (section, name), f"it is not in the pack that is extended, so it needs {missing[0]}"
        for number, field in enumerate(change.replace):
            if field not in change.model_fields_set:
                yield (section, name, "replace", number), f"there is no {field} here to put in place"


def _merged(
    base: Mapping[str, _Part], changes: Mapping[str, _Change], kind: type[_Part]
) -> dict[str, _Part]:
    merged = dict(base)
    for name, change in changes.items():
        given = {field: getattr(change, field) for field in change.model_fields_set - {"replace"}}
        shipped = base.get(name)
        if shipped is None:
            merged[name] = kind(**given)
            continue
        own = {field: getattr(shipped, field) for field in kind.model_fields}
        for field, value in given.items():
            adds = isinstance(value, tuple) and field not in change.replace
            own[field] = (*value, *own[field]) if adds else value
        merged[name] = kind(**own)
    return merged


def _changed(shipped: Thresholds, change: ThresholdChange) -> Thresholds:
    own = {name: getattr(change, name) for name in change.model_fields_set}
    return Thresholds(**{**shipped.model_dump(), **own})
