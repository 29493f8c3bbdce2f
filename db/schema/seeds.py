"""The rows that every store begins with: the agent ``system`` and the shipped queues.

Together the shipped queues cover every unresolved case; a test proves it.
"""

from __future__ import annotations

from db.engine.interface import Connection

SYSTEM_AGENT_ID = 1

# name, pin, query, sort, folder
QUEUES: tuple[tuple[str, int, str, str, int], ...] = (
    ("Mine", 1, "owner:me", "urgency", 0),
    ("Unassigned", 2, "owner:none", "urgency", 0),
    ("Our turn", 3, "waiting:us", "waiting", 0),
    ("Waiting", 4, "waiting:customer,third_party,team", "waiting", 0),
    ("Urgent", 5, "urgency:high,urgent", "urgency", 0),
    ("Snoozed", 6, "is:snoozed", "due", 0),
    ("All open", 0, "", "urgency", 0),
    ("Incomplete", 0, "is:incomplete", "waiting", 0),
)


_AGENT = "insert into agents(id, login, name, role) values(:id, 'system', 'Centric', 'agent')"
_QUEUE = """
insert into queues(id, position, name, pin, query, sort, folder, shipped)
values(:id, :id, :name, :pin, :query, :sort, :folder, 1)
"""
_BLOCK = "insert into id_blocks(name, next) values(:name, :next)"
_BLOCKS = {
    "cases": 1,
    "customers": 1,
    "identities": 1,
    "organizations": 1,
    "tags": 1,
    "conversations": 1,
    "sources": 1,
    "teams": 1,
    "agents": 2,
    "queues": len(QUEUES) + 1,
    "customer_links": 1,
    "promises": 1,
    "quarantine": 1,
    "thread_rules": 1,
    "erasures": 1,
}


def seed(connection: Connection) -> None:
    """Insert the first rows of a new store, inside a transaction that writes."""
    connection.run(_AGENT, {"id": SYSTEM_AGENT_ID})
    names = ("name", "pin", "query", "sort", "folder")
    connection.many(
        _QUEUE,
        [
            {"id": number, **dict(zip(names, queue, strict=True))}
            for number, queue in enumerate(QUEUES, 1)
        ],
    )
    connection.many(_BLOCK, [{"name": name, "next": first} for name, first in _BLOCKS.items()])
