"""Which customers a name in a query means: the bridge from the language to the customer finder."""

from __future__ import annotations

from collections.abc import Callable

from db.engine.interface import Connection

PEOPLE = 20
SURE = 90.0  # a score from which a hit is what was written, not merely like it


def people_of(connection: Connection) -> Callable[[str], tuple[int, ...]]:
    """Return a look-up of canonical customers by a name, address or handle.

    The sure hits alone; where none is sure, the best one.
    """

    def look_up(text: str) -> tuple[int, ...]:
        from db.identity.lookup import find_customers

        hits = find_customers(connection, text, PEOPLE)
        sure = tuple(hit.customer_id for hit in hits if hit.score >= SURE)
        return sure or tuple(hit.customer_id for hit in hits[:1])

    return look_up
