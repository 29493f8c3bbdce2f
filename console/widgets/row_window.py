"""Where an agent is in a list: the row under the cursor and the first row on screen.

Knows no widget: it is told its height, reads rows as it needs them, and keeps the cursor on its row
when the list is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from console.widgets.pages import Pages, RowSource

Row = TypeVar("Row")

NEAR_ROWS = 200
"""How far above its old page a row is looked for after a reload."""

START_ROWS = 1_000
"""How far from the start a row is looked for that is not where it was."""


class RowWindow(Generic[Row]):
    """A window on the rows of a source.

    Attributes:
        pages: The rows; None where there is no source.
        cursor: Index of the row under the cursor.
        top: Index of the first row on screen.
        height: Rows on screen, at least 1.
        count: How many rows there are in all, if known: for the thumb.
    """

    def __init__(self, key: Callable[[Row], Hashable]) -> None:
        self._key = key
        self.pages: Pages[Row] | None = None
        self.cursor = 0
        self.top = 0
        self.height = 1
        self.count: int | None = None

    def load(self, source: RowSource[Row] | None) -> None:
        """Begin at the first row of a source."""
        self.pages = Pages(source) if source is not None else None
        self.cursor = self.top = 0

    def row_at(self, index: int) -> Row | None:
        """Return a row; None where there is none."""
        return self.pages.row(index) if self.pages is not None and index >= 0 else None

    @property
    def known(self) -> int:
        """How many rows have been met so far; all of them once the end was seen."""
        return self.pages.known if self.pages else 0

    @property
    def total(self) -> int:
        """How many rows there are, as far as can be told."""
        if self.pages is None or self.pages.complete:
            return self.known
        return max(self.known + 1, self.count or 0)

    def last_known(self, index: int) -> int:
        """Return the index, or that of the last row where there are not so many."""
        if self.row_at(index) is not None:
            return index
        return max(0, min(index, self.known - 1))

    def move_to(self, index: int) -> bool:
        """Put the cursor on a row, as far as there are rows; say whether the window moved.

        At the edge the window moves by half its height: a line at a time would send the whole pane
        for every key.
        """
        old, self.cursor = self.cursor, self.last_known(max(0, index))
        index = self.cursor
        if self.top <= index < self.top + self.height:
            return False
        half = max(1, self.height // 2)
        if self.top - half <= index < self.top + self.height + half:
            self.top = max(0, min(self.top + (half if index > old else -half), index))
        else:
            self.top = max(0, index - half)
        return True

    def leap(self, rows: int) -> bool:
        """Move cursor and window together, so that the cursor keeps its line; say if it moved."""
        old = self.cursor
        self.cursor = self.last_known(max(0, old + rows))
        if self.cursor == old:
            return False
        bottom = self.last_known(self.top + rows + self.height) + 1
        self.top = max(0, min(self.top + rows, bottom - self.height, self.cursor))
        self.top = max(self.top, self.cursor - self.height + 1)
        return True

    def scroll(self, rows: int) -> bool:
        """Move the window, the cursor staying in it; say whether it moved."""
        old = self.top
        bottom = self.last_known(self.top + rows + self.height - 1)
        self.top = max(0, min(self.top + rows, bottom - self.height + 1))
        self.cursor = max(self.top, min(self.cursor, self.top + self.height - 1))
        return self.top != old

    def resize(self, height: int) -> None:
        """Take a new height, the cursor staying in the window and the window within the rows."""
        self.height = max(1, height)
        if self.pages is not None and self.pages.complete:
            self.top = max(0, min(self.top, self.known - self.height))
        self.top = max(self.top, self.cursor - self.height + 1)

    def reload(self) -> None:
        """Read again; the cursor stays on its row, and the row on its line.

        Where the row is gone, the cursor is on the one that took its place.
        """
        row = self.row_at(self.cursor)
        line = self.cursor - self.top
        if self.pages is None:
            return
        self.pages.forget_rows()
        found = self._find(self.pages, self._key(row)) if row is not None else None
        self.cursor = self.last_known(self.cursor) if found is None else found
        self.top = max(0, self.cursor - line)

    def _find(self, pages: Pages[Row], key: Hashable) -> int | None:
        """Return where a row is now: about its old page, else near the start of the list."""
        page = pages.page_of(self.last_known(self.cursor))
        near = range(max(0, page.start - NEAR_ROWS), page.stop + NEAR_ROWS)
        for span in (page, near, range(min(page.start, START_ROWS))):
            for index in span:
                row = self.row_at(index)
                if row is None:
                    break
                if self._key(row) == key:
                    return index
        return None
