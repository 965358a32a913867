"""Reads a tactics pack, whole or a site's lines over a shipped one."""

from pathlib import Path

from detection.text.packs import Document
from detection.vishing.pack import TacticsPack
from detection.vishing.site_pack import SitePack


def load_tactics(path: Path) -> TacticsPack:
    """Read a whole pack, or a site's over the shipped one that it extends.

    Raises `DetectionError` naming file, line and field.
    """
    document = Document(path)
    if not document.has("extends"):
        return document.as_pack(TacticsPack)
    site = document.as_pack(SitePack)
    base = Document(site.shipped).as_pack(TacticsPack)
    document.refuse(site.problems_over(base))
    pack = site.over(base)
    document.refuse((site.place_of(location), problem) for location, problem in pack.problems())
    return pack
