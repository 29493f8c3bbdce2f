"""Find a customer by a few half-remembered letters; their cheat sheet shows while one types."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from console import times
from console.keymap import bindings_of
from console.screens.base import Overlay, TypeAhead
from console.text import one_line, pad, width
from console.widgets.paged_list import Cell, PagedList
from console.widgets.sheet import Sheet
from db.engine.interface import Connection
from db.errors import StoreError
from db.identity.lookup import find_customers
from db.queries.sheet import cheat_sheet
from db.records import CheatSheet, CustomerHit

HITS = 30
REST_SECONDS = 0.08  # a sheet is read when the cursor rests on a hit
MAX_TYPED = 100  # characters


class HitRows:
    """Hits that are all there already."""

    def __init__(self, hits: Sequence[CustomerHit]) -> None:
        self._hits = tuple(hits)

    def fetch(self, after_key: object) -> tuple[Sequence[CustomerHit], None]:
        """Return all of them."""
        return self._hits, None


class HitFormat:
    """Draws a hit: name, organization, what matched, open cases, last contact."""

    def key(self, row: CustomerHit) -> Hashable:
        """Return the customer."""
        return row.customer_id

    def version(self, row: CustomerHit) -> Hashable:
        """Return all that is drawn."""
        return row

    def cells(self, row: CustomerHit, width_: int) -> list[Cell]:
        """Return the line."""
        open_cases = f"{row.open_cases} open" if row.open_cases else ""
        right = f" {open_cases:>7} {times.short_day(row.last_at) if row.last_at else '–':>10}"
        room = max(0, width_ - width(right))
        name = pad(one_line(row.name, int(room * 0.36)), int(room * 0.38))
        organization = pad(one_line(row.organization, int(room * 0.28)), int(room * 0.3))
        left = room - width(name) - width(organization)
        why = one_line(f"{row.why}: {row.matched}" if row.matched != row.name else row.why, left)
        return [
            Cell(name, "strong"),
            Cell(organization, "text"),
            Cell(pad(why, left), "muted"),
            Cell(right, "muted"),
        ]

    def header(self, width_: int) -> list[Cell]:
        """Return nothing: the columns speak for themselves."""
        return []


class CustomerFinder(Overlay[int], TypeAhead[int]):
    """Hits as one types, the sheet of the one under the cursor beside them."""

    PLACE = "finder"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("finder")
    AUTO_FOCUS = "#finder-typed"

    def __init__(self) -> None:
        super().__init__()
        self._rest: Timer | None = None
        self._answered: str | None = None  # what the hits on screen were found for
        self._opens: str | None = None  # what stood there when enter came before the hits

    def compose(self) -> ComposeResult:
        """Lay out the field, the hits and the sheet."""
        with Vertical(id="finder-box"):
            with Horizontal(id="finder-line"):
                yield Static(Content("Customer"), id="finder-label")
                yield Input(
                    id="finder-typed",
                    compact=True,
                    max_length=MAX_TYPED,
                    placeholder="name, company, address, number – a few letters of any",
                )
            hits: PagedList[CustomerHit] = PagedList(
                HitFormat(),
                id="finder-hits",
                markable=False,
                empty="Nobody fits. Fewer letters find more; slips are forgiven.",
            )
            hits.can_focus = False
            yield hits
            sheet = Sheet(id="finder-sheet")
            sheet.can_focus = False
            yield sheet

    @property
    def hits(self) -> PagedList[CustomerHit]:
        """The list."""
        return self.query_one("#finder-hits", PagedList)

    def on_mount(self) -> None:
        """Begin with the customers who were in touch last."""
        self._ask("")

    @on(Input.Changed, "#finder-typed")
    def _typed(self, event: Input.Changed) -> None:
        self._ask(event.value.strip())

    def _ask(self, typed: str) -> None:
        def question(connection: Connection) -> Sequence[CustomerHit]:
            return find_customers(connection, typed, HITS)

        def found(hits: Sequence[CustomerHit]) -> None:
            if self.is_attached:
                self._answered = typed
                self.hits.load(HitRows(hits), count=len(hits))
                if self._opens == typed:
                    self.action_open()

        self.desk.reader.later("finder", question, found, self.desk.refuse)

    @on(Input.Submitted, "#finder-typed")
    def _submitted(self) -> None:
        self.action_open()

    @on(PagedList.Moved, "#finder-hits")
    def _moved(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self._show_sheet)

    def _show_sheet(self) -> None:
        hit = self.hits.row
        sheet = self.query_one("#finder-sheet", Sheet)
        if hit is None:
            sheet.show(None)
            return
        customer_id = hit.customer_id

        def question(connection: Connection) -> CheatSheet:
            return cheat_sheet(connection, customer_id)

        def found(answer: CheatSheet) -> None:
            if self.is_attached:
                sheet.show(answer)

        self.desk.reader.later("finder-sheet", question, found, self._no_sheet)

    def _no_sheet(self, error: StoreError) -> None:
        self.desk.warn(str(error))

    @on(PagedList.Opened, "#finder-hits")
    def _clicked(self) -> None:
        self.action_open()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.hits.move_to(self.hits.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor a page."""
        self.hits.action_page(by)

    def action_open(self) -> None:
        """Answer with the customer; what is on its way for the last letters is waited for."""
        typed = "".join(field.value for field in self.query("#finder-typed").results(Input)).strip()
        if self._answered != typed:
            self._opens = typed
            return
        if self.hits.row is not None:
            self.dismiss(self.hits.row.customer_id)
