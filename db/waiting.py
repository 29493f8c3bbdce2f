"""Since when a customer waits for us: their oldest human words that nobody answered."""

from __future__ import annotations

from db.engine.interface import Connection

_UNANSWERED = """
select min(at) from entries
where case_id = :case and direction = 'inbound' and automatic = '' and removed = 0
  and kind in ('message', 'review') and at > coalesce((
    select max(at) from entries
    where case_id = :case and direction = 'outbound' and automatic = '' and removed = 0
      and kind in ('message', 'review')), :earliest)
"""
_EARLIEST = -(2**62)  # before any date that an entry can have


def unanswered_since(connection: Connection, case_id: int) -> int | None:
    """Return when the oldest unanswered words came (UTC milliseconds), or None."""
    since = connection.value(_UNANSWERED, {"case": case_id, "earliest": _EARLIEST})
    return None if since is None else int(since)
