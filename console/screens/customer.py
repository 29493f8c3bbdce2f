"""A customer in full: the cheat sheet, their cases, one stream of everything across channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from console.guard import plain
from console.keymap import bindings_of
from console.screens.acts import CaseActs
from console.screens.desk_status import show_place
from console.screens.desk_widgets import CaseSource, Stream, cases_of
from console.widgets.case_format import CaseFormat
from console.widgets.list_messages import Opened
from console.widgets.paged_list import PagedList
from console.widgets.sheet import Sheet
from console.widgets.status_line import StatusLine
from console.widgets.timeline import Timeline
from console.widgets.timeline_messages import Opened as EntryOpened
from db.errors import StoreError
from db.queries.sheet import cheat_sheet
from db.records import CaseRow, CheatSheet, Done, TimelineItem

PANES = ("sheet", "cases", "stream")
TWO_COLUMNS = 100  # cells
CASES = 200


class CustomerScreen(CaseActs):
    """Who is this?"""

    PLACE = "sheet"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("panes"), *bindings_of("case")]

    def __init__(self, customer_id: int) -> None:
        super().__init__()
        self.customer_id = customer_id
        self.sheet: CheatSheet | None = None
        self._look = CaseFormat()
        self.pane = "stream"
        self.zoomed = False

    def compose(self) -> ComposeResult:
        """Lay out sheet and cases on the left, the stream on the right."""
        with Horizontal(id="customer-panes"):
            with Vertical(id="customer-left"):
                with Vertical(id="pane-sheet", classes="pane"):
                    yield Sheet(id="customer-sheet")
                with Vertical(id="pane-cases", classes="pane"):
                    yield Static("Cases", classes="pane-title")
                    cases: PagedList[CaseRow] = PagedList(
                        self._look, id="customer-cases", empty="No cases."
                    )
                    yield cases
            with Vertical(id="pane-stream", classes="pane"):
                yield Static("", id="customer-title", classes="pane-title")
                yield Timeline(id="customer-stream", empty="Nothing happened yet.")
        yield StatusLine(id="status")

    @property
    def cases(self) -> PagedList[CaseRow]:
        """The case list."""
        return self.query_one("#customer-cases", PagedList)

    @property
    def timeline(self) -> Timeline:
        """The stream."""
        return self.query_one(Timeline)

    @property
    def place(self) -> str:
        """Where the focus is, for the help."""
        return "timeline" if self.pane == "stream" else self.pane

    def on_mount(self) -> None:
        """Read the customer."""
        self._read()
        source = CaseSource(
            self.desk.reader, cases_of(self.customer_id), self.desk.me.agent_id, self._look
        )
        self.cases.load(source, count=self.sheet.cases if self.sheet else None)
        self.timeline.load(Stream(self.desk.reader, customer_id=self.customer_id))
        self._focus_pane("stream" if self._two_columns else "sheet")

    @property
    def _two_columns(self) -> bool:
        return self.size.width >= TWO_COLUMNS

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as there is room for."""
        self._show_panes()

    def _show_panes(self) -> None:
        wide = self._two_columns and not self.zoomed
        for pane in PANES:
            self.query_one(f"#pane-{pane}").display = wide or pane == self.pane
        self.query_one("#customer-left").display = wide or self.pane != "stream"
        self.set_class(not wide, "-single")

    def _focus_pane(self, pane: str) -> None:
        self.pane = pane
        self._show_panes()
        self.set_focus(self._focus_widget(pane))
        self._show_status()

    def _focus_widget(self, pane: str) -> Widget:
        widgets = {"sheet": "#customer-sheet", "cases": "#customer-cases"}
        return self.query_one(widgets.get(pane, "#customer-stream"))

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        for pane in PANES:
            if event.widget is self._focus_widget(pane) and self.pane != pane:
                self.pane = pane
                self._show_panes()
                self._show_status()

    def keeper(self) -> Widget:
        """Return the widget of the pane that has the focus."""
        return self._focus_widget(self.pane)

    def reload(self) -> None:
        """Read again what is shown; the cursor and the scroll stay."""
        self._read()
        self.cases.reload(count=self.sheet.cases if self.sheet else None)
        self.timeline.reload()

    def _read(self) -> None:
        try:
            self.sheet = self.desk.reader.now(cheat_sheet, self.customer_id)
        except StoreError as error:
            self.desk.warn(str(error))
            self.sheet = None
        self.query_one(Sheet).show(self.sheet)
        if self.sheet is not None:
            words = f"{self.sheet.name} – {self.sheet.entries:,} entries on every channel"
            self.query_one("#customer-title", Static).update(plain(words))
        self._show_status()

    def _show_status(self) -> None:
        name = self.sheet.name if self.sheet else ""
        pane = {"stream": "everything", "sheet": "cheat sheet"}.get(self.pane, self.pane)
        show_place(self.query_one(StatusLine), ("customers", name, pane))

    def action_pane(self, by: int) -> None:
        """Go to the next pane, or the one before."""
        self._focus_pane(PANES[(PANES.index(self.pane) + by) % len(PANES)])

    def action_pane_right(self) -> None:
        """Go to the pane on the right."""
        if self.pane != "stream":
            self._focus_pane(PANES[PANES.index(self.pane) + 1])

    def action_pane_left(self) -> None:
        """Go to the pane on the left; in the leftmost one, back."""
        if self.pane == "sheet":
            self.go_back()
        else:
            self._focus_pane(PANES[PANES.index(self.pane) - 1])

    def action_zoom(self) -> None:
        """Give this pane the whole screen, or take it back."""
        self.zoomed = not self.zoomed
        self._show_panes()

    def target_ids(self) -> list[int]:
        """Return the marked cases, or the one under the cursor or under the eye."""
        marked = [key for key in self.cases.marked if isinstance(key, int)]
        if marked and self.pane == "cases":
            return sorted(marked)
        item = self.timeline.current_item if self.pane == "stream" else None
        if item is not None and item.case_id:
            return [item.case_id]
        row = self.cases.row
        return [row.case_id] if row is not None else []

    def target_item(self) -> TimelineItem | None:
        """Return the message that the agent reads."""
        return self.timeline.current_item if self.pane == "stream" else None

    def cases_shown(self) -> Sequence[int]:
        """Return the cases that an act may be about without being named first."""
        return self.target_ids()

    def customer_shown(self) -> int:
        """Return the customer."""
        return self.customer_id

    def acted(self, done: Done) -> None:
        """Take the marks off once an act on them came through."""
        self.cases.unmark()

    def action_compose(self, kind: str) -> None:
        """Write on the case that is meant, on the desk, where its timeline is."""
        ids = self.target_ids()
        if len(ids) != 1:
            self.desk.say("Writing needs one case.")
            return
        self.desk.show_case(ids[0])
        self.app.call_after_refresh(self.desk.compose_on_desk, kind)

    @on(PagedList.Opened, "#customer-cases")
    def _case_opened(self, event: Opened) -> None:
        self.desk.show_case(event.row.case_id)

    @on(Timeline.Opened)
    def _entry_opened(self, event: EntryOpened) -> None:
        if event.item.case_id:
            self.desk.show_case(event.item.case_id, entry_id=event.item.entry_id)

    def cancel(self) -> None:
        """Give a pane its size back, take marks off, else go back."""
        if self.zoomed:
            self.action_zoom()
        elif self.cases.marked:
            self.cases.unmark()
        else:
            self.go_back()

    def go_top(self) -> None:
        """Go to the first line of the focused pane."""
        if self.pane == "stream":
            self.timeline.action_first()
        else:
            self.cases.action_first()
