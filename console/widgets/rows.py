"""Rows as finished lines: how a kind of row is drawn, and the cache of what was drawn."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from rich.segment import Segment
from textual.cache import LRUCache

from console.text import clean, wrap
from console.theme import Palette
from console.widgets.lean import Cell, LeanStrip, draw

Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)

GUTTER_CELLS = 2
"""Before each row: the cursor (``▌``) and the mark (``*``), so that neither is colour alone."""

BAR_CELLS = 1
KEPT_STRIPS = 2_048


class RowFormat(Protocol[Row_contra]):
    """How rows of one kind are told apart and drawn."""

    def key(self, row: Row_contra) -> Hashable:
        """Return the id of a row."""
        ...

    def version(self, row: Row_contra) -> Hashable:
        """Return what changes whenever the row has to be drawn anew, ages aside."""
        ...

    def cells(self, row: Row_contra, width: int) -> Sequence[Cell]:
        """Return a row as pieces; they are cleaned and cut to ``width`` cells by who draws them."""
        ...

    def header(self, width: int) -> Sequence[Cell]:
        """Return the line above the rows; empty for none."""
        ...


class RowState(NamedTuple):
    """How a row stands on screen.

    Attributes:
        ground: ``cursor``, ``blurred`` (the cursor of a pane without focus) or empty.
        bar: Its piece of the scroll bar: ``thumb``, ``track`` or empty.
        minute: The minute of the present: rows say ages.
    """

    ground: str
    marked: bool
    bar: str
    minute: int


class RowPainter(Generic[Row]):
    """Draws rows and keeps the finished lines."""

    def __init__(self, row_format: RowFormat[Row]) -> None:
        self.format = row_format
        self._strips: LRUCache[Hashable, LeanStrip] = LRUCache(KEPT_STRIPS)

    def row(self, row: Row, state: RowState, width: int, colours: Palette) -> LeanStrip:
        """Return a row as a line of exactly that width."""
        key = (self.format.key(row), self.format.version(row), state, width, colours.number)
        strip = self._strips.get(key)
        if strip is None:
            gutter = ("▌" if state.ground else " ") + ("*" if state.marked else " ")
            pieces = [Cell(gutter, "vip" if state.marked else "accent")]
            pieces += self.format.cells(row, width - GUTTER_CELLS - BAR_CELLS)
            strip = self._finish(pieces, width, colours, state.ground, state.bar)
            self._strips[key] = strip
        return strip

    def header(self, width: int, colours: Palette) -> LeanStrip:
        """Return the line above the rows."""
        pieces = [Cell(" " * GUTTER_CELLS), *self.header_cells(width)]
        return LeanStrip(draw(pieces, width, colours, "head"), width)

    def header_cells(self, width: int) -> Sequence[Cell]:
        """Return the pieces of the line above the rows; empty where there is none."""
        return self.format.header(max(1, width - GUTTER_CELLS - BAR_CELLS))

    def below(
        self, text: str, style: str, line: int, width: int, colours: Palette, bar: str
    ) -> LeanStrip:
        """Return one line of a sentence under the last row, or a blank one outside of it."""
        lines = wrap(clean(text), width - 2 * GUTTER_CELLS) if text else []
        pieces = [Cell("  " + lines[line], style)] if 0 <= line < len(lines) else []
        return self._finish(pieces, width, colours, "", bar)

    def _finish(
        self, pieces: Sequence[Cell], width: int, colours: Palette, ground: str, bar: str
    ) -> LeanStrip:
        segments = draw(pieces, width - BAR_CELLS, colours, ground)
        return LeanStrip([*segments, bar_segment(bar, colours)], width)


def bar_segment(bar: str, colours: Palette) -> Segment:
    """Return a piece of a scroll bar: ``thumb``, ``track`` or empty."""
    if not bar:
        return Segment(" ", colours.style("text"))
    return Segment("┃" if bar == "thumb" else "│", colours.style(bar))
