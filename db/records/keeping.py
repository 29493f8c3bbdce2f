"""The store as a whole, and what could not be read."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """Something that could not be read."""

    quarantine_id: int
    source: str
    place: str
    reason: str
    size: int
    first_at: int
    last_at: int
    tries: int


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What the status line says of the store as a whole.

    Attributes:
        synced_at: Last success of any source; 0 when nothing was ever pulled.
        drafts: Drafts of this agent.
        quarantined: Items set aside.
    """

    drafts: int
    quarantined: int
    synced_at: int


@dataclass(frozen=True, slots=True)
class StoreTotals:
    """How much is in a store, counted row by row."""

    entries: int
    customers: int
    cases: int
    unresolved: int
