"""The cheat sheet: a customer on one screen, before the first sentence of their call is over.

    sheet = Sheet(id="sheet")
    sheet.show(record)             # a `CheatSheet`; None shows `empty`

It says `Sheet.Opened` when the agent wants the customer in full, and `Sheet.EditAsked` when they
want to edit them.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from console import times
from console.theme import palette
from console.widgets.binding import bind
from console.widgets.lean import Cell, LeanStrip, draw, thumb_span
from console.widgets.rows import BAR_CELLS, bar_segment
from console.widgets.selectable import Selectable
from console.widgets.sheet_lines import Cells, sheet_lines
from db.records import CheatSheet

WHEEL_LINES = 3


class Sheet(Selectable, can_focus=True):
    """Draws a cheat sheet; scrolls where it is longer than the pane.

    Attributes:
        empty: What to do next, said where there is no customer.
        sheet: What is shown.
    """

    DEFAULT_CSS = "Sheet { width: 1fr; height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("sheet.down", "j,down", "line(1)", "A line down"),
        bind("sheet.up", "k,up", "line(-1)", "A line up"),
        bind("sheet.page_down", "pagedown,space", "page(1)", "A page down"),
        bind("sheet.page_up", "pageup", "page(-1)", "A page up"),
        bind("sheet.open", "enter", "open", "Open the customer in full"),
        bind("sheet.edit", "i", "edit", "Edit the customer"),
    ]

    class Opened(Message):
        """The agent wants the customer in full.

        Attributes:
            sheet: Where.
            customer_id: Whom.
        """

        def __init__(self, sheet: Sheet, customer_id: int) -> None:
            super().__init__()
            self.sheet = sheet
            self.customer_id = customer_id

        @property
        def control(self) -> Sheet:
            """The sheet, so that ``@on(Sheet.Opened, "#sheet")`` works."""
            return self.sheet

    class EditAsked(Message):
        """The agent wants to edit the customer.

        Attributes:
            sheet: Where.
            record: Whom, as they are shown.
        """

        def __init__(self, sheet: Sheet, record: CheatSheet) -> None:
            super().__init__()
            self.sheet = sheet
            self.record = record

        @property
        def control(self) -> Sheet:
            """The sheet."""
            return self.sheet

    def __init__(
        self,
        *,
        empty: str = "No customer here. c finds one.",
        id: str | None = None,  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.sheet: CheatSheet | None = None
        self._top = 0
        self._lines: list[Cells] = []
        self._made_for: object = None

    def show(self, sheet: CheatSheet | None) -> None:
        """Show a customer; the scroll position stays where it is the same one."""
        if sheet is None or self.sheet is None or sheet.customer_id != self.sheet.customer_id:
            self._top = 0
        self.sheet = sheet
        self._made_for = None
        self.end_selection()
        self.refresh()

    def action_line(self, direction: int) -> None:
        """Go a line."""
        self._scroll(direction)

    def action_page(self, direction: int) -> None:
        """Go a page."""
        self._scroll(direction * max(1, self.size.height - 1))

    def action_open(self) -> None:
        """Ask for the customer in full."""
        if self.sheet is not None:
            self.post_message(self.Opened(self, self.sheet.customer_id))

    def action_edit(self) -> None:
        """Ask for the customer to be edited."""
        if self.sheet is not None:
            self.post_message(self.EditAsked(self, self.sheet))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self._scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self._scroll(-WHEEL_LINES)

    def _scroll(self, lines: int) -> None:
        most = max(0, len(self._laid_out()) - self.size.height)
        top = max(0, min(most, self._top + lines))
        if top != self._top:
            self._top = top
            self.end_selection()
            self.refresh()

    def _laid_out(self) -> list[Cells]:
        """Return all lines for this size and minute; the sheet says ages."""
        wanted = (self.size, times.now() // times.MINUTE, self.sheet is None)
        if self._made_for != wanted:
            width, height = self.size
            if self.sheet is None:
                self._lines = [(Cell(f" {self.empty}", "muted"),)] if self.empty else []
            else:
                self._lines = sheet_lines(self.sheet, width - BAR_CELLS, height)
            self._top = max(0, min(self._top, len(self._lines) - height))
            self._made_for = wanted
        return self._lines

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return finished lines."""
        width, height = self.size
        colours = palette(self.app)
        lines = self._laid_out()
        first, last = thumb_span(self._top, height, len(lines), height)
        out: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            bar = "" if first == last else "thumb" if first <= y < last else "track"
            cells = lines[self._top + y] if self._top + y < len(lines) else ()
            segments = draw(cells, width - BAR_CELLS, colours)
            out.append(LeanStrip([*segments, bar_segment(bar, colours)], width))
        out = self.with_selection(out, crop.y)
        if crop.x == 0 and crop.right == width:
            return out
        return [strip.crop(crop.x, crop.right) for strip in out]
