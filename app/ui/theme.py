"""The two looks of the window, light and dark, chosen by the system's palette."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtGui import QPalette

import resources
from app.words import Tone
from audio.types import Channel

_MIDDLE_LIGHTNESS = 128


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as `#rrggbb`. Every text colour has a contrast of 4.5:1 or more on what it lies on."""

    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    alert_bar: str
    on_alert_bar: str
    tone: Mapping[Tone, str]
    tone_fill: Mapping[Tone, str]
    side: Mapping[Channel, str]
    side_fill: Mapping[Channel, str]

    @classmethod
    def of(cls, palette: QPalette) -> "Theme":
        """The look that goes with the system's colours."""
        return DARK if palette.window().color().lightness() < _MIDDLE_LIGHTNESS else LIGHT

    @property
    def style_sheet(self) -> str:
        """`resources/styles/window.qss` in these colours."""
        template = (resources.ROOT / "styles" / "window.qss").read_text(encoding="utf-8")
        values = {name: value for name, value in asdict(self).items() if isinstance(value, str)}
        values |= {f"tone_{tone}": colour for tone, colour in self.tone.items()}
        values |= {f"fill_{tone}": colour for tone, colour in self.tone_fill.items()}
        values |= {f"side_{side}": colour for side, colour in self.side.items()}
        return Template(template).substitute(values)


LIGHT = Theme(
    window="#f3f5f7",
    surface="#ffffff",
    raised="#e9edf1",
    border="#d9dfe5",
    text="#1c232b",
    muted="#56626f",
    accent="#2a5db0",
    on_accent="#ffffff",
    alert_bar="#b3261e",
    on_alert_bar="#ffffff",
    tone={
        Tone.UNKNOWN: "#56626f",
        Tone.UNSURE: "#4a5b8c",
        Tone.CALM: "#1d7044",
        Tone.WATCH: "#855300",
        Tone.ALERT: "#b3261e",
    },
    tone_fill={
        Tone.UNKNOWN: "#ffffff",
        Tone.UNSURE: "#f1f3fa",
        Tone.CALM: "#eef8f2",
        Tone.WATCH: "#fdf3dd",
        Tone.ALERT: "#fcebe9",
    },
    side={Channel.CALLER: "#3a56ad", Channel.AGENT: "#0d6767"},
    side_fill={Channel.CALLER: "#eef2fb", Channel.AGENT: "#e9f5f3"},
)

DARK = Theme(
    window="#15181c",
    surface="#1d2227",
    raised="#2a3138",
    border="#343c45",
    text="#e6eaee",
    muted="#a3aeb9",
    accent="#8fb6f2",
    on_accent="#10233f",
    alert_bar="#b3261e",
    on_alert_bar="#ffffff",
    tone={
        Tone.UNKNOWN: "#a3aeb9",
        Tone.UNSURE: "#b3bfe6",
        Tone.CALM: "#82d6a2",
        Tone.WATCH: "#f1c36d",
        Tone.ALERT: "#ff9d94",
    },
    tone_fill={
        Tone.UNKNOWN: "#1d2227",
        Tone.UNSURE: "#232839",
        Tone.CALM: "#1b2e24",
        Tone.WATCH: "#372d17",
        Tone.ALERT: "#43211f",
    },
    side={Channel.CALLER: "#a9baf6", Channel.AGENT: "#84d4ca"},
    side_fill={Channel.CALLER: "#242a3d", Channel.AGENT: "#1c302f"},
)
