"""Who may be one person, and what speaks for and against it."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for or against two customers being one person.

    Attributes:
        kind: See `db.identity.evidence.Signal`.
        text: In words; holds untrusted text.
        bits: log2 of a likelihood ratio; below 0 it speaks against.
        entry_id: The entry that carries it; 0 where the addresses themselves do.
        at: When that was; UTC milliseconds; 0 with no entry.
    """

    kind: str
    text: str
    bits: float
    entry_id: int
    at: int


@dataclass(frozen=True, slots=True)
class MatchSide:
    """One of two customers, as they are laid beside the other.

    Attributes:
        customer_id: The canonical customer.
        names: As met, most used first; untrusted text.
        handles: Addresses, numbers and handles, most used first; untrusted text.
        facts: What signatures say: numbers, companies, titles; untrusted text.
        last_at: Last message either way; UTC milliseconds; 0 for never.
    """

    customer_id: int
    name: str
    organization: str
    title: str
    names: tuple[str, ...]
    handles: tuple[str, ...]
    facts: tuple[str, ...]
    cases: int
    entries: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class MatchPair:
    """Two customers who may be one person.

    Attributes:
        one_id: The canonical customer with the smaller number.
        score: How likely it is, 0 to 1.
        bits: The same as log2 of the odds.
        sentence: Why, in one sentence; holds untrusted text.
        reasons: The strongest for it first, then against it.
        group: Number of customers who are suggested to be one person, through others too.
    """

    one_id: int
    other_id: int
    one: str
    other: str
    score: float
    bits: float
    sentence: str
    reasons: tuple[Reason, ...]
    group: int = 2


@dataclass(frozen=True, slots=True)
class Why:
    """Why two customers are, may be, or are not one person.

    Attributes:
        zone: ``linked``, ``suggested`` or ``apart``.
        decided: Who said so, when and why, in words; empty where nobody did.
    """

    one_id: int
    other_id: int
    one: str
    other: str
    zone: str
    score: float
    bits: float
    sentence: str
    decided: str
    reasons: tuple[Reason, ...]
