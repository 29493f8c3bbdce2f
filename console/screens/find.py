"""Find in everything, with results as one types; enter opens the entry in its case."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console import times
from console.keymap import bindings_of
from console.screens.base import Showing, TypeAhead
from console.text import clean, one_line, pad
from console.widgets.paged_list import Cell, PagedList
from db.engine.interface import Connection
from db.errors import StoreError
from db.language import QueryError, parse
from db.queries.find import find_as_typed
from db.records import FindHit, FindPage

HITS = 200
MAX_TYPED = 500  # characters
WHEN_CELLS = 11
CASE_CELLS = 8
EXAMPLES = (
    'Words find words and beginnings. Exact: "paid twice". '
    "Narrow it: from:ada tag:billing status:open channel:chat after:2w is:note has:attachment #42"
)
SIGNS = {"inbound": "←", "outbound": "→", "internal": "✎"}


class Hits:
    """Hits that are all there already."""

    def __init__(self, hits: Sequence[FindHit]) -> None:
        self._hits = tuple(hits)

    def fetch(self, after_key: object) -> tuple[Sequence[FindHit], None]:
        """Return all of them."""
        return self._hits, None


class HitFormat:
    """Draws a hit: when, which way, whose, the case, and the words around the match."""

    def key(self, row: FindHit) -> Hashable:
        """Return the entry."""
        return row.entry_id

    def version(self, row: FindHit) -> Hashable:
        """Return all that is drawn."""
        return row.snippet, row.marks, row.status, row.subject, row.customer

    def cells(self, row: FindHit, width: int) -> list[Cell]:
        """Return the line."""
        customer = max(10, min(24, width // 5))
        number = f"#{row.case_id}" if row.case_id else ""
        return [
            Cell(pad(times.short_day(row.at), WHEN_CELLS), "muted"),
            Cell(f"{SIGNS.get(row.direction, ' ')} ", "muted"),
            Cell(pad(one_line(row.customer, customer - 1), customer), "strong"),
            Cell(pad(number, CASE_CELLS), "muted"),
            *self._around(row, width - WHEN_CELLS - 2 - customer - CASE_CELLS),
        ]

    def _around(self, row: FindHit, room: int) -> list[Cell]:
        """Return the snippet, begun late enough that its first match is in sight."""
        if not row.snippet or not row.marks:
            return [Cell(row.snippet or row.subject)]
        start, end = row.marks[0]
        if end < room:
            return marked(row.snippet, row.marks)
        begin = row.snippet.find(" ", max(0, start - room // 3), start) + 1 or start
        shifted = [(first - begin, last - begin) for first, last in row.marks if first >= begin]
        return [Cell("…", "muted"), *marked(row.snippet[begin:], shifted)]

    def header(self, width: int) -> list[Cell]:
        """Return nothing: the columns speak for themselves."""
        return []


def marked(text: str, marks: Sequence[tuple[int, int]]) -> list[Cell]:
    """Return a text with its matches in their own style."""
    out: list[Cell] = []
    at = 0
    for start, end in marks:
        if start < at or end > len(text):
            continue
        out += [Cell(text[at:start]), Cell(text[start:end], "match")]
        at = end
    out.append(Cell(text[at:]))
    return [cell for cell in out if cell.text]


def sought(typed: str) -> list[str]:
    """Return the words of a query, to be highlighted where the entry is shown."""
    try:
        texts = parse(typed).texts
    except QueryError:
        return []
    return [value for text in texts if not text.negated for value in text.values]


def problem_of(typed: str) -> str:
    """Say what a query lacks, be it only its end; empty where it is whole."""
    try:
        parse(typed)
    except QueryError as error:
        return clean(str(error))
    return ""


class FindScreen(Showing, TypeAhead[None]):
    """Where was that?"""

    PLACE = "find"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("find")
    AUTO_FOCUS = "#find-typed"

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self._first = typed
        self._answered = ""
        self._problem = ""  # what the query lacks
        self._opens: str | None = None  # what stood there when enter came before the hits

    def compose(self) -> ComposeResult:
        """Lay out the field, the hits and what is under the cursor."""
        with Horizontal(id="find-line"):
            yield Static(Content("Find"), id="find-label")
            yield Input(
                self._first,
                id="find-typed",
                compact=True,
                max_length=MAX_TYPED,
                placeholder="words, “phrases”, from: tag: status: after: …",
            )
            yield Static("", id="find-count")
        hits: PagedList[FindHit] = PagedList(
            HitFormat(), id="find-hits", markable=False, empty=EXAMPLES
        )
        hits.can_focus = False
        yield hits
        with Vertical(id="find-preview"):
            yield Static("", id="find-subject")
            yield Static("", id="find-text")
        yield Static(Content("enter opens it in its case · ↑ ↓ move · esc back"), id="find-hint")

    @property
    def hits(self) -> PagedList[FindHit]:
        """The list."""
        return self.query_one("#find-hits", PagedList)

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return "".join(field.value for field in self.query("#find-typed").results(Input)).strip()

    def on_mount(self) -> None:
        """Show what can be asked."""
        self.hits.load(Hits(()), count=0)
        if self._first:
            self._ask(self._first)

    def reload(self) -> None:
        """Ask again when something has changed, keeping the cursor."""
        if self.typed:
            self._ask(self.typed, keep=True)

    @on(Input.Changed, "#find-typed")
    def _typed(self) -> None:
        self._ask(self.typed)

    @on(Input.Submitted, "#find-typed")
    def _submitted(self) -> None:
        self.action_open()

    def _ask(self, typed: str, *, keep: bool = False) -> None:
        if not typed:
            self.desk.reader.forget("find")
            self._show(typed, FindPage((), 0, False, 0), keep=False)
            return
        agent_id = self.desk.me.agent_id

        def question(connection: Connection) -> FindPage:
            return find_as_typed(connection, typed, agent_id, times.now(), HITS)

        def found(page: FindPage) -> None:
            self._show(typed, page, keep=keep)

        self.desk.reader.later("find", question, found, self._not_understood)

    def _not_understood(self, error: StoreError) -> None:
        """Say under the field what the query lacks; the hits of before stay."""
        if self.is_attached:
            self._problem = clean(str(error))
            self.query_one("#find-count", Static).update("")
            self._show_preview()

    def _show(self, typed: str, page: FindPage, *, keep: bool) -> None:
        if not self.is_attached:
            return
        before = self.hits.row
        self._answered, self._problem = typed, problem_of(typed)
        self.hits.empty = f"Nothing found for “{one_line(typed, 60)}”." if typed else EXAMPLES
        self.hits.load(Hits(page.hits), count=len(page.hits))
        if keep and before is not None:
            self.hits.move_to_key(before.entry_id)
        count = f"{page.total:,}{'+' if page.more else ''} found" if typed else ""
        self.query_one("#find-count", Static).update(Content(count))
        self._show_preview()
        if self._opens == typed:
            self.action_open()

    @on(PagedList.Moved, "#find-hits")
    def _moved(self) -> None:
        self._show_preview()

    def _show_preview(self) -> None:
        hit = self.hits.row
        subject, text = (
            self.query_one("#find-subject", Static),
            self.query_one("#find-text", Static),
        )
        if hit is None or self._problem:
            subject.update("")
            text.update(Content(self._problem))
            return
        head = f"{one_line(hit.subject, 120) or '(no subject)'}"
        who = f"  {one_line(hit.author, 40)} · {hit.channel} · {times.stamp(hit.at)} · {hit.status}"
        subject.update(Content.assemble((head, "bold"), (who, "$secondary")))
        parts = [
            (clean(cell.text, newlines=False), "bold underline" if cell.style == "match" else "")
            for cell in marked(hit.snippet, hit.marks)
        ]
        text.update(Content.assemble(*parts))

    @on(PagedList.Opened, "#find-hits")
    def _clicked(self) -> None:
        self.action_open()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.hits.move_to(self.hits.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor a page."""
        self.hits.action_page(by)

    def action_open(self) -> None:
        """Open the entry in its case; what is on its way for the last letters is waited for."""
        if self._answered != self.typed:
            self._opens = self.typed
            return
        self._opens = None
        hit = self.hits.row
        if hit is None:
            return
        if hit.case_id:
            self.desk.show_case(hit.case_id, entry_id=hit.entry_id, words=sought(self._answered))
        elif hit.customer_id:
            self.app.pop_screen()
            self.desk.show_customer(hit.customer_id)

    def action_close(self) -> None:
        """Go back to where the agent was."""
        self.go_back()
