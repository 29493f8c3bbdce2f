"""A backup from before an erase holds the person again: what is known of erases goes along.

A restore takes the marks of the present store into the restored one. So imports still leave the
person out, and whoever is in the backup is found by their marks: their erase is open again, and
the doctor says so until it is done.
"""

from __future__ import annotations

from db.among import among
from db.engine.interface import Connection, Engine, Row
from db.erase.person import STAND_IN_NETWORK
from db.erase.record import keep_marks, keep_salt, person_mark, salt
from db.frozen import dataclass
from db.schema.seeds import SYSTEM_AGENT_ID

ROWS = 5_000

_ERASURES = """
select id, customer_id, mode, begun_at, done_at, scrubbed_at, counts from erasures order by id
"""
_MARKS = "select digest, erasure_id from erased_marks"
_ADD = """
insert into erasures(id, customer_id, agent_id, mode, begun_at, done_at, scrubbed_at, counts)
values(:id, :customer, :agent, :mode, :begun, :done, :scrubbed, :counts) on conflict do nothing
"""
_NEXT = "update id_blocks set next = :next where name = 'erasures' and next < :next"
_KEYS = """
select id, kind, network, value, customer_id from identities
where id > :after and customer_id is not null order by id limit :rows
"""
_WHOSE = "select id, canonical_id from customers where id in (:among)"
_MARKED = "select digest, erasure_id from erased_marks where digest in (:among)"
_OPEN_AGAIN = """
update erasures set done_at = 0, scrubbed_at = 0, customer_id = :customer where id = :id
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a store knows of its erases.

    Attributes:
        salted: The salt of the marks.
        erasures: As they are selected.
        marks: ``(digest, erasure)``.
    """

    salted: bytes
    erasures: tuple[Row, ...]
    marks: tuple[Row, ...]


def take_along(connection: Connection) -> Erased | None:
    """Return what a store knows of its erases; None where nobody was erased."""
    salted = salt(connection)
    if not salted:
        return None
    erasures, marks = connection.all(_ERASURES), connection.all(_MARKS)
    return Erased(salted, tuple(erasures), tuple(marks))


def bring_in(engine: Engine, known: Erased) -> tuple[int, ...]:
    """Bring what is known of erases into a restored store.

    Returns:
        Customers who are in it again and have to be erased again.
    """
    with engine.write() as connection:
        if salt(connection) not in (b"", known.salted):
            return ()  # a store of another team
        keep_salt(connection, known.salted)
        for number, customer, mode, begun, done, scrubbed, counts in known.erasures:
            connection.run(
                _ADD,
                {
                    "id": number,
                    "customer": customer,
                    "agent": SYSTEM_AGENT_ID,
                    "mode": mode,
                    "begun": begun,
                    "done": done,
                    "scrubbed": scrubbed,
                    "counts": counts,
                },
            )
            connection.run(_NEXT, {"next": number + 1})
        for digest, number in known.marks:
            keep_marks(connection, number, (bytes(digest),))
        back = _back_again(connection, known.salted)
        for erasure, customer in back.items():
            connection.run(_OPEN_AGAIN, {"id": erasure, "customer": customer})
    return tuple(sorted(set(back.values())))


def _back_again(connection: Connection, salted: bytes) -> dict[int, int]:
    """Return erases whose person is there: erasure to canonical customer."""
    found: dict[int, int] = {}
    after = 0
    while rows := connection.all(_KEYS, {"after": after, "rows": ROWS}):
        after = rows[-1][0]
        marks = {
            person_mark(salted, kind, network, value): customer
            for _, kind, network, value, customer in rows
            if network != STAND_IN_NETWORK
        }
        hits = {bytes(row[0]): row[1] for row in among(connection, _MARKED, marks)}
        customers = [marks[digest] for digest in hits]
        canonical: dict[int, int] = dict(among(connection, _WHOSE, customers))
        for digest, erasure in hits.items():
            found[erasure] = canonical.get(marks[digest], marks[digest])
    return found
