"""A list of any length that is drawn line by line: a million rows open as fast as ten.

    class Cases:                                   # a `RowSource`
        def fetch(self, after_key): return rows, next_key

    cases = PagedList(CaseFormat(), id="cases", empty="No case waits here.")
    cases.load(Cases(), count=420)                 # or None: nothing is read until it is shown
    cases.reload()                                 # same rows again, cursor and scroll stay
    cases.row, cases.marked, cases.cursor          # row under the cursor, marked ids, its index

It tells its parents with `PagedList.Moved`, `PagedList.Opened` and `PagedList.Marked`.
"""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console import times
from console.theme import Palette, palette
from console.widgets.binding import bind
from console.widgets.lean import Cell, thumb_span
from console.widgets.list_messages import Marked, Moved, Opened
from console.widgets.pages import RowSource, SourceFailed
from console.widgets.row_window import RowWindow
from console.widgets.rows import RowFormat, RowPainter, RowState

__all__ = ["Cell", "PagedList", "RowFormat", "RowSource", "SourceFailed"]

Row = TypeVar("Row")

MARK_ROWS = 2_000
"""At most that many rows are marked at once: a bulk act stays something a person can overlook."""

READ_SECONDS = 0.03
"""How long one turn of reading towards the end may take before keys are looked at again."""

WHEEL_LINES = 3


class PagedList(Widget, Generic[Row], can_focus=True):
    """Draws rows that it reads by key; says where the agent is and what they opened or marked.

    Attributes:
        marked: Ids of the marked rows.
        empty: What to do next, said where there are no rows.
        markable: False for pickers: space and ``*`` do nothing.
    """

    # A press on a row moves the cursor; what is in it is copied from the timeline or the sheet.
    ALLOW_SELECT = False
    DEFAULT_CSS = "PagedList { width: 1fr; height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.down", "j,down", "down", "Next row"),
        bind("list.up", "k,up", "up", "Previous row"),
        bind("list.half_down", "ctrl+d", "half_page(1)", "Half a page down"),
        bind("list.half_up", "ctrl+u", "half_page(-1)", "Half a page up"),
        bind("list.page_down", "pagedown", "page(1)", "A page down"),
        bind("list.page_up", "pageup", "page(-1)", "A page up"),
        bind("list.first", "home", "first", "First row"),
        bind("list.last", "G,end", "last", "Last row"),
        bind("list.open", "enter", "open", "Open"),
        bind("list.mark", "space", "mark", "Mark and step"),
        bind("list.mark_range", "shift+down", "mark_range", "Mark a range"),
        bind("list.mark_all", "asterisk", "mark_all", "Mark all, or none"),
    ]

    Moved = Moved
    Opened = Opened
    Marked = Marked

    def __init__(
        self,
        row_format: RowFormat[Row],
        *,
        empty: str = "Nothing here.",
        markable: bool = True,
        id: str | None = None,  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.format = row_format
        self.empty = empty
        self.markable = markable
        self.marked: set[Hashable] = set()
        self._window: RowWindow[Row] = RowWindow(row_format.key)
        self._painter = RowPainter(row_format)
        self._reading_to_end = False

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor."""
        return self._window.cursor

    @property
    def top(self) -> int:
        """Index of the first row on screen."""
        return self._window.top

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None when there is none."""
        return self._window.row_at(self.cursor)

    @property
    def rows_known(self) -> int:
        """How many rows have been met so far; all of them once the end was seen."""
        return self._window.known

    # What the screen tells the list

    def load(self, source: RowSource[Row] | None, *, count: int | None = None) -> None:
        """Show the rows of a source from the start; marks are gone.

        Args:
            source: None for no rows and no `empty` sentence either.
            count: How many rows there are in all, if known: for the thumb.
        """
        self._window.load(source)
        self._window.count = count
        self._reading_to_end = False
        self.marked.clear()
        self.refresh()
        self._tell_moved()

    def reload(self, *, count: int | None = None) -> None:
        """Read again what is shown; the cursor stays on its row, and the row on its line.

        A row that is gone leaves the cursor where it was, on the row that took its place.

        Args:
            count: The new number of rows in all; None leaves the old one.
        """
        if self._window.pages is None:
            return
        if count is not None:
            self._window.count = count
        before = self.row
        self._window.reload()
        self.refresh()
        after = self.row
        if before is None or after is None or self.format.key(before) != self.format.key(after):
            self._tell_moved()

    def move_to_key(self, key: Hashable, *, within: int = 1_000) -> bool:
        """Put the cursor on the row with an id if it is among the first rows; say whether it is."""
        for index in range(within):
            row = self._window.row_at(index)
            if row is None:
                return False
            if self.format.key(row) == key:
                self.move_to(index)
                return True
        return False

    # Where the cursor goes

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, as far as there are rows."""
        self._reading_to_end = False
        old = self.cursor
        scrolled = self._window.move_to(index)
        if self.cursor == old:
            return
        if scrolled:
            self.refresh()
        else:
            self._refresh_rows(old, self.cursor)
        self._tell_moved()

    def action_down(self) -> None:
        """Go to the next row."""
        self.move_to(self.cursor + 1)

    def action_up(self) -> None:
        """Go to the previous row."""
        self.move_to(self.cursor - 1)

    def action_half_page(self, direction: int) -> None:
        """Go half a page."""
        self._leap(direction * max(1, self._window.height // 2))

    def action_page(self, direction: int) -> None:
        """Go a page, with a line of overlap."""
        self._leap(direction * max(1, self._window.height - 1))

    def _leap(self, rows: int) -> None:
        self._reading_to_end = False
        if self._window.leap(rows):
            self.refresh()
            self._tell_moved()

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """Go to the last row, reading on in short turns until it is met or a key is pressed."""
        self._reading_to_end = True
        self._read_to_end()

    def _read_to_end(self) -> None:
        pages = self._window.pages
        if pages is None or not self._reading_to_end:
            return
        until = monotonic() + READ_SECONDS
        going_on = True
        while going_on and monotonic() < until:
            going_on = pages.read_on()
        self.move_to(pages.known - 1)
        self._reading_to_end = going_on
        if going_on:
            self.call_later(self._read_to_end)

    # Marks

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and step."""
        row = self.row
        if not self.markable or row is None:
            return
        self.marked ^= {self.format.key(row)}
        self._refresh_rows(self.cursor)
        self._tell_marked()
        self.action_down()

    def action_mark_range(self) -> None:
        """Mark the row under the cursor, step, and mark that one too."""
        row = self.row
        if not self.markable or row is None:
            return
        self.marked.add(self.format.key(row))
        self.action_down()
        if self.row is not None:
            self.marked.add(self.format.key(self.row))
        self._refresh_rows(self.cursor - 1, self.cursor)
        self._tell_marked()

    def action_mark_all(self) -> None:
        """Mark all rows, up to `MARK_ROWS`; where all are marked, none."""
        if not self.markable:
            return
        every: set[Hashable] = set()
        row_at = self._window.row_at
        while len(every) < MARK_ROWS and (row := row_at(len(every))) is not None:
            every.add(self.format.key(row))
        limited = row_at(len(every)) is not None
        self.marked = set() if self.marked >= every else every
        self.refresh()
        self._tell_marked(limited=limited and bool(self.marked))

    def unmark(self) -> None:
        """Take all marks off."""
        if self.marked:
            self.marked.clear()
            self.refresh()
            self._tell_marked()

    def marked_rows(self) -> list[Row]:
        """Return the marked rows in their order, or the row under the cursor where none is."""
        if not self.marked:
            return [self.row] if self.row is not None else []
        rows = (self._window.row_at(index) for index in range(self.rows_known))
        return [row for row in rows if row is not None and self.format.key(row) in self.marked]

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if (row := self.row) is not None:
            self.post_message(self.Opened(self, row))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a click on the cursor opens."""
        line = event.y - self._header_lines
        index = self.top + line
        if line < 0 or self._window.row_at(index) is None:
            return
        if index == self.cursor:
            self.action_open()
        else:
            self.move_to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; the cursor stays on screen."""
        event.stop()
        self._scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; the cursor stays on screen."""
        event.stop()
        self._scroll(-WHEEL_LINES)

    def _scroll(self, rows: int) -> None:
        old = self.cursor
        if self._window.scroll(rows):
            self.refresh()
        if self.cursor != old:
            self._tell_moved()

    # Drawing

    def on_focus(self) -> None:
        """Draw the cursor as that of the focused pane."""
        self._refresh_rows(self.cursor)

    def on_blur(self) -> None:
        """Draw the cursor as that of another pane."""
        self._refresh_rows(self.cursor)

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._window.resize(self.size.height - self._header_lines)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return finished lines: the compositor's own work on them is what makes lists slow."""
        width, window = self.size.width, self._window
        height = window.height
        colours = palette(self.app)
        head = self._header_lines
        first, last = thumb_span(window.top, height, window.total, height)
        # A list that takes no focus is led by a field beside it: its cursor is always the live one.
        under = "cursor" if self.has_focus or not self.can_focus else "blurred"
        minute = times.now() // times.MINUTE
        out: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            line = y - head
            if line < 0:
                out.append(self._painter.header(width, colours))
                continue
            bar = "" if first == last else "thumb" if first <= line < last else "track"
            index = window.top + line
            row = window.row_at(index)
            if row is None:
                out.append(self._below(index, width, colours, bar))
                continue
            ground = under if index == window.cursor else ""
            state = RowState(ground, self.format.key(row) in self.marked, bar, minute)
            out.append(self._painter.row(row, state, width, colours))
        if crop.x == 0 and crop.right == width:
            return out
        return [strip.crop(crop.x, crop.right) for strip in out]

    def _below(self, index: int, width: int, colours: Palette, bar: str) -> Strip:
        """Return what stands under the last row: a problem, or what to do where there is none."""
        pages, known = self._window.pages, self.rows_known
        text, style = "", "muted"
        if pages is not None and pages.problem:
            text, style = pages.problem, "late"
        elif pages is not None and known == 0:
            text = self.empty
        return self._painter.below(text, style, index - known, width, colours, bar)

    @property
    def _header_lines(self) -> int:
        return 1 if self._painter.header_cells(self.size.width) else 0

    def _refresh_rows(self, *indexes: int) -> None:
        head = self._header_lines
        lines = [index - self.top for index in indexes]
        regions = [
            Region(0, head + line, self.size.width, 1)
            for line in lines
            if 0 <= line < self._window.height
        ]
        if regions and self.is_mounted:
            self.refresh(*regions)

    def _tell_moved(self) -> None:
        self.post_message(self.Moved(self, self.row))

    def _tell_marked(self, *, limited: bool = False) -> None:
        self.post_message(self.Marked(self, frozenset(self.marked), limited))
