"""Tool tips of text that others wrote: what looks like markup in it is shown, not followed."""

from html import escape


def plain_tip(text: str) -> str:
    """`text` as a tool tip shows it letter for letter; Qt would take `<` for the start of a tag."""
    if "<" not in text:
        return text
    return "<qt>" + escape(text).replace("\n", "<br>") + "</qt>"
