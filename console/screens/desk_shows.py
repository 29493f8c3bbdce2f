"""What the desk shows: a queue, its cases, and whatever belongs to the case under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from console import times
from console.screens.desk_head import case_head, strip
from console.screens.desk_widgets import (
    CaseList,
    CaseSource,
    QueueList,
    Stream,
    cases_of,
    empty_words,
)
from console.screens.writing import Writes
from console.text import one_line
from console.widgets.sheet import Sheet
from console.widgets.timeline import Timeline
from db.drafts import mark_seen
from db.engine.interface import Connection
from db.errors import StoreError
from db.queries import desk
from db.queries.sheet import cheat_sheet
from db.queries.timeline import first_unseen, timeline_page
from db.records import CaseDetail, QueueRow, StoreStatus

REPEAT_SECONDS = 0.12  # moves that follow each other faster are a key that is held down
REST_SECONDS = 0.08  # then the timeline waits for this pause
SEEN_SECONDS = 1.5  # a case that was read for so long counts as seen
LIST_SEARCHED = 200  # rows of a list in which a case is looked for before it gets a list of its own
NAME_CELLS = 30


class Shows(Writes):
    """Reads and shows; where the panes stand is the business of `DeskScreen`.

    Attributes:
        queues: All of them, with their counts.
        queue: What is listed; None for a list of its own.
        listed: What the list is called.
        detail: The case whose timeline is shown; None for none.
        pane: The pane that has the focus.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queues: tuple[QueueRow, ...] = ()
        self.queue: QueueRow | None = None
        self.listed = ""
        self.detail: CaseDetail | None = None
        self.status: StoreStatus | None = None
        self.pane = "cases"
        self._moved_at = 0.0
        self._rest: Timer | None = None
        self._seen_timer: Timer | None = None
        self._customer = 0

    @property
    def queue_list(self) -> QueueList:
        """The queues."""
        return self.query_one(QueueList)

    @property
    def cases(self) -> CaseList:
        """The case list."""
        return self.query_one(CaseList)

    @property
    def timeline(self) -> Timeline:
        """The timeline."""
        return self.query_one(Timeline)

    def pane_widget(self, pane: str) -> Widget:
        """Return the box of a pane."""
        return self.query_one(f"#pane-{pane}")

    def focus_pane(self, pane: str) -> None:
        """Go to a pane."""

    def show_status(self) -> None:
        """Say where the agent is."""

    # Queues

    def reload(self) -> None:
        """Read again what is shown; the cursor and the scroll stay."""
        self.read_queues()
        self.cases.reload(count=self.queue.cases if self.queue else None)
        if self.detail is not None and self._read_detail(self.detail.row.case_id):
            self.timeline.reload()
            self._show_sheet(again=True)
        elif self.detail is None:  # it could not be read, or is not there any more
            self.catch_up()
        self.read_status()

    def read_queues(self) -> None:
        """Read the queues with their counts."""
        try:
            self.queues = self.desk.reader.now(desk.queues, self.desk.me.agent_id, times.now())
        except StoreError as error:
            self.desk.warn(str(error))
            return
        self.queue_list.show(self.queues)
        if self.queue is not None:
            name = self.queue.name
            self.queue = next((queue for queue in self.queues if queue.name == name), self.queue)

    def read_status(self) -> None:
        """Count what the status line says of the store; in a thread, as counting takes long."""
        agent_id = self.desk.me.agent_id

        def question(connection: Connection) -> StoreStatus:
            return desk.status(connection, agent_id)

        self.desk.reader.later("status", question, self._counted, self.desk.refuse)
        self.show_status()

    def _counted(self, status: StoreStatus) -> None:
        if self.is_attached:
            self.status = status
            self.show_status()

    def pinned(self, pin: int) -> QueueRow | None:
        """Return the queue of a number key; 0 is the one of all open cases."""
        if pin:
            return next((queue for queue in self.queues if queue.pin == pin), None)
        return next((q for q in self.queues if not q.query and not q.folder), None)

    def show_pinned(self, pin: int) -> None:
        """Show the queue of a number key."""
        queue = self.pinned(pin)
        if queue is None:
            self.desk.say(f"No queue is pinned to {pin}.")
        else:
            self.show_queue(queue)
            self.focus_pane("cases")

    def show_queue_named(self, name: str) -> None:
        """Show a queue."""
        queue = next((queue for queue in self.queues if queue.name == name), None)
        if queue is not None:
            self.show_queue(queue)
            self.focus_pane("cases")

    def show_queue(self, queue: QueueRow) -> None:
        """List the cases of a queue from its first."""
        self.queue = queue
        self._list(queue.name, queue, queue.cases, empty_words(queue))
        self.queue_list.move_to_key(queue.queue_id)

    def _list(self, title: str, what: QueueRow | str, count: int | None, empty: str) -> None:
        self.listed = title
        self.queue_list.look.shown = self.queue.name if self.queue else ""
        self.queue_list.refresh()
        self.cases.empty = empty
        source = CaseSource(self.desk.reader, what, self.desk.me.agent_id, self.cases.look)
        self.cases.load(source, count=count)
        self.query_one("#cases-title", Static).update(one_line(title, NAME_CELLS))
        self.show_status()

    # Cases

    def show_case(self, case_id: int, *, entry_id: int = 0, words: Sequence[str] = ()) -> None:
        """Show a case: where it stands in the list, else in the list of its customer's cases."""
        if not self.cases.move_to_key(case_id, within=LIST_SEARCHED):
            detail = self._detail_of(case_id)
            if detail is None:
                return
            self.queue = None
            name = one_line(detail.row.customer, NAME_CELLS)
            self._list(f"Cases of {name}", cases_of(detail.row.customer_id), None, "")
            self.cases.move_to_key(case_id, within=LIST_SEARCHED)
        self.preview(case_id, land_on=entry_id)
        self.timeline.highlight(words)
        self.focus_pane("reading")

    def case_moved(self) -> None:
        """Follow the cursor: at once for a single press, after a pause while a key is held."""
        now = monotonic()
        held = now - self._moved_at < REPEAT_SECONDS
        self._moved_at = now
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        if held:
            self._rest = self.set_timer(REST_SECONDS, self._follow)
        else:
            self._follow()

    def _follow(self) -> None:
        self._rest = None
        row = self.cases.row
        if row is None:
            self._show_nothing()
        elif self._reads() and (self.detail is None or self.detail.row.case_id != row.case_id):
            self.preview(row.case_id)
        self.show_status()

    def _reads(self) -> bool:
        """Say whether a timeline or a sheet is on screen to be filled."""
        return self.pane_widget("reading").display or self.pane_widget("sheet").display

    def catch_up(self) -> None:
        """Read what was not read while its pane was off screen."""
        if self.cases.row is not None and self._rest is None:
            self._follow()

    def _show_nothing(self) -> None:
        self.detail = None
        self._customer = 0
        self.timeline.load(None)
        self.query_one("#case-head", Static).update("")
        self.query_one("#strip", Static).update("")
        self.query_one(Sheet).show(None)

    def preview(self, case_id: int, *, land_on: int = 0) -> None:
        """Show a case in every pane that is on screen, within this turn."""
        if not self._read_detail(case_id) or self.detail is None:
            return
        source = Stream(self.desk.reader, customer_id=self.detail.row.customer_id, case_id=case_id)
        self.timeline.highlight(())
        self.timeline.load(
            source,
            seen_at=self.detail.seen_at,
            land_on=land_on or self._landing(self.detail),
        )
        self._show_sheet()
        self.watch_seen()

    def _landing(self, detail: CaseDetail) -> int:
        """Return the entry to land on: the first that is new to this agent, else the newest."""
        case_id = detail.row.case_id
        try:
            if detail.seen_at:
                unseen = self.desk.reader.now(first_unseen, case_id, self.desk.me.agent_id)
                if unseen is not None:
                    return unseen.entry_id
            page = self.desk.reader.now(timeline_page, case_id=case_id, limit=1, events=False)
        except StoreError as error:
            self.desk.warn(str(error))
            return 0
        return page.items[-1].entry_id if page.items else 0

    def _detail_of(self, case_id: int) -> CaseDetail | None:
        try:
            return self.desk.reader.now(desk.case_detail, case_id, self.desk.me.agent_id)
        except StoreError as error:
            self.desk.warn(str(error))
            return None

    def _read_detail(self, case_id: int) -> bool:
        self.detail = self._detail_of(case_id)
        if self.detail is None:
            self._show_nothing()
            return False
        head = case_head(self.detail, named=not self.query_one("#strip").display)
        self.query_one("#case-head", Static).update(head, layout=False)
        return True

    def _show_sheet(self, *, again: bool = False) -> None:
        if self.detail is None:
            return
        customer_id = self.detail.row.customer_id
        if customer_id == self._customer and not again:
            return
        self._customer = customer_id
        if not customer_id:
            self.query_one(Sheet).show(None)
            self.query_one("#strip", Static).update("")
            return
        try:
            sheet = self.desk.reader.now(cheat_sheet, customer_id)
        except StoreError as error:
            self.desk.warn(str(error))
            return
        self.query_one(Sheet).show(sheet)
        self.query_one("#strip", Static).update(strip(sheet), layout=False)

    # What was seen

    def watch_seen(self) -> None:
        """Begin to count how long this case is looked at."""
        if self._seen_timer is not None:
            self._seen_timer.stop()
        self._seen_timer = self.set_timer(SEEN_SECONDS, self._mark_seen)

    def _mark_seen(self) -> None:
        """Remember that the case was read, when its timeline had the agent's attention."""
        if self.pane != "reading" or self.detail is None:
            return
        engine, agent_id = self.desk.memory.engine, self.desk.me.agent_id
        case_id, at = self.detail.row.case_id, times.now()
        self.desk.reader.act(
            lambda: mark_seen(engine, agent_id, case_id, at), lambda _: None, self.desk.refuse
        )
