"""A case with its header."""

from __future__ import annotations

from db.frozen import dataclass
from db.records.lists import CaseLine, CaseRow


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with what its header says.

    Attributes:
        also_open: Other unresolved cases of the same customer.
        linked: Cases linked to it, with the kind of link.
        requester_id: The identity that asked.
        opened_at: When work on it began.
        seen_at: Up to when this agent has seen its timeline; 0 when never.
    """

    row: CaseRow
    requester_id: int
    type: str
    tier: int
    resolution: str
    opened_at: int
    resolved_at: int
    merged_into: int
    also_open: tuple[CaseLine, ...]
    linked: tuple[tuple[str, int], ...]
    seen_at: int
