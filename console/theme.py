"""The colours of everything that draws its own lines, taken from the theme and always readable.

A style is asked for by what it means (``late``, ``note``) and by the ground it stands on (``""``
for the pane, ``cursor`` for the row under the cursor…). Each colour is moved until it stands out
from its ground by 4.5:1. With NO_COLOR there are none: weight, slant and underline say the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

CONTRAST: Final = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""

DARK = Theme(
    name="centric-dark",
    primary="#5fa8f5",
    secondary="#8aa0b8",
    accent="#e8b04b",
    warning="#f0a35e",
    error="#f2777a",
    success="#7ec98f",
    foreground="#d8dce2",
    background="#14171c",
    surface="#1b1f26",
    panel="#242a33",
    dark=True,
)
LIGHT = Theme(
    name="centric-light",
    primary="#0b5cad",
    secondary="#4a5a6b",
    accent="#8a5a00",
    warning="#a34a00",
    error="#b3261e",
    success="#1f6f3a",
    foreground="#1d2126",
    background="#fbfbf8",
    surface="#f1f1ec",
    panel="#e4e5e0",
    dark=False,
)


class _Look(NamedTuple):
    """How a meaning looks: a colour of the theme, how much of it, and its marks without colour."""

    colour: str = "foreground"
    strength: float = 1.0
    marks: str = ""
    plain: str = ""
    ansi: str = ""


_LOOKS: Final = {
    "text": _Look(),
    "muted": _Look(strength=0.68, plain="dim", ansi="dim"),
    "strong": _Look(marks="bold", plain="bold"),
    "accent": _Look("primary", ansi="blue"),
    "us": _Look("warning", plain="bold", ansi="yellow"),
    "late": _Look("error", marks="bold", plain="bold underline", ansi="red"),
    "urgent": _Look("error", marks="bold", plain="bold", ansi="red"),
    "ok": _Look("success", ansi="green"),
    "vip": _Look("accent", marks="bold", plain="bold", ansi="yellow"),
    "rule": _Look("primary", marks="bold", plain="bold", ansi="blue"),
    "marker": _Look("accent", marks="bold", plain="bold reverse", ansi="yellow"),
    "fold": _Look("secondary", marks="italic", plain="dim", ansi="cyan"),
    "quote": _Look("secondary", plain="dim", ansi="cyan"),
    "event": _Look(strength=0.62, plain="dim", ansi="dim"),
    "link": _Look("primary", marks="underline", plain="underline", ansi="blue"),
    "match": _Look("accent", marks="bold underline", plain="reverse", ansi="yellow"),
    "thumb": _Look("primary", ansi="blue"),
    "track": _Look("panel", plain="dim", ansi="dim"),
}
# Not text: a line beside the text needs no contrast, it should stay in the background.
_FAINT: Final = frozenset({"track"})

_GROUNDS: Final = {
    "": ("background", 0.0, "", ""),
    "cursor": ("primary", 0.34, "bold", "reverse"),
    "blurred": ("primary", 0.14, "", "underline"),
    "head": ("panel", 1.0, "", "bold"),
    "current": ("primary", 0.24, "bold", "bold reverse"),
    "note": ("accent", 0.12, "", "italic"),
}


class Palette:
    """The styles of one theme, made when first asked for and kept.

    Attributes:
        number: Unlike for palettes that differ: part of the key of whatever caches drawn lines.
    """

    _made = 0

    def __init__(self, colours: dict[str, Color], mode: str) -> None:
        Palette._made += 1
        self.number = Palette._made
        self._colours = colours
        self._mode = mode
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, name: str, ground: str = "") -> Style:
        """Return the style for a meaning on a ground.

        Raises:
            KeyError: There is no such meaning or ground.
        """
        found = self._styles.get((name, ground))
        if found is None:
            make = self._coloured if self._mode == "colour" else self._uncoloured
            found = self._styles[name, ground] = make(_LOOKS[name], ground, name in _FAINT)
        return found

    def _coloured(self, look: _Look, ground: str, faint: bool) -> Style:
        tint, share, ground_marks, _ = _GROUNDS[ground]
        base = self._colours["background"]
        paper = base.blend(self._colours[tint], share, 1.0)
        ink = paper.blend(self._colours[look.colour], look.strength, 1.0)
        if not faint:
            ink = readable(ink, paper)
        return _marked(f"{look.marks} {ground_marks}") + Style(
            color=ink.rich_color, bgcolor=paper.rich_color
        )

    def _uncoloured(self, look: _Look, ground: str, _faint: bool) -> Style:
        marks = f"{look.plain} {_GROUNDS[ground][3]}"
        if "reverse" in marks:
            marks = marks.replace("dim", "")
        style = _marked(marks)
        if self._mode == "ansi" and look.ansi and look.ansi != "dim":
            style += Style(color=look.ansi)
        return style


def _marked(words: str) -> Style:
    return Style(**dict.fromkeys(words.split(), True)) if words.strip() else Style()  # type: ignore[arg-type]


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def readable(ink: Color, paper: Color) -> Color:
    """Return the ink, moved towards black or white until it stands out from the paper enough."""
    away = max(Color(255, 255, 255), Color(0, 0, 0), key=lambda end: contrast(end, paper))
    for step in range(21):
        moved = ink.blend(away, step / 20, 1.0)
        if contrast(moved, paper) >= CONTRAST:
            return moved
    return away


@lru_cache(maxsize=64)
def _palette(name: str, colours: tuple[tuple[str, str], ...], mode: str) -> Palette:
    return Palette({role: Color.parse(value) for role, value in colours}, mode)


def palette(app: App[object]) -> Palette:
    """Return the styles for the app's theme of this moment; the same object until it changes."""
    theme = app.current_theme
    if app.no_color:
        return _palette("", (), "plain")
    if app.native_ansi_color:
        return _palette("", (), "ansi")
    if theme.ansi:
        theme = BUILTIN_THEMES["textual-dark" if theme.dark else "textual-light"]
    return _palette(theme.name, _roles(theme), "colour")


@lru_cache(maxsize=64)
def _roles_of(name: str, given: tuple[tuple[str, str | None], ...], dark: bool) -> dict[str, str]:
    roles = {role: value for role, value in given if value}
    roles.setdefault("background", "#121212" if dark else "#efefef")
    roles.setdefault("foreground", "#e0e0e0" if dark else "#1e1e1e")
    roles.setdefault("surface", "#1e1e1e" if dark else "#f5f5f5")
    roles.setdefault("panel", "#2a2e34" if dark else "#d8dade")
    for role in ("secondary", "accent", "warning", "error", "success"):
        roles.setdefault(role, roles["primary"])
    return roles


_ROLES: Final = (
    *("primary", "secondary", "accent", "warning", "error", "success"),
    *("foreground", "background", "surface", "panel"),
)


def _roles(theme: Theme) -> tuple[tuple[str, str], ...]:
    given = tuple((role, getattr(theme, role)) for role in _ROLES)
    return tuple(_roles_of(theme.name, given, theme.dark).items())
