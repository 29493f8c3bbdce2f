"""The desk's own lists: queues, and cases whose cursor is followed in the same handler turn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from console import times
from console.reader import Reader
from console.text import one_line, pad, width
from console.widgets.case_format import CaseFormat
from console.widgets.paged_list import Cell, PagedList
from console.widgets.pages import SourceFailed
from db.errors import StoreError
from db.queries import desk
from db.queries.entry import entry_texts
from db.queries.timeline import timeline_page
from db.records import (
    NO_DEADLINE,
    CaseKey,
    CaseRow,
    EntryText,
    QueueRow,
    TimelineKey,
    TimelinePage,
)
from db.words import STATUSES

PAGE_CASES = 64  # two screens; as many keys as one statement looks up
PAGE_ENTRIES = 50


class QueueRows:
    """The queues, all at once."""

    def __init__(self) -> None:
        self.queues: Sequence[QueueRow] = ()

    def fetch(self, after_key: object) -> tuple[Sequence[QueueRow], None]:
        """Return all of them."""
        return self.queues, None


class QueueFormat:
    """Draws a queue: its number key, its name, how many cases."""

    shown: str = ""  # the queue whose cases are listed

    def key(self, row: QueueRow) -> Hashable:
        """Return the queue."""
        return row.queue_id

    def version(self, row: QueueRow) -> Hashable:
        """Return all that is drawn."""
        return row, self.shown == row.name

    def cells(self, row: QueueRow, width_: int) -> list[Cell]:
        """Return the line."""
        count = f"{row.cases:,}" if row.cases else "·"
        room = width_ - 2 - width(count) - 1
        here = row.name == self.shown
        style = "strong" if here else "text" if row.cases else "muted"
        return [
            Cell(f"{row.pin or ' '} ", "muted"),
            Cell(pad(one_line(row.name, room), room), style),
            Cell(f" {count}", "strong" if here else "muted"),
        ]

    def header(self, width_: int) -> list[Cell]:
        """Return nothing: the columns speak for themselves."""
        return []


class CaseSource:
    """Pages of a queue, or of the cases that a query means."""

    def __init__(
        self, reader: Reader, queue: QueueRow | str, agent_id: int, look: CaseFormat
    ) -> None:
        self._reader = reader
        self._look = look
        look.deadlines = False
        self._queue = queue
        self._agent_id = agent_id

    def fetch(self, after_key: CaseKey | None) -> tuple[Sequence[CaseRow], CaseKey | None]:
        """Return the page after a key."""
        sort = "updated" if isinstance(self._queue, str) else ""
        try:
            page = self._reader.now(
                desk.case_page,
                self._queue,
                self._agent_id,
                times.now(),
                after_key,
                PAGE_CASES,
                sort,
            )
        except StoreError as error:
            raise SourceFailed(str(error)) from error
        if any(0 < row.due_at < NO_DEADLINE for row in page.rows):
            self._look.deadlines = True
        return page.rows, page.after


class Stream:
    """The timeline of a customer, or of a case whose customer is not known."""

    def __init__(self, reader: Reader, *, customer_id: int = 0, case_id: int = 0) -> None:
        self._reader = reader
        self.customer_id = customer_id
        self.case_id = 0 if customer_id else case_id

    def older(self, before: TimelineKey | None) -> TimelinePage:
        """Return the page before a place."""
        try:
            return self._reader.now(
                timeline_page,
                case_id=self.case_id,
                customer_id=self.customer_id,
                before=before,
                limit=PAGE_ENTRIES,
            )
        except StoreError as error:
            raise SourceFailed(str(error)) from error

    def text(self, entry_ids: Sequence[int]) -> dict[int, EntryText]:
        """Return the texts of entries."""
        try:
            return self._reader.now(entry_texts, list(entry_ids))
        except StoreError as error:
            raise SourceFailed(str(error)) from error


def cases_of(customer_id: int) -> str:
    """Return the query that means all cases of a customer, finished ones and history included."""
    return f"customer:{customer_id} status:{','.join(STATUSES)}"


class QueueList(PagedList[QueueRow]):
    """The queues."""

    PLACE: ClassVar[str] = "queues"

    def __init__(self) -> None:
        self.look = QueueFormat()
        self._rows = QueueRows()
        super().__init__(self.look, id="queues", markable=False, empty="No queues.")

    def show(self, queues: Sequence[QueueRow]) -> None:
        """Show queues anew; the cursor stays on its queue."""
        first = not self._rows.queues
        self._rows.queues = queues
        if first:
            self.load(self._rows, count=len(queues))
        else:
            self.reload(count=len(queues))


class CaseList(PagedList[CaseRow]):
    """Cases; `followed` hears of each move before anything is painted, so that one paint shows all.

    A message would be handled a turn later, and its paint would wait for the next beat of the
    screen: 24 ms instead of 9 were measured.
    """

    PLACE: ClassVar[str] = "cases"

    def __init__(self) -> None:
        self.look = CaseFormat()
        self.followed: Callable[[], None] = lambda: None
        super().__init__(self.look, id="cases", empty="No case waits here.")

    def ids_on_screen(self) -> list[int]:
        """Return the numbers of the cases that the agent sees in the list."""
        if not self.display or not self.size.height:
            return []
        rows = (self._window.row_at(self.top + line) for line in range(self.size.height))
        return [row.case_id for row in rows if row is not None]

    def _tell_moved(self) -> None:
        super()._tell_moved()
        self.followed()


def empty_words(queue: QueueRow) -> str:
    """Return what to do next where a queue has no cases."""
    if queue.name == "Mine":
        return "Nothing waits for you. 2 shows what nobody owns, 0 all open cases."
    return "Nothing waits here. 0 shows all open cases, c finds a customer."
