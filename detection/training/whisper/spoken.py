"""How written words are said: what a synthesizer would read wrongly, spelled as it sounds."""

import re

LETTERS = {
    "A": "ay", "B": "bee", "C": "see", "D": "dee", "E": "ee", "F": "eff", "G": "gee", "H": "aitch",
    "I": "eye", "J": "jay", "K": "kay", "L": "ell", "M": "em", "N": "en", "O": "oh", "P": "pee",
    "Q": "cue", "R": "are", "S": "ess", "T": "tee", "U": "you", "V": "vee", "W": "double you",
    "X": "ex", "Y": "why", "Z": "zee",
}  # fmt: skip
AS_WORDS = {
    "PIN": "pin",
    "Okta": "octa",
    "Duo": "dew oh",
    "AnyDesk": "any desk",
    "TeamViewer": "team viewer",
    "ScreenConnect": "screen connect",
    "Salesforce": "sales force",
    "SharePoint": "share point",
    "WhatsApp": "what's app",
    "iPhone": "eye phone",
}
_CAPITALS = re.compile(r"[A-Z](?:-?[A-Z])+|[B-HJ-Z]")


def spoken(word: str) -> str:
    """What a synthesizer is to read for one written word; several words where letters are named."""
    core = word.strip(".,?!")
    if core in AS_WORDS:
        said = AS_WORDS[core]
    elif _CAPITALS.fullmatch(core):
        said = " ".join(LETTERS[letter] for letter in core if letter != "-")
    else:
        return word
    return word.replace(core, said)
