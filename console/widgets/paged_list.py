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
from console.widgets.pages import Pages, RowSource, SourceFailed
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
        cursor: Index of the row under the cursor.
        top: Index of the first row on screen.
        marked: Ids of the marked rows.
        count: How many rows there are in all, if known: for the thumb.
        empty: What to do next, said where there are no rows.
        markable: False for pickers: space and ``*`` do nothing.
    """

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
        self.cursor = 0
        self.top = 0
        self.count: int | None = None
        self.marked: set[Hashable] = set()
        self._pages: Pages[Row] | None = None
        self._painter = RowPainter(row_format)
        self._reading_to_end = False

    # What the screen tells the list

    def load(self, source: RowSource[Row] | None, *, count: int | None = None) -> None:
        """Show the rows of a source from the start; marks are gone."""
        self._pages = Pages(source) if source is not None else None
        self.count = count
        self.cursor = self.top = 0
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
        if self._pages is None:
            return
        if count is not None:
            self.count = count
        before = self.row
        line = self.cursor - self.top
        self._pages.forget_rows()
        if before is not None:
            wanted = self.format.key(before)
            found = self._find(wanted)
            self.cursor = self._last_known(self.cursor) if found is None else found
            self.top = max(0, self.cursor - line)
        self.refresh()
        after = self.row
        if before is None or after is None or self.format.key(before) != self.format.key(after):
            self._tell_moved()

    def move_to_key(self, key: Hashable, *, within: int = 1_000) -> bool:
        """Put the cursor on the row with an id if it is among the first rows; say whether it is."""
        for index in range(within):
            row = self._row_at(index)
            if row is None:
                return False
            if self.format.key(row) == key:
                self.move_to(index)
                return True
        return False

    def unmark(self) -> None:
        """Take all marks off."""
        if self.marked:
            self.marked.clear()
            self.refresh()
            self._tell_marked()

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None when there is none."""
        return self._row_at(self.cursor)

    @property
    def rows_known(self) -> int:
        """How many rows have been met so far; all of them once the end was seen."""
        return self._pages.known if self._pages else 0

    def marked_rows(self) -> list[Row]:
        """Return the marked rows in their order, or the row under the cursor where none is."""
        if not self.marked:
            return [self.row] if self.row is not None else []
        left = set(self.marked)
        found: list[Row] = []
        index = 0
        while left and (row := self._row_at(index)) is not None:
            if (key := self.format.key(row)) in left:
                left.discard(key)
                found.append(row)
            index += 1
        return found

    # Where the cursor goes

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, as far as there are rows; scroll by half a page at the edge."""
        index = self._last_known(max(0, index))
        self._reading_to_end = False
        if index == self.cursor:
            return
        old, self.cursor = self.cursor, index
        height = self._list_height
        if self.top <= index < self.top + height:
            self._refresh_rows(old, index)
        else:
            # By half a page: a line at a time would send the whole pane for every key.
            half = max(1, height // 2)
            if self.top - half <= index < self.top + height + half:
                self.top += half if index > old else -half
                self.top = max(0, min(self.top, index))
            else:
                self.top = max(0, index - half)
            self.refresh()
        self._tell_moved()

    def action_down(self) -> None:
        """Go to the next row."""
        self.move_to(self.cursor + 1)

    def action_up(self) -> None:
        """Go to the previous row."""
        self.move_to(self.cursor - 1)

    def action_half_page(self, direction: int) -> None:
        """Go half a page."""
        self._leap(direction * max(1, self._list_height // 2))

    def action_page(self, direction: int) -> None:
        """Go a page, with a line of overlap."""
        self._leap(direction * max(1, self._list_height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """Go to the last row, reading on in short turns until it is met or a key is pressed."""
        self._reading_to_end = True
        self._read_to_end()

    def _read_to_end(self) -> None:
        pages = self._pages
        if pages is None or not self._reading_to_end:
            return
        until = monotonic() + READ_SECONDS
        while pages.read_on():
            if monotonic() > until:
                self.call_later(self._read_to_end)
                break
        else:
            self._reading_to_end = False
        going_on = self._reading_to_end
        self.move_to(pages.known - 1)
        self._reading_to_end = going_on

    def _leap(self, rows: int) -> None:
        """Move cursor and window together, so that the cursor keeps its line."""
        old = self.cursor
        target = self._last_known(max(0, old + rows))
        if target == old:
            return
        self._reading_to_end = False
        self.cursor = target
        lowest = max(0, self._last_known(self.top + rows + self._list_height) + 1)
        self.top = max(0, min(self.top + rows, lowest - self._list_height, target))
        self.top = max(self.top, target - self._list_height + 1)
        self.refresh()
        self._tell_moved()

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
        if not self.markable or self._pages is None:
            return
        every: set[Hashable] = set()
        while len(every) < MARK_ROWS and (row := self._row_at(len(every))) is not None:
            every.add(self.format.key(row))
        limited = self._row_at(len(every)) is not None
        self.marked = set() if self.marked >= every else every
        self.refresh()
        self._tell_marked(limited=limited and bool(self.marked))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if (row := self.row) is not None:
            self.post_message(self.Opened(self, row))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a click on the cursor opens."""
        index = self.top + event.y - self._header_lines
        if event.y < self._header_lines or self._row_at(index) is None:
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
        height = self._list_height
        bottom = self._last_known(self.top + rows + height - 1)
        top = max(0, min(self.top + rows, bottom - height + 1))
        if top == self.top:
            return
        self.top = top
        inside = max(top, min(self.cursor, top + height - 1))
        self.refresh()
        if inside != self.cursor:
            self.cursor = inside
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
        height = self._list_height
        if self.cursor >= self.top + height:
            self.top = self.cursor - height + 1

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return finished lines: the compositor's own work on them is what makes lists slow."""
        width, height = self.size.width, self._list_height
        colours = palette(self.app)
        head = self._header_lines
        first, last = thumb_span(self.top, height, self._total(), height)
        minute = times.now() // times.MINUTE
        out: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            line = y - head
            if line < 0:
                out.append(self._painter.header(width, colours))
                continue
            bar = "" if first == last else "thumb" if first <= line < last else "track"
            index = self.top + line
            row = self._row_at(index)
            if row is None:
                out.append(self._below(index, width, colours, bar))
                continue
            ground = ("cursor" if self.has_focus else "blurred") if index == self.cursor else ""
            state = RowState(ground, self.format.key(row) in self.marked, bar, minute)
            out.append(self._painter.row(row, state, width, colours))
        if crop.x == 0 and crop.right == width:
            return out
        return [strip.crop(crop.x, crop.right) for strip in out]

    def _below(self, index: int, width: int, colours: Palette, bar: str) -> Strip:
        """Return what stands under the last row: a problem, or what to do where there is none."""
        text, style, known = "", "muted", self.rows_known
        if self._pages is not None and self._pages.problem:
            text, style = self._pages.problem, "late"
        elif self._pages is not None and known == 0:
            text = self.empty
        return self._painter.below(text, style, index - known, width, colours, bar)

    # Counting

    @property
    def _header_lines(self) -> int:
        return 1 if self._painter.header_cells(self.size.width) else 0

    @property
    def _list_height(self) -> int:
        return max(1, self.size.height - self._header_lines)

    def _total(self) -> int:
        known = self.rows_known
        if self._pages is None or self._pages.complete:
            return known
        return max(known + 1, self.count or 0)

    def _row_at(self, index: int) -> Row | None:
        return self._pages.row(index) if self._pages is not None and index >= 0 else None

    def _last_known(self, index: int) -> int:
        """Return the index, or that of the last row where there are not so many."""
        if self._row_at(index) is not None:
            return index
        return max(0, min(index, self.rows_known - 1))

    def _find(self, key: Hashable) -> int | None:
        """Return where a row is now: its page first, then the beginning of the list."""
        pages = self._pages
        if pages is None:
            return None
        near = pages.page_of(self._last_known(self.cursor))
        spans = (
            near,
            range(near.stop, near.stop + 50),
            range(max(0, near.start - 200), near.start),
        )
        for span in (*spans, range(min(near.start, 1_000))):
            for index in span:
                row = self._row_at(index)
                if row is None:
                    break
                if self.format.key(row) == key:
                    return index
        return None

    def _refresh_rows(self, *indexes: int) -> None:
        head, height = self._header_lines, self._list_height
        lines = [index - self.top for index in indexes]
        regions = [
            Region(0, head + line, self.size.width, 1) for line in lines if 0 <= line < height
        ]
        if regions and self.is_mounted:
            self.refresh(*regions)

    def _tell_moved(self) -> None:
        self.post_message(self.Moved(self, self.row))

    def _tell_marked(self, *, limited: bool = False) -> None:
        self.post_message(self.Marked(self, frozenset(self.marked), limited))
