"""All that acts may change, and a journal carried out anew: for tests that compare stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from db import counters, journal, search
from db.commands.changes import Writer
from db.commands.rows import TABLES
from db.identity.components import settle_all
from db.store import Store
from tests.engines import postings

Dump = dict[str, list[tuple[Any, ...]]]

COUNTED = (
    "select id, entries, cases, open_cases, first_at from customers order by id",
    "select id, entries, first_at, last_at from identities order by id",
    "select id, cases from tags order by id",
    "select id, unresolved, urgency_rank from cases order by id",
    "select id, canonical_id, face_id from customers order by id",
)
# Names that were given once keep their number; alive are those that something bears.
ALIVE = {
    "tags": "where exists(select 1 from case_tags where tag_id = tags.id)",
    "organizations": "where exists(select 1 from customers where organization_id = "
    "organizations.id)",
}


def truth(store: Store, *, times: bool = True, alive: bool = True) -> Dump:
    """Return every row that acts may change.

    Args:
        times: With ``updated_at``.
        alive: Only the tags and organizations that something bears.
    """
    dump = {}
    for name, table in TABLES.items():
        columns = [c for c in (*table.key, *table.columns) if times or c != "updated_at"]
        where = ALIVE.get(name, "") if alive else ""
        sql = f"select {', '.join(columns)} from {name} {where} order by {', '.join(table.key)}"
        dump[name] = store.ask(lambda c, sql=sql: c.all(sql))
    return dump


def counted(store: Store) -> list[list[tuple[Any, ...]]]:
    """Return every counter and rank that follows from the rows."""
    return [store.ask(lambda c, sql=sql: c.all(sql)) for sql in COUNTED]


def assert_derived_is_right(store: Store) -> None:
    """Compare counters with a recount, and the index with one that is built anew."""
    before = counted(store), postings(store)
    with store.engine.write() as connection:
        counters.recount(connection)
        search.rebuild(connection)
        settle_all(connection)
    assert (counted(store), postings(store)) == before


def replay(store: Store, acts: Iterable[journal.Act]) -> None:
    """Carry out what a journal says, act by act."""
    for act in acts:
        with store.engine.write() as connection:
            writer = Writer(connection, 0)
            writer.touched.update(number for kind, number in act.subjects if kind == "case")
            for change in act.changes:
                writer.carry_out(change, guarded=False)
            writer.settle()
