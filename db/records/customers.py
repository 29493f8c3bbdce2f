"""A customer's cheat sheet, and who was found by a few letters."""

from __future__ import annotations

from db.frozen import dataclass
from db.records.lists import CaseLine


@dataclass(frozen=True, slots=True)
class Handle:
    """One way to reach a customer.

    Attributes:
        state: ``confirmed``, ``observed``, ``suggested`` or ``rejected``.
    """

    kind: str
    network: str
    value: str
    name: str
    state: str
    entries: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact in one line: when, how, who to whom, the first words."""

    entry_id: int
    case_id: int
    at: int
    channel: str
    direction: str
    author: str
    preview: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A pinned note."""

    entry_id: int
    at: int
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class CheatSheet:
    """All that matters about a customer, in the order in which it is shown.

    Attributes:
        members: Ids of the customers that are linked as this person, the canonical one first.
        title: Their role at the organization.
        risk: Why they may leave; empty when they are not at risk.
        open_cases: Unresolved, most urgent first.
        contacts: The last three, newest first.
        handles: Most used first.
        tags: ``(name, cases)``, most frequent first.
        notes: Pinned, newest first.
        success_owner: Login; may be empty.
        first_at: First contact.
        cases: Cases in all, history included.
    """

    customer_id: int
    members: tuple[int, ...]
    name: str
    organization: str
    title: str
    stage: str
    vip: bool
    risk: str
    risk_at: int
    goals: str
    success_owner: str
    language: str
    time_zone: str
    preferred_channel: str
    open_cases: tuple[CaseLine, ...]
    contacts: tuple[Contact, ...]
    handles: tuple[Handle, ...]
    tags: tuple[tuple[str, int], ...]
    notes: tuple[NoteLine, ...]
    first_at: int
    last_inbound_at: int
    last_outbound_at: int
    entries: int
    cases: int


@dataclass(frozen=True, slots=True)
class CustomerHit:
    """One answer to “who was that?”.

    Attributes:
        why: What of the question it matched, in words: ``name``, ``e-mail``, ``company``…
        matched: The text that matched; untrusted.
        score: 0 to 100.
    """

    customer_id: int
    name: str
    organization: str
    why: str
    matched: str
    score: float
    last_at: int
    open_cases: int
