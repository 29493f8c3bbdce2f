"""The rows that every store begins with: the agent ``system`` and the shipped queues.

Together the shipped queues cover every unresolved case; a test proves it.
"""

from __future__ import annotations

import sqlite3

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


def seed(connection: sqlite3.Connection) -> None:
    """Insert the first rows of a new store."""
    connection.execute(
        "insert into agents(id, login, name, role) values(?, 'system', 'Centric', 'agent')",
        (SYSTEM_AGENT_ID,),
    )
    connection.executemany(
        "insert into queues(id, position, name, pin, query, sort, folder, shipped)"
        " values(?, ?, ?, ?, ?, ?, ?, 1)",
        [(number, number, *queue) for number, queue in enumerate(QUEUES, 1)],
    )
    connection.executemany(
        "insert into id_blocks(name, next) values(?, ?)",
        [
            ("cases", 1),
            ("customers", 1),
            ("identities", 1),
            ("organizations", 1),
            ("tags", 1),
            ("conversations", 1),
            ("sources", 1),
            ("teams", 1),
            ("agents", 2),
            ("queues", len(QUEUES) + 1),
            ("customer_links", 1),
            ("quarantine", 1),
        ],
    )
