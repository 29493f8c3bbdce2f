"""Entries as blocks of finished lines: wrapped when they come into sight, kept while they last."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from rich.segment import Segment
from textual.cache import LRUCache

from console.theme import Palette
from console.widgets.entry_lines import (
    BLANK,
    Line,
    body_lines,
    event_line,
    header_line,
    item_key,
    lead_lines,
)
from console.widgets.lean import Cell, LeanStrip, draw
from console.widgets.rows import BAR_CELLS, bar_segment
from console.widgets.stream import Stream
from db.records import TimelineItem

KEPT_BLOCKS = 300
MIN_CELLS = 12


class Block:
    """One item as lines.

    Attributes:
        lead: How many of the lines are rules above its header.
    """

    __slots__ = ("lead", "lines", "strips")

    def __init__(self, lines: Sequence[Line], lead: int) -> None:
        self.lines = lines
        self.lead = lead
        self.strips: dict[Hashable, LeanStrip] = {}


class Blocks:
    """Lays out the items of a stream and draws their lines.

    Attributes:
        width: Cells, the scroll bar's included.
        first_new: Key of the first item that the agent has not seen; None when there is none.
        all_unfolded: Whether quotes are shown where `toggled` does not say otherwise.
        toggled: Keys of items that do the opposite.
        terms: What is highlighted; None for nothing.
    """

    def __init__(self) -> None:
        self.width = 0
        self.first_new: tuple[int, int] | None = None
        self.all_unfolded = False
        self.toggled: set[tuple[int, int]] = set()
        self.terms: re.Pattern[str] | None = None
        self._kept: LRUCache[Hashable, Block] = LRUCache(KEPT_BLOCKS)

    def forget(self) -> None:
        """Drop all that was laid out."""
        self._kept.clear()

    def highlight(self, terms: Sequence[str]) -> None:
        """Show these words wherever they stand; none to end that."""
        words = [re.escape(term) for term in terms if term.strip()]
        self.terms = re.compile("|".join(words), re.IGNORECASE) if words else None

    def block(self, stream: Stream, index: int, ahead: int = 0) -> Block:
        """Return an item as lines.

        Args:
            stream: Where it is from.
            index: Its place among the shown.
            ahead: Lines that will be asked for after it.
        """
        item = stream.shown[index]
        before = stream.shown[index - 1] if index else None
        key = item_key(item)
        unfolded = self.all_unfolded ^ (key in self.toggled)
        first_new = key == self.first_new
        above = item_key(before) if before else None
        known = (key, item.revision, item.pinned, self.width, unfolded, first_new, above)
        block = self._kept.get(known)
        if block is None:
            cells = max(MIN_CELLS, self.width - BAR_CELLS)
            subject = stream.subjects.get(item.case_id, "")
            lead = lead_lines(item, before, subject, first_new, cells)
            lines = list(lead)
            if item.kind == "event":
                lines.append(event_line(item, cells))
            else:
                lines.append(header_line(item, _message_before(stream, index), cells))
                lines += body_lines(stream.text(index, ahead), item.kind, cells, unfolded)
                lines.append(BLANK)
            block = self._kept[known] = Block(lines, len(lead))
        return block

    def strip(
        self, block: Block, line: int, current: bool, bar: str, colours: Palette
    ) -> LeanStrip:
        """Return one line of a block, finished.

        Args:
            block: Where it is.
            line: Its number there.
            current: True where the block is of the item under the cursor: its header says so.
            bar: Its piece of the scroll bar.
            colours: The theme.
        """
        key = (line, current and line == block.lead, bar, colours.number, self.terms)
        strip = block.strips.get(key)
        if strip is None:
            cells, ground, body = block.lines[line]
            if body and self.terms is not None:
                cells = _marked(cells, self.terms)
            if key[1]:
                first = cells[0]
                cells = (first._replace(text="▌" + first.text[1:]), *cells[1:])
                ground = "current"
            segments = draw(cells, self.width - BAR_CELLS, colours, ground)
            strip = LeanStrip([*segments, bar_segment(bar, colours)], self.width)
            block.strips[key] = strip
        return strip

    def blank(self, sentence: str, style: str, bar: str, colours: Palette) -> LeanStrip:
        """Return a line that belongs to no item."""
        cells = [Cell(f"  {sentence}", style)] if sentence else []
        segments: list[Segment] = draw(cells, self.width - BAR_CELLS, colours)
        return LeanStrip([*segments, bar_segment(bar, colours)], self.width)


def _message_before(stream: Stream, index: int) -> TimelineItem | None:
    """Return the nearest earlier item of the same case that has a subject to compare with."""
    item = stream.shown[index]
    for earlier in range(index - 1, max(-1, index - 20), -1):
        other = stream.shown[earlier]
        if other.case_id == item.case_id and other.kind == "message" and other.subject:
            return other
    return None


def _marked(cells: tuple[Cell, ...], terms: re.Pattern[str]) -> tuple[Cell, ...]:
    out: list[Cell] = []
    for text, style in cells:
        at = 0
        for match in terms.finditer(text):
            out += (Cell(text[at : match.start()], style), Cell(match[0], "match"))
            at = match.end()
        out.append(Cell(text[at:], style))
    return tuple(cell for cell in out if cell.text)
