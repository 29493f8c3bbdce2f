"""The naive layout of the same rows: the text inline, single-column indexes, ``ORDER BY rank``."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from db.store import Store
from db.texts import unpack

_NAIVE = """
create table message(id integer primary key, customer_id integer, case_id integer, at integer,
  author text, subject text, body text, direction text, channel text);
create index message_customer on message(customer_id);
create index message_case on message(case_id);
create index message_at on message(at);
create table ticket(id integer primary key, customer_id integer, subject text, status text,
  urgency integer, owner_id integer, queue_id integer, waiting_on text, waiting_since integer,
  updated_at integer, open integer, snoozed_until integer);
create index ticket_customer on ticket(customer_id);
create index ticket_owner on ticket(owner_id);
create index ticket_queue on ticket(queue_id);
create index ticket_open on ticket(open);
create table person(id integer primary key, name text, company text);
create virtual table message_fts using fts5(subject, body, content='message', content_rowid='id');
"""


def naive(store: Store, path: Path) -> sqlite3.Connection:
    """Return the same rows in the naive layout, copying them where that was not done."""
    fresh = not path.exists()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma cache_size=-65536")
    if not fresh:
        return connection
    source = store.engine.connection()
    connection.executescript(_NAIVE)
    connection.execute("pragma synchronous=off")
    connection.execute("begin")
    rows = source.all(
        "select e.id, i.customer_id, e.case_id, e.at, e.author, e.subject, t.codec, t.data,"
        " e.direction, e.channel from entries e join identities i on i.id = e.identity_id"
        " join entry_texts t on t.entry_id = e.id"
    )
    connection.executemany(
        "insert into message values(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((*row[:6], unpack(row[6], row[7]), *row[8:]) for row in rows),
    )
    connection.executemany(
        "insert into ticket values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        source.all(
            "select c.id, i.customer_id, c.subject, c.status, c.urgency_rank, c.owner_id,"
            " c.queue_id, c.waiting_on, c.waiting_since, c.updated_at, c.unresolved,"
            " c.snoozed_until from cases c join identities i on i.id = c.requester_id"
        ),
    )
    connection.executemany(
        "insert into person values(?, ?, ?)",
        source.all(
            "select k.id, k.name, g.name from customers k"
            " left join organizations g on g.id = k.organization_id"
        ),
    )
    connection.execute("insert into message_fts(message_fts) values('rebuild')")
    connection.execute("commit")
    return connection
