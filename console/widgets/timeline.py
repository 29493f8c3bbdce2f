"""One stream of everything that happened, wrapped as it comes into sight: 2,000 mails open like 3.

    timeline = Timeline(id="timeline", empty="Pick a case with enter.")
    timeline.load(source, seen_at=detail.seen_at)   # a `TimelineSource`; None shows `empty`
    timeline.load(source, land_on=entry_id)         # or stands on one entry
    timeline.reload()                               # something changed: the place stays
    timeline.highlight(["invoice"])                 # then ``.`` and ``,`` step through matches
    timeline.current_item, timeline.entry_text()    # what the agent looks at

Its place is (item, line of that item): nothing off screen is ever wrapped or measured. It tells its
parents with `Timeline.Current` and `Timeline.Opened`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip

from console.theme import palette
from console.widgets.binding import bind
from console.widgets.blocks import Blocks
from console.widgets.entry_lines import item_key
from console.widgets.lean import thumb_span
from console.widgets.selectable import Selectable
from console.widgets.stream import Stream, TimelineSource
from console.widgets.timeline_messages import Current, Opened
from console.widgets.viewport import Viewport, Wanted
from db.records import EntryText, TimelineItem

__all__ = ["Timeline", "TimelineSource"]

READ_SECONDS = 0.03
"""How long one turn of reading towards the start may take before keys are looked at again."""

WHEEL_LINES = 3


class Timeline(Selectable, can_focus=True):
    """Draws a timeline from its source and says what the agent looks at.

    Attributes:
        empty: What to do next, said where there is nothing to show.
        events_shown: Whether events stand among the messages.
    """

    DEFAULT_CSS = "Timeline { width: 1fr; height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("timeline.down", "j,down", "line(1)", "A line down"),
        bind("timeline.up", "k,up", "line(-1)", "A line up"),
        bind("timeline.half_down", "ctrl+d", "half_page(1)", "Half a page down"),
        bind("timeline.half_up", "ctrl+u", "half_page(-1)", "Half a page up"),
        bind("timeline.page_down", "pagedown", "page(1)", "A page down"),
        bind("timeline.page_up", "pageup", "page(-1)", "A page up"),
        bind("timeline.first", "home", "first", "The very first contact"),
        bind("timeline.last", "G,end", "last", "The newest"),
        bind("timeline.next_message", "J", "message(1)", "Next message"),
        bind("timeline.previous_message", "K", "message(-1)", "Previous message"),
        bind(
            "timeline.next_case", "greater_than_sign,right_square_bracket", "case(1)", "Next case"
        ),
        bind(
            "timeline.previous_case",
            "less_than_sign,left_square_bracket",
            "case(-1)",
            "Previous case",
        ),
        bind("timeline.next_match", "full_stop", "match(1)", "Next match"),
        bind("timeline.previous_match", "comma", "match(-1)", "Previous match"),
        bind("timeline.fold", "z", "fold", "Fold or show the quotes of this message"),
        bind("timeline.fold_all", "Z", "fold_all", "Fold or show all quotes"),
        bind("timeline.events", "V", "events", "Events on and off"),
        bind("timeline.open", "enter", "open", "Open this message"),
    ]

    Current = Current
    Opened = Opened

    def __init__(
        self,
        *,
        empty: str = "Nothing here yet.",
        id: str | None = None,  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.events_shown = True
        self._view: Viewport | None = None
        self._blocks = Blocks()
        self._told: tuple[int, int] | None = None
        self._land_on: int | None = None
        self._reading_to_start = False

    # What the screen tells the timeline

    def load(self, source: TimelineSource | None, *, seen_at: int = 0, land_on: int = 0) -> None:
        """Show a timeline.

        It lands on the first thing later than ``seen_at``, under a marker line; where nothing is,
        or the agent was never here, on the newest message.

        Args:
            source: None for no timeline.
            seen_at: Up to when this agent has seen it; UTC milliseconds, 0 for never.
            land_on: An entry to land on instead, such as the one that was found; 0 for none.
        """
        self._reading_to_start = False
        self._blocks.toggled.clear()
        self._blocks.first_new = None
        self._blocks.forget()
        self._view = self._land_on = None
        if source is not None:
            view = self._view = Viewport(Stream(source, events=self.events_shown), self._blocks)
            view.stream.read_older()
            if seen_at:
                view.find_new(seen_at)
            # It can only land where the size is known, which on a new screen is later.
            self._land_on = land_on
            self._measure()
        self._show()

    def reload(self) -> None:
        """Read again what is shown; what the agent looks at stays where it is on screen."""
        view = self._view
        if view is None or self._land_on is not None:
            return
        fresh = Stream(view.stream.source, events=self.events_shown)
        fresh.keep_texts_of(view.stream)
        least = view.stream.read
        while fresh.read < least or not fresh.read:
            if not fresh.read_older():
                break
        if fresh.problem:
            view.stream.problem = fresh.problem
        else:
            anchor = view.anchor()
            view.stream = fresh
            view.return_to(anchor)
        self._show()

    def highlight(self, terms: Sequence[str]) -> None:
        """Show these words wherever they stand; none to end that."""
        self._blocks.highlight(terms)
        self.refresh()

    @property
    def current_item(self) -> TimelineItem | None:
        """What the agent looks at: what they jumped to, else what stands a third down."""
        view = self._view
        index = view.current_index() if view else None
        return view.stream.shown[index] if view and index is not None else None

    def entry_text(self) -> EntryText | None:
        """Return the text of the current item; None where it has none."""
        view = self._view
        index = view.current_index() if view else None
        if view is None or index is None or not view.stream.shown[index].entry_id:
            return None
        return view.stream.text(index)

    # Going places

    def action_line(self, direction: int) -> None:
        """Go a line."""
        self._scroll(direction)

    def action_half_page(self, direction: int) -> None:
        """Go half a page."""
        self._scroll(direction * max(1, self.size.height // 2))

    def action_page(self, direction: int) -> None:
        """Go a page, with two lines of overlap."""
        self._scroll(direction * max(1, self.size.height - 2))

    def action_last(self) -> None:
        """Go to the end."""
        if self._view:
            self._reading_to_start = False
            self._view.selected = None
            self._view.to_bottom()
            self._show()

    def action_first(self) -> None:
        """Go to the very first contact, reading older pages in short turns."""
        self._reading_to_start = True
        self._read_to_start()

    def _read_to_start(self) -> None:
        if self._view is None or not self._reading_to_start:
            return
        until = monotonic() + READ_SECONDS
        self._reading_to_start = False
        while self._view.stream.read_older():
            if monotonic() > until:
                self._reading_to_start = True
                self.call_later(self._read_to_start)
                break
        self._view.to_start()
        self._show()

    def action_message(self, direction: int) -> None:
        """Go to the next or previous item that is not an event."""
        self._jump(direction, lambda _, item: item.kind != "event")

    def action_case(self, direction: int) -> None:
        """Go to where the next or previous case begins."""
        self._jump(direction, lambda above, item: above is None or above.case_id != item.case_id)

    def action_match(self, direction: int) -> None:
        """Go to the next or previous line with a highlighted word."""
        self._reading_to_start = False
        if self._view and self._view.jump_to_match(direction):
            self._show()

    def _jump(self, direction: int, wanted: Wanted) -> None:
        self._reading_to_start = False
        if self._view and self._view.jump(direction, wanted):
            self._show()

    def _scroll(self, lines: int) -> None:
        self._reading_to_start = False
        if self._view:
            self._view.scroll(lines)
            self._show()

    def action_open(self) -> None:
        """Open the current item."""
        if (item := self.current_item) is not None:
            self.post_message(self.Opened(self, item))

    # What is shown of it

    def action_fold(self) -> None:
        """Fold or show the quotes of the current item."""
        if (item := self.current_item) is not None:
            key = item_key(item)
            self._keeping_place(lambda: self._blocks.toggled.symmetric_difference_update({key}))

    def action_fold_all(self) -> None:
        """Fold or show all quotes."""

        def turn() -> None:
            self._blocks.all_unfolded = not self._blocks.all_unfolded
            self._blocks.toggled.clear()

        self._keeping_place(turn)

    def action_events(self) -> None:
        """Show events among the messages, or leave them out."""

        def turn() -> None:
            self.events_shown = not self.events_shown
            if self._view:
                self._view.stream.show_events(self.events_shown)

        self._keeping_place(turn)

    def _keeping_place(self, change: Callable[[], None]) -> None:
        anchor = self._view.anchor() if self._view else None
        change()
        if self._view:
            self._view.return_to(anchor)
        self._show()

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Make the item that was clicked the current one; the end of a selection is no click."""
        if self.text_selection is not None:
            return
        rows = self._view.window() if self._view else []
        if self._view and event.y < len(rows):
            self._view.selected = item_key(self._view.stream.shown[rows[event.y][0]])
            self._show()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self._scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self._scroll(-WHEEL_LINES)

    # Drawing

    def on_resize(self) -> None:
        """Wrap anew, the same line staying at the top."""
        self._measure()
        self._show()

    def _measure(self) -> None:
        """Tell the view its size, and land where that waited for it."""
        width, height = self.size
        view = self._view
        if view is None or not width or not height:
            return
        if (width, height) != (self._blocks.width, view.height):
            anchor = view.anchor() if view.height else None
            self._blocks.width, view.height = width, height
            if anchor is not None:
                view.return_to(anchor)
        if self._land_on is not None:
            land_on, self._land_on = self._land_on, None
            view.land(land_on)

    def _show(self) -> None:
        """Draw anew and tell what is looked at now, if that is another item."""
        self.end_selection()
        self.refresh()
        if self._land_on is not None:
            return
        item = self.current_item
        key = item_key(item) if item else None
        if key != self._told:
            self._told = key
            self.post_message(self.Current(self, item))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return finished lines of what is in sight."""
        width, height = self.size
        self._blocks.width = width
        colours = palette(self.app)
        view = self._view
        rows = view.window() if view else []
        current = view.current_index() if view else None
        above, total = view.position() if view else (0, 0)
        first, last = thumb_span(above, height, total, height)
        out: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            bar = "" if first == last else "thumb" if first <= y < last else "track"
            if view and y < len(rows) and not (view.stream.problem and y == height - 1):
                index, line = rows[y]
                block = view.block(index)
                out.append(self._blocks.strip(block, line, index == current, bar, colours))
            else:
                sentence, style = self._aside(y, bool(rows))
                out.append(self._blocks.blank(sentence, style, bar, colours))
        out = self.with_selection(out, crop.y)
        if crop.x == 0 and crop.right == width:
            return out
        return [strip.crop(crop.x, crop.right) for strip in out]

    def _aside(self, y: int, something: bool) -> tuple[str, str]:
        """Return what is said on a line without an item: a problem below, or what to do next."""
        problem = self._view.stream.problem if self._view else ""
        if problem:
            return (
                (problem, "late") if y == (self.size.height - 1 if something else 0) else ("", "")
            )
        return (self.empty, "muted") if y == 0 and not something else ("", "text")
