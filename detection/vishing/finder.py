"""What was heard in, the tactics that a pack's phrases show in it out."""

from typing import NamedTuple

from detection.text.phrases import Hit
from detection.vishing.heard import Heard
from detection.vishing.pack import Matcher, TacticsPack


class Found(NamedTuple):
    """A tactic's label and the words that show it."""

    label: str
    hit: Hit


def find_tactics(pack: TacticsPack, heard: Heard) -> list[Found]:
    """What `heard` shows by the phrases of `pack`: each tactic at most once, by where it was said."""
    labels = {pack.label_of[one] for one in heard.held if one in pack.label_of}
    found = [
        Found(label, hit)
        for label in pack.matchers
        if label in labels
        and pack.tactics[label].spoken_by.includes(heard.channel)
        and (hit := _search(pack.matchers[label], heard))
    ]
    return sorted(found, key=lambda one: one.hit.start)


def _search(matcher: Matcher, heard: Heard) -> Hit | None:
    if hit := heard.find(matcher.said):
        return hit
    for reply in matcher.replies:
        if reply.to in heard.asked and (hit := heard.find(reply.says)):
            return hit
    return None
