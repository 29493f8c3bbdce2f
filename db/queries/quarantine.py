"""What was set aside because it could not be read or stored."""

from __future__ import annotations

from db.engine.interface import Connection
from db.errors import NotFound
from db.raws import read_raw
from db.records import QuarantineRow

PAGE_ROWS = 200

_PAGE = """
select q.id, s.name, q.place, q.reason, q.size, q.first_at, q.last_at, q.tries
from quarantine q join sources s on s.id = q.source_id
where q.id < :before
order by q.id desc limit :rows
"""
_ORIGINAL = "select original from quarantine where id = :id"


def quarantine_page(
    connection: Connection, before: int = 0, limit: int = PAGE_ROWS
) -> tuple[QuarantineRow, ...]:
    """Return a page of what was set aside, newest first.

    Args:
        connection: Where to read.
        before: Number of the last row of the page before; 0 for the first page.
        limit: Rows, 200 at most.
    """
    rows = max(1, min(limit, PAGE_ROWS))
    found = connection.all(_PAGE, {"before": before or 1 << 62, "rows": rows})
    return tuple(QuarantineRow(*row) for row in found)


def quarantine_bytes(connection: Connection, quarantine_id: int) -> bytes:
    """Return one thing as it was received.

    Raises:
        NotFound: Nothing is set aside under that number.
    """
    row = connection.one(_ORIGINAL, {"id": quarantine_id})
    if row is None:
        raise NotFound(
            f"Nothing is set aside under number {quarantine_id}. See them with: centric quarantine"
        )
    return read_raw(connection, row[0])
