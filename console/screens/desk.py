"""The desk: queues, cases, the timeline of the customer and their cheat sheet, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from console.keymap import bindings_of
from console.screens.desk_shows import Shows
from console.screens.desk_status import show_desk_status
from console.screens.desk_widgets import CaseList, QueueList
from console.screens.panes import MEDIUM, PANES, neighbour, panes_shown
from console.widgets.composer import Composer
from console.widgets.list_messages import Opened
from console.widgets.paged_list import PagedList
from console.widgets.sheet import Sheet
from console.widgets.status_line import StatusLine
from console.widgets.timeline import Timeline
from console.widgets.timeline_messages import Opened as EntryOpened
from db.records import CaseDetail, Done, TimelineItem

STATUS_SECONDS = 30.0  # ages move on by themselves


class DeskScreen(Shows):
    """What should I do now?"""

    PLACE = "cases"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("panes"), *bindings_of("case")]

    def __init__(self) -> None:
        super().__init__()
        self.zoomed = False
        self._shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out the panes and the status line."""
        with Horizontal(id="panes"):
            with Vertical(id="pane-queues", classes="pane"):
                yield Static(Content("Queues"), classes="pane-title")
                yield QueueList()
            with Vertical(id="pane-cases", classes="pane"):
                yield Static(Content(""), id="cases-title", classes="pane-title")
                yield CaseList()
            with Vertical(id="pane-reading", classes="pane"):
                yield Static(id="strip")
                yield Static(id="case-head")
                yield Timeline(id="timeline", empty="Pick a case in the list.")
                yield Composer(id="composer")
            with Vertical(id="pane-sheet", classes="pane"):
                yield Static(Content("Customer"), classes="pane-title")
                yield Sheet(id="sheet")
        yield StatusLine(id="status")

    @property
    def place(self) -> str:
        """Where the focus is, for the help."""
        if self.focused is not None and self.composer in self.focused.ancestors:
            return "compose"
        return "timeline" if self.pane == "reading" else self.pane

    def on_mount(self) -> None:
        """Show the first queue that has something for this agent."""
        self.cases.followed = self.case_moved
        self.composer.keep = self.keep_draft
        self.read_queues()
        mine = self.pinned(1)
        first = mine if mine is not None and mine.cases else self.pinned(3) or self.pinned(0)
        self.focus_pane("cases")
        if first is not None:
            self.show_queue(first)
        self.read_status()
        self.set_interval(STATUS_SECONDS, self.read_status)

    # Panes

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as there is room for."""
        self._show_panes()

    def _show_panes(self) -> None:
        shown = panes_shown(self.app.size.width, self.pane, zoomed=self.zoomed)
        if shown == self._shown:
            return
        self._shown = shown
        self.set_class(len(shown) == 1, "-single")
        for pane in PANES:
            box = self.pane_widget(pane)
            box.display = pane in shown
            box.set_class(pane == shown[-1], "-last")
        self.query_one("#strip").display = self.app.size.width < MEDIUM
        self.catch_up()

    def _focus_widget(self, pane: str) -> Widget:
        if pane != "reading":
            return self.query_one(f"#{pane}")
        return self.composer.area if self.composer.writing is not None else self.timeline

    def focus_pane(self, pane: str) -> None:
        """Go to a pane; it comes on screen if it was not."""
        self.pane = pane
        self._show_panes()
        self.set_focus(self._focus_widget(pane))
        self._show_focus()

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        for pane in PANES:
            if self.pane != pane and self.pane_widget(pane) in event.widget.ancestors:
                self.pane = pane
                self._show_panes()
        self._show_focus()

    def keeper(self) -> Widget:
        """Return the widget of the pane that has the focus."""
        return self._focus_widget(self.pane)

    def _show_focus(self) -> None:
        for pane in PANES:
            self.pane_widget(pane).set_class(pane == self.pane, "-focused")
        self.show_status()

    def show_status(self) -> None:
        """Say where the agent is, how many wait and since when, and what is unfinished."""
        for line in self.query(StatusLine):  # gone when the desk is being closed
            show_desk_status(self, line)

    def action_pane(self, by: int) -> None:
        """Go to the next pane, or the one before."""
        self.focus_pane(neighbour(self.pane, by, wrap=True) or "cases")

    def action_pane_right(self) -> None:
        """Go to the pane on the right."""
        pane = neighbour(self.pane, 1)
        if pane is not None:
            self.focus_pane(pane)

    def action_pane_left(self) -> None:
        """Go to the pane on the left; in the leftmost one, back."""
        pane = neighbour(self.pane, -1)
        if pane is None:
            self.go_back()
        else:
            self.focus_pane(pane)

    def action_zoom(self) -> None:
        """Give this pane the whole screen, or take it back."""
        self.zoomed = not self.zoomed
        self._show_panes()

    # What is meant

    def target_ids(self) -> list[int]:
        """Return the marked cases, or the one that is shown."""
        marked = [key for key in self.cases.marked if isinstance(key, int)]
        if marked and self.pane == "cases":
            return sorted(marked)
        if self.pane in ("reading", "sheet") and self.detail is not None:
            return [self.detail.row.case_id]
        row = self.cases.row
        return [row.case_id] if row is not None else []

    def target_item(self) -> TimelineItem | None:
        """Return the message that the agent reads."""
        return self.timeline.current_item if self.pane == "reading" else None

    def cases_shown(self) -> Sequence[int]:
        """Return the cases that an act may be about without being named first."""
        shown = set(self.target_ids())
        if self.pane_widget("cases").display:
            shown.update(self.cases.ids_on_screen())
        if self.detail is not None:
            shown.add(self.detail.row.case_id)
        return sorted(shown)

    def customer_shown(self) -> int:
        """Return the customer on screen; 0 for none."""
        return self.detail.row.customer_id if self.detail is not None else 0

    def current(self) -> CaseDetail | None:
        """Return the case that is written on."""
        row = self.cases.row
        stale = row is not None and (self.detail is None or self.detail.row.case_id != row.case_id)
        if row is not None and stale and self.pane in ("queues", "cases"):
            self.preview(row.case_id)
        return self.detail

    def acted(self, done: Done) -> None:
        """Take the marks off once an act on them came through."""
        self.cases.unmark()

    def writing_began(self) -> None:
        """Bring the composer on screen."""
        self.focus_pane("reading")

    def writing_ended(self) -> None:
        """Give the keys back to the timeline."""
        self.focus_pane("reading")

    # What lists, timeline and sheet tell

    @on(PagedList.Opened, "#queues")
    def _queue_opened(self, event: Opened) -> None:
        self.show_queue(event.row)
        self.focus_pane("cases")

    @on(PagedList.Opened, "#cases")
    def _case_opened(self, event: Opened) -> None:
        if self.detail is None or self.detail.row.case_id != event.row.case_id:
            self.preview(event.row.case_id)
        self.focus_pane("reading")
        self.watch_seen()

    @on(PagedList.Marked, "#cases")
    def _marked(self) -> None:
        self.show_status()

    @on(Timeline.Opened)
    def _entry_opened(self, event: EntryOpened) -> None:
        """Make the case of a message the current one, where it is another."""
        case_id = event.item.case_id
        if case_id and (self.detail is None or self.detail.row.case_id != case_id):
            self.show_case(case_id, entry_id=event.item.entry_id)

    @on(Sheet.Opened)
    def _sheet_opened(self, event: Sheet.Opened) -> None:
        self.desk.show_customer(event.customer_id)

    # Back

    def go_back(self) -> None:
        """Go to the pane before; on the leftmost there is nothing to go back to."""
        if self.zoomed:
            self.action_zoom()
        elif self.pane != "cases":
            self.focus_pane("cases")
        elif self.queue is None:
            self.show_pinned(0)
        else:
            self.desk.say("This is the desk · ctrl+q leaves Centric")

    def cancel(self) -> None:
        """Give a pane its size back, take marks and highlights off."""
        if self.zoomed:
            self.action_zoom()
        elif self.cases.marked:
            self.cases.unmark()
        else:
            self.timeline.highlight(())

    def go_top(self) -> None:
        """Go to the first line of the focused pane."""
        if self.pane == "reading":
            self.timeline.action_first()
        elif self.pane == "queues":
            self.queue_list.action_first()
        else:
            self.cases.action_first()
