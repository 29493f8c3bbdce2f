"""Who is linked with whom: the one function that computes the canonical customer and the face.

Links are truth; ``canonical_id`` (the smallest id of those that are linked) and ``face_id`` (whose
profile speaks first, where an agent chose; else 0) follow from them and from ``chosen_at``, and
are computed anew for every component that a change touches, so that no order of links matters.
"""

from __future__ import annotations

from collections.abc import Iterable

from db.among import among
from db.engine.interface import Connection, Value

_KIN = """
select k.id, k.canonical_id, k.face_id, k.chosen_at from customers k
where k.canonical_id in (select canonical_id from customers where id in (:among))
"""
_FROM = "select one_id, other_id from customer_links where undone_at = 0 and one_id in (:among)"
_TO = "select one_id, other_id from customer_links where undone_at = 0 and other_id in (:among)"
_SET = "update customers set canonical_id = :canonical, face_id = :face where id = :id"
_ALL = "select id from customers where canonical_id <> id or face_id <> 0 or chosen_at <> 0"
_LINKED = "select one_id, other_id from customer_links where undone_at = 0"
_MEMBERS = """
select m.id from customers k join customers m on m.canonical_id = k.canonical_id
where k.id = :id order by m.id
"""


def settle_links(connection: Connection, customer_ids: Iterable[int]) -> set[int]:
    """Compute anew who is canonical among those that these customers are, or were, linked with.

    Args:
        connection: Inside a transaction that writes.
        customer_ids: Ends of the links that came or went, and customers who were chosen.

    Returns:
        The customers whose canonical customer or face changed.
    """
    stored: dict[int, tuple[int, int, int]] = {}
    joined: dict[int, set[int]] = {}
    seen: set[int] = set()
    frontier = set(customer_ids)
    while frontier:
        # Whoever stood under the same canonical customer may stand alone now.
        for number, *row in among(connection, _KIN, sorted(frontier - stored.keys())):
            stored[number] = (row[0], row[1], row[2])
            frontier.add(number)
        seen |= frontier
        found: set[int] = set()
        for sql in (_FROM, _TO):
            for one, other in among(connection, sql, sorted(frontier)):
                joined.setdefault(one, set()).add(other)
                joined.setdefault(other, set()).add(one)
                found.update((one, other))
        frontier = found - seen
    return _write(connection, stored, joined)


def _write(
    connection: Connection, stored: dict[int, tuple[int, int, int]], joined: dict[int, set[int]]
) -> set[int]:
    rows: list[dict[str, Value]] = []
    done: set[int] = set()
    for number in sorted(stored):
        if number in done:
            continue
        members = _component(number, joined) & stored.keys()
        done |= members
        canonical, face = min(members), _face(members, stored)
        rows += [
            {"id": member, "canonical": canonical, "face": face}
            for member in sorted(members)
            if stored[member][:2] != (canonical, face)
        ]
    connection.many(_SET, rows)
    return {int(str(row["id"])) for row in rows}


def _component(number: int, joined: dict[int, set[int]]) -> set[int]:
    """Return everyone who can be reached over links."""
    members, open_ids = {number}, [number]
    while open_ids:
        for other in joined.get(open_ids.pop(), ()):
            if other not in members:
                members.add(other)
                open_ids.append(other)
    return members


def _face(members: set[int], stored: dict[int, tuple[int, int, int]]) -> int:
    """Return who was chosen last; 0 for the canonical one, and for a customer alone."""
    newest = max(members, key=lambda member: (stored[member][2], -member))
    alone = len(members) == 1 or newest == min(members)
    return 0 if alone or not stored[newest][2] else newest


def settle_all(connection: Connection) -> int:
    """Compute everyone's canonical customer and face anew; return how many were wrong."""
    wanted = {row[0] for row in connection.all(_ALL)}
    for one, other in connection.all(_LINKED):
        wanted.update((one, other))
    return len(settle_links(connection, wanted))


def members_of(connection: Connection, customer_id: int) -> tuple[int, ...]:
    """Return everyone who is linked as the same person, by id; empty where there is no such one."""
    return tuple(row[0] for row in connection.all(_MEMBERS, {"id": customer_id}))
