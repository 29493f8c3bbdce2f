"""Lines that are all there, drawn from the first that fits; longer than the pane they scroll."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.theme import palette
from console.widgets.lean import Cell, LeanStrip, draw

Cells = tuple[Cell, ...]


class Lines(Widget):
    """Draws what a function makes of its width.

    Attributes:
        top: The first line shown.
    """

    DEFAULT_CSS = "Lines { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0
        self._make: Callable[[int], Sequence[Cells]] = lambda width: ()

    def show(self, make: Callable[[int], Sequence[Cells]]) -> None:
        """Show other lines, from the first on."""
        self._make = make
        self.top = 0
        self.refresh()

    def scroll_lines(self, by: int) -> None:
        """Go some lines down, or up."""
        most = max(0, len(self._make(self.size.width)) - self.size.height)
        self.top = max(0, min(most, self.top + by))
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return finished lines."""
        width = self.size.width
        colours = palette(self.app)
        lines = self._make(width)
        out: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            cells = lines[self.top + y] if self.top + y < len(lines) else ()
            out.append(LeanStrip(draw(cells, width, colours), width))
        if crop.x == 0 and crop.right == width:
            return out
        return [strip.crop(crop.x, crop.right) for strip in out]
