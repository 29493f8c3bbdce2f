"""``centric queues``, ``cases`` and ``show``: the desk's lists and one case, as text or data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, limit_option, output_option, pass_session, words
from console.cli.session import Session, say
from console.cli.told import case_lines, deadline, turn, urgency_sign
from console.output import Column, emit, emit_one
from console.times import ago
from db import clock
from db.frozen import dataclass
from db.records import CaseRow, QueueRow

if TYPE_CHECKING:
    from db.records import CaseDetail, CaseKey, EntryText, TimelineItem
    from db.store import Store

PAGE_ROWS = 200  # the longest page that the store gives

QUEUE_COLUMNS: tuple[Column[QueueRow], ...] = (
    Column("key", lambda row: str(row.pin or ""), right=True),
    Column("queue", lambda row: row.name, weight=2),
    Column("cases", lambda row: f"{row.cases:,}", right=True),
    Column("oldest for us", lambda row: ago(row.oldest_since) if row.oldest_since else ""),
    Column("query", lambda row: row.query or ("by hand" if row.folder else ""), weight=3),
)
CASE_COLUMNS: tuple[Column[CaseRow], ...] = (
    Column("", lambda row: urgency_sign(row.urgency)),
    Column("case", lambda row: f"#{row.case_id}", right=True),
    Column("customer", lambda row: row.customer, weight=2),
    Column("subject", lambda row: row.subject, weight=4),
    Column("turn", turn),
    Column("due", deadline),
    Column("status", lambda row: row.status.replace("_", " ")),
    Column("owner", lambda row: row.owner, weight=1),
    Column("tags", lambda row: " ".join(row.tags), weight=1),
)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry of a case with its text, as ``centric show -o json`` gives it.

    Attributes:
        text: Untrusted; empty for events.
    """

    entry: TimelineItem
    text: EntryText | None


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case with its newest entries, oldest first.

    Attributes:
        more: True where older entries were left out.
    """

    case: CaseDetail
    entries: tuple[ShownEntry, ...]
    more: bool


@click.command(cls=Command)
@output_option()
@pass_session
def queues(session: Session, form: str) -> None:
    """List the queues with how many cases are in each."""
    from db.queries import desk

    store = session.open()
    rows = store.ask(desk.queues, session.agent_id(store), clock.now())
    emit(rows, form, QUEUE_COLUMNS, kind=QueueRow, id_of=lambda row: row.name)


@click.command(cls=Command)
@click.argument("query", nargs=-1, metavar="[QUERY…]")
@click.option("--queue", metavar="NAME", help="Only cases of this queue: its name or number key.")
@click.option(
    "--sort",
    type=click.Choice(["urgency", "waiting", "due", "updated"]),
    help="The order; else the queue's own.",
)
@limit_option(100)
@output_option()
@pass_session
def cases(
    session: Session,
    query: tuple[str, ...],
    queue: str | None,
    sort: str | None,
    limit: int,
    form: str,
) -> None:
    r"""List cases: all open ones, those of a queue, or those that a query means.

    \b
    centric cases --queue mine
    centric cases owner:none urgency:high
    centric cases status:resolved customer:ada -n 20 -o json
    """
    store = session.open()
    agent_id = session.agent_id(store)
    asked: QueueRow | str = words(query)
    if queue:
        found = _queue(store, queue, agent_id)
        asked = replace(found, query=f"{found.query} {asked}".strip())
    rows: list[CaseRow] = []
    more = False
    for row in _all_cases(store, asked, agent_id, sort or "", limit):
        if limit and len(rows) == limit:
            more = True
            break
        rows.append(row)
    emit(rows, form, CASE_COLUMNS, kind=CaseRow, id_of=lambda row: row.case_id)
    if not rows and form == "text":
        say("No case is like that.")
    elif more and form == "text":
        say(f"There are more than these {limit:,}; -n 0 shows all.")


def _all_cases(
    store: Store, asked: QueueRow | str, agent_id: int, sort: str, limit: int
) -> Iterator[CaseRow]:
    from db.queries import desk

    after: CaseKey | None = None
    rows = min(limit + 1, PAGE_ROWS) if limit else PAGE_ROWS
    while True:
        page = store.ask(desk.case_page, asked, agent_id, clock.now(), after, rows, sort)
        yield from page.rows
        after = page.after
        if after is None:
            return


def _queue(store: Store, name: str, agent_id: int) -> QueueRow:
    """Return a queue by its name or number key.

    Raises:
        NotFound: There is none.
    """
    from db.errors import NotFound
    from db.queries import desk

    found = store.ask(desk.queues, agent_id, clock.now())
    folded = name.casefold()
    for queue in found:
        if queue.name.casefold() == folded or (queue.pin and str(queue.pin) == name):
            return queue
    names = ", ".join(queue.name for queue in found)
    raise NotFound(f"There is no queue “{name}”. There are: {names}.")


@click.command(cls=Command)
@click.argument("number", metavar="NUMBER")
@limit_option(50)
@click.option("--events/--no-events", default=True, help="With what was done to it.")
@output_option(ids=False)
@pass_session
def show(session: Session, number: str, limit: int, events: bool, form: str) -> int:
    """Show one case: its header and what happened, oldest first."""
    case_id = case_number(number)
    store = session.open()
    found = _shown_case(store, case_id, session.agent_id(store), limit, events)
    if form == "csv":
        from db.records import TimelineItem

        emit([one.entry for one in found.entries], "csv", (), kind=TimelineItem)
    else:
        emit_one(found, form, lambda: case_lines(found.case, found.entries, found.more))
    return exits.OK


def case_number(written: str) -> int:
    """Return a case number: ``42`` or ``#42``.

    Raises:
        click.UsageError: It is none.
    """
    bare = written.removeprefix("#")
    if not (bare.isascii() and bare.isdecimal() and len(bare) < 18):
        raise click.UsageError(f"“{written}” is no case number; it is written 42 or #42.")
    return int(bare)


def _shown_case(store: Store, case_id: int, agent_id: int, limit: int, events: bool) -> ShownCase:
    from db.queries import desk, entry, timeline

    detail = store.ask(desk.case_detail, case_id, agent_id)
    items: list[TimelineItem] = []
    before = None
    while True:
        rows = min(limit - len(items), PAGE_ROWS) if limit else PAGE_ROWS
        page = store.ask(
            timeline.timeline_page, case_id=case_id, before=before, limit=rows, events=events
        )
        items[:0] = page.items
        before = page.before
        if before is None or (limit and len(items) >= limit):
            break
    texts = store.ask(entry.entry_texts, [item.entry_id for item in items if item.entry_id])
    shown = tuple(ShownEntry(item, texts.get(item.entry_id)) for item in items)
    return ShownCase(detail, shown, before is not None)
