"""What a search found."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class FindHit:
    """One entry that was found.

    Attributes:
        snippet: Text around the first match; untrusted.
        marks: ``(start, end)`` of the matches in ``snippet``.
    """

    entry_id: int
    case_id: int
    customer_id: int
    customer: str
    at: int
    kind: str
    channel: str
    direction: str
    author: str
    subject: str
    status: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FindPage:
    """What was found, newest first.

    Attributes:
        total: Hits in all, counted up to a limit.
        more: True when ``total`` is that limit.
        before: Give it to the next call for older hits; 0 when there are none.
    """

    hits: tuple[FindHit, ...]
    total: int
    more: bool
    before: int
