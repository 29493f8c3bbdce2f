"""What the lists of the desk show: queues and cases, one a line."""

from __future__ import annotations

from db.frozen import dataclass

NO_DEADLINE = 4503599627370496
"""The value of `CaseRow.due_at` where no deadline runs (2**52: sorts last, fits any double)."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue with what is in it.

    Attributes:
        pin: Its number key, 1 to 9; 0 when it has none.
        cases: Unresolved cases in it now.
        oldest_since: When the one that waits longest for us began to wait; 0 when none does.
        folder: True where cases are put in by hand (``case.move``); False where the query decides.
        query: In the query language.
        sort: ``urgency``, ``waiting``, ``due`` or ``updated``.
    """

    queue_id: int
    name: str
    pin: int
    cases: int
    oldest_since: int
    folder: bool
    query: str
    sort: str


@dataclass(frozen=True, slots=True)
class CaseKey:
    """Where a page of cases ends: the sort values of its last row."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a case list.

    Attributes:
        case_id: The case number.
        customer_id: The canonical customer.
        customer: Name as it is shown; untrusted.
        owner: Login; empty when nobody owns it.
        waiting_on: ``us``, ``customer``, ``third_party`` or ``team``.
        waiting_since: Since when.
        due_at: `NO_DEADLINE` when none runs.
        queue: Name of the folder queue that it was moved to; may be empty.
        tags: Sorted.
        revision: Raised by every entry and every command.
    """

    case_id: int
    customer_id: int
    customer: str
    organization: str
    subject: str
    channel: str
    status: str
    urgency: str
    owner: str
    waiting_on: str
    waiting_name: str
    waiting_since: int
    snoozed_until: int
    due_at: int
    queue: str
    vip: bool
    history: bool
    updated_at: int
    revision: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePage:
    """A page of a case list.

    Attributes:
        after: Give it to the next call; None when this page is the last.
    """

    rows: tuple[CaseRow, ...]
    after: CaseKey | None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in one line of a cheat sheet."""

    case_id: int
    subject: str
    status: str
    urgency: str
    waiting_on: str
    waiting_since: int
    updated_at: int
