"""Finished lines for widgets that draw their own: styled cells in, few bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.text import clean, fit, is_narrow, width
from console.theme import Palette


class Cell(NamedTuple):
    """A piece of a line.

    Attributes:
        text: Strangers' text is welcome: it is cleaned when it is drawn.
        style: A meaning that `console.theme` knows.
    """

    text: str
    style: str = "text"


class _Codes(NamedTuple):
    """What a style sets: numbers of attributes, the codes of both colours (empty: default)."""

    marks: frozenset[str]
    ink: str
    paper: str


# SGR numbers of the attributes that the theme uses, and what ends each (ECMA-48; bold and dim share
# their end, so that losing one of the two starts over from a reset).
_MARKS = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"))
_ENDS = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27"}
_BARE = _Codes(frozenset(), "", "")
# A theme has some hundred pairs of styles that follow each other; each is worked out once.
_steps: dict[tuple[Style | None, Style | None, ColorSystem], str] = {}


def _codes(style: Style | None, system: ColorSystem) -> _Codes:
    if style is None:
        return _BARE
    ink, paper = style.color, style.bgcolor
    return _Codes(
        frozenset(number for mark, number in _MARKS if getattr(style, mark)),
        ";".join(ink.downgrade(system).get_ansi_codes()) if ink else "",
        ";".join(paper.downgrade(system).get_ansi_codes(foreground=False)) if paper else "",
    )


def _step(before: Style | None, after: Style | None, system: ColorSystem) -> str:
    """Return the SGR sequence that turns one style into the next; empty when nothing changes."""
    known = _steps.get((before, after, system))
    if known is not None:
        return known
    old, new = _codes(before, system), _codes(after, system)
    if new == _BARE != old:
        parts = ["0"]
    else:
        parts = sorted({_ENDS[number] for number in old.marks - new.marks})
        parts += sorted(new.marks if "22" in parts else new.marks - old.marks)
        if old.ink != new.ink:
            parts.append(new.ink or "39")
        if old.paper != new.paper:
            parts.append(new.paper or "49")
    made = _steps[before, after, system] = f"\x1b[{';'.join(parts)}m" if parts else ""
    return made


class LeanStrip(Strip):
    """A strip that sends only what changes from piece to piece.

    Textual sends every piece with all its attributes and a reset: some 43 bytes each in true
    colour, more than the letters of a list row. Pieces must not carry links.
    """

    __slots__ = ()

    def render(self, console: Console) -> str:
        """Return the line as it is sent to the terminal."""
        if self._render_cache is None:
            system = console._color_system or ColorSystem.TRUECOLOR
            before: Style | None = None
            out: list[str] = []
            for text, style, _ in self._segments:
                if style is not before:
                    out.append(_step(before, style, system))
                    before = style
                out.append(text)
            if before is not None:
                out.append(_step(before, None, system))
            self._render_cache = "".join(out)
        return self._render_cache


def draw(cells: Sequence[Cell], size: int, palette: Palette, ground: str = "") -> list[Segment]:
    """Return cells as segments of exactly ``size`` cells in all: cleaned, cut, filled, merged."""
    out: list[Segment] = []
    left = size
    pending, pending_style = "", "text"
    # One look at the whole line finds most lines harmless and narrow: then each piece is, too.
    whole = "".join([cell[0] for cell in cells])
    simple = is_narrow(whole) and clean(whole, newlines=False) == whole
    for text, style in cells:
        if not simple:
            text = clean(text, newlines=False)
        took = len(text) if simple else width(text)
        if took > left:
            text = fit(text, left)
            took = width(text)
        left -= took
        if style == pending_style or (text.isspace() and style != "track"):
            pending += text
        else:
            if pending:
                out.append(Segment(pending, palette.style(pending_style, ground)))
            pending, pending_style = text, style
        if left <= 0:
            break
    out.append(Segment(pending + " " * left, palette.style(pending_style, ground)))
    return out


def thumb_span(top: float, shown: float, total: float, height: int) -> tuple[int, int]:
    """Return the first and the line after the last of a scroll bar's thumb.

    Args:
        top: What lies above the first line shown, in any unit.
        shown: What is on screen, in the same unit.
        total: All there is; where everything is shown there is no thumb.
        height: Lines of the bar.
    """
    if total <= shown or height < 1:
        return 0, 0
    size = max(1, min(height, round(height * shown / total)))
    first = round((height - size) * top / max(1.0, total - shown))
    first = max(0, min(height - size, first))
    return first, first + size
