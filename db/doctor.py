"""Is the store sound: the file, the counters, the journal; and how to rebuild what is derived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db import journal, search
from db.counters import recount
from db.engine.interface import Connection, Engine, Row
from db.identity.components import settle_all
from db.identity.lookup_index import rebuild as rebuild_finder

_COUNTED = (
    "select 'customer', id, entries, cases, open_cases, first_at, last_inbound_at,"
    " last_outbound_at from customers",
    "select 'identity', id, entries, first_at, last_at from identities",
    "select 'tag', id, cases from tags",
)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        faults: What is wrong with the file, in the engine's words; empty when it is whole.
        drifted: Customers, identities and tags whose counters do not say what is there.
        altered_act: The first act of the journal that does not fit; 0 when all do.
        acts: Acts in the journal.
        anchor: Hash of the last act, to be kept elsewhere.
        indexed: Entries in the rebuilt search index; None when it was not rebuilt.
    """

    faults: tuple[str, ...]
    drifted: int
    altered_act: int
    acts: int
    anchor: str
    indexed: int | None = None

    @property
    def sound(self) -> bool:
        """Say whether nothing is wrong."""
        return not (self.faults or self.drifted or self.altered_act)


class _OnlyLooking(Exception):
    """Ends a transaction whose changes are not wanted."""


def examine(engine: Engine, *, rebuild: bool = False) -> Checkup:
    """Check a store; writers wait while the counters are computed.

    Args:
        engine: Of the store.
        rebuild: Also correct the counters and write the search indexes anew.

    Raises:
        Unavailable: The store cannot be written.
    """
    faults = engine.check()
    connection = engine.connection()
    if faults:
        return Checkup(faults, 0, 0, *journal.head(connection))
    drifted, indexed = 0, None
    try:
        with engine.write() as writing:
            drifted = _recounted(writing) + settle_all(writing)
            if not rebuild:
                raise _OnlyLooking
            indexed = search.rebuild(writing)
            rebuild_finder(writing)
    except _OnlyLooking:
        pass
    if rebuild:
        search.collect_terms(engine)
    return Checkup((), drifted, journal.verify(connection), *journal.head(connection), indexed)


def _recounted(connection: Connection) -> int:
    """Count everything anew and return how many rows that changed."""
    before = _counters(connection)
    recount(connection)
    return sum(old != new for old, new in zip(before, _counters(connection), strict=True))


def _counters(connection: Connection) -> Sequence[Row]:
    rows: list[Row] = []
    for statement in _COUNTED:
        rows += sorted(connection.all(statement))
    return rows
