"""Where an agent is on a timeline: (item, line of it), so that nothing off screen is ever wrapped.

Knows no widget: it is told its size, and it says which lines of which items stand on screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from console.widgets.blocks import Block, Blocks
from console.widgets.entry_lines import item_key
from console.widgets.stream import Stream
from db.records import TimelineItem

NEW_ITEMS = 2_000
"""How far back the first thing that is new to an agent, or the one to land on, is looked for."""

LAST_LINE = -2
"""Stands for the last line of a block whose length is not known yet; -1 is the line above it."""

Wanted = Callable[[TimelineItem | None, TimelineItem], bool]
"""Whether an item, with the one above it, is what a jump looks for."""


class Anchor(NamedTuple):
    """What stood at the top of the screen: an item, and a line counted from its header."""

    key: tuple[int, int]
    at: int
    line: int


class Viewport:
    """A window on a stream.

    Attributes:
        stream: What is looked at.
        blocks: Its items as lines.
        height: Lines of the window; 0 until it is known.
        top: The place of the first line: index of the item, line in its block.
        selected: Key of the item that was jumped to; None after scrolling.
    """

    def __init__(self, stream: Stream, blocks: Blocks) -> None:
        self.stream = stream
        self.blocks = blocks
        self.height = 0
        self.top = (0, 0)
        self.selected: tuple[int, int] | None = None
        self._match: tuple[tuple[int, int], int] | None = None

    def block(self, index: int) -> Block:
        """Return an item as lines."""
        return self.blocks.block(self.stream, index, ahead=self.height)

    def window(self) -> list[tuple[int, int]]:
        """Return what stands on each line of the screen: index of the item, line in its block."""
        out: list[tuple[int, int]] = []
        index, line = self.top
        while len(out) < self.height and index < len(self.stream.shown):
            out += [(index, number) for number in range(line, len(self.block(index).lines))]
            index, line = index + 1, 0
        return out[: self.height]

    def current_index(self) -> int | None:
        """Return which item the agent looks at: the one jumped to, else that a third down."""
        if self.selected is not None:
            found = self.stream.find(self.selected)
            if found is not None:
                return found
        rows = self.window()
        return rows[min(len(rows) - 1, self.height // 3)][0] if rows else None

    # Scrolling

    def scroll(self, lines: int) -> None:
        """Go some lines up or down, reading older pages where the top is reached."""
        if not self.stream.shown:
            return
        self.selected = self._match = None
        index, line = self.top
        line += lines
        while line < 0:
            if index == 0:
                lead = self.block(0).lead
                index = self.stream.read_older()
                if not index:
                    line = 0
                    break
                # With something above it, the item may need fewer rules.
                line += self.block(index).lead - lead
                continue
            index -= 1
            line += len(self.block(index).lines)
        last = len(self.stream.shown) - 1
        while index < last and line >= len(self.block(index).lines):
            line -= len(self.block(index).lines)
            index += 1
        self.top = (index, line)
        self._fill()

    def to_bottom(self) -> None:
        """Show the newest lines at the bottom."""
        have, index = 0, len(self.stream.shown)
        while have < self.height:
            if index == 0:
                if not self._grow():
                    break
                # What stood first may need fewer rules now that something is above it.
                have, index = 0, len(self.stream.shown)
            index -= 1
            have += len(self.block(index).lines)
        self.top = (index, max(0, have - self.height))

    def to_start(self) -> None:
        """Show what was read first, however old."""
        self.selected = None
        self.top = (0, 0)

    def _fill(self) -> None:
        """Go back to the bottom where the window reaches beyond it."""
        index, line = self.top
        have = -line
        while have < self.height and index < len(self.stream.shown):
            have += len(self.block(index).lines)
            index += 1
        if have < self.height:
            self.to_bottom()

    def _grow(self) -> int:
        """Read older items, the window staying on its lines; return how many came."""
        index, line = self.top
        first = index == 0 and bool(self.stream.shown)
        lead = self.block(0).lead if first else 0
        added = self.stream.read_older()
        if added:
            if first and line >= lead:
                line += self.block(added).lead - lead
            self.top = (index + added, line)
        return added

    # Jumping

    def select(self, index: int, line: int | None = None) -> None:
        """Make an item the current one and show it from its top, or a line of it a third down."""
        self.selected = item_key(self.stream.shown[index])
        self.top = (index, line or 0)
        if line is not None:
            up = self.height // 3 - line
            while up > 0 and index > 0:
                index -= 1
                up -= len(self.block(index).lines)
            self.top = (index, max(0, -up))
        self._fill()

    def jump(self, direction: int, wanted: Wanted) -> bool:
        """Go to the next (1) or previous (-1) item that is wanted; say whether there is one."""
        index = self.current_index()
        if index is None:
            return False
        index += direction
        while index < len(self.stream.shown):
            if index < 1 and (added := self._grow()):
                index += added
                continue
            if index < 0:
                break
            above = self.stream.shown[index - 1] if index else None
            if wanted(above, self.stream.shown[index]):
                self.select(index)
                return True
            index += direction
        self._fill()
        return False

    def jump_to_match(self, direction: int) -> bool:
        """Go to the next or previous line with a highlighted word; say whether there is one."""
        terms = self.blocks.terms
        if terms is None or not self.stream.shown:
            return False
        index, line = self.top
        found = self.stream.find(self._match[0]) if self._match else None
        if self._match and found is not None:
            index, line = found, self.block(found).lead + self._match[1] + direction
        else:
            line -= direction < 0
        while index < len(self.stream.shown):
            if index < 0:
                index = self._grow() - 1
                if index < 0:
                    break
                line = LAST_LINE
            number = self._match_in(index, line, direction, terms)
            if number is not None:
                self._match = (item_key(self.stream.shown[index]), number - self.block(index).lead)
                self.select(index, number)
                return True
            index += direction
            line = 0 if direction > 0 else LAST_LINE
        self._fill()
        return False

    def _match_in(
        self, index: int, line: int, direction: int, terms: re.Pattern[str]
    ) -> int | None:
        """Return the first line with a match from a line on."""
        item = self.stream.shown[index]
        if item.kind == "event" or line == -1:
            return None
        if not terms.search(self.stream.text(index, ahead=20 * self.height).text):
            return None
        lines = self.block(index).lines
        start = len(lines) - 1 if line == LAST_LINE else line
        for number in range(start, len(lines) if direction > 0 else -1, direction):
            if lines[number].body and any(terms.search(cell.text) for cell in lines[number].cells):
                return number
        return None

    # Staying in place

    def anchor(self) -> Anchor | None:
        """Return what stands at the top, for `return_to`; None where there is nothing."""
        index, line = self.top
        if index >= len(self.stream.shown):
            return None
        item = self.stream.shown[index]
        return Anchor(item_key(item), item.at, line - self.block(index).lead)

    def return_to(self, anchor: Anchor | None) -> None:
        """Show again what stood at the top, whatever has changed around it."""
        if anchor is None or not self.stream.shown:
            self.top = (0, 0)
        else:
            found = self.stream.find(anchor.key)
            index = self.stream.nearest(anchor.at) if found is None else found
            block = self.block(index)
            line = block.lead + anchor.line if found is not None else 0
            self.top = (index, max(0, min(line, len(block.lines) - 1)))
        self._fill()

    # Landing

    def find_new(self, seen_at: int) -> None:
        """Put the marker line above the first item that is later than a time, if there is one."""
        stream = self.stream
        while stream.shown and stream.shown[0].at > seen_at and stream.read < NEW_ITEMS:
            if not stream.read_older():
                break
        news = (item for item in stream.shown if item.at > seen_at)
        first = next(news, None)
        self.blocks.first_new = item_key(first) if first else None

    def land(self, entry_id: int) -> None:
        """Go to an entry if it is there, else to what is new, else to the newest message.

        Args:
            entry_id: 0 for none.
        """
        stream = self.stream
        for wanted in ((entry_id, 0) if entry_id else None, self.blocks.first_new):
            while wanted is not None:
                found = stream.find(wanted)
                if found is not None:
                    self.select(found)
                    return
                if stream.read >= NEW_ITEMS or not stream.read_older():
                    break
        self.to_bottom()
        for index in range(len(stream.shown) - 1, -1, -1):
            if stream.shown[index].kind != "event":
                self.selected = item_key(stream.shown[index])
                self.top = min(self.top, (index, 0))
                return

    def position(self) -> tuple[float, float]:
        """Return about how many lines stand above the window, and how many there are in all."""
        index, line = self.top
        above = self.stream.lines_before(index)
        total = self.stream.lines_before(len(self.stream.shown))
        # What was not read yet counts as one more page, so that the thumb never sits at the top.
        unread = 0 if self.stream.complete else max(self.height, total // 4)
        return unread + above + line, unread + max(total, self.height)
