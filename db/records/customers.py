"""A customer's cheat sheet, and who was found by a few letters."""

from __future__ import annotations

from db.frozen import dataclass
from db.records.lists import CaseLine


@dataclass(frozen=True, slots=True)
class Handle:
    """One way to reach a customer.

    Attributes:
        state: ``confirmed``, ``observed``, ``suggested`` or ``rejected``.
        verified: True where a mail from it passed its check.
    """

    kind: str
    network: str
    value: str
    name: str
    state: str
    entries: int
    last_at: int
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was read in a message.

    Attributes:
        kind: ``phone``, ``company`` or ``title``.
        entry_id: Where it was read; 0 where that is gone.
        at: When that was.
    """

    kind: str
    value: str
    entry_id: int
    at: int


@dataclass(frozen=True, slots=True)
class Mood:
    """How their last words sound; from what they wrote and rated, from nothing else.

    Attributes:
        word: ``angry``, ``unhappy``, ``thankful`` or ``pleased``.
        words: What says so, as they wrote it.
    """

    word: str
    words: str
    entry_id: int
    at: int


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise that is open.

    Attributes:
        due_at: 0 where no time was said.
        agent: Login of who promised.
    """

    promise_id: int
    case_id: int
    text: str
    due_at: int
    agent: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried before, from a resolved case.

    Attributes:
        resolution: How it ended: ``answer``, ``workaround``, ``fix``…
        words: How our last answer in it began; empty where there is none.
    """

    case_id: int
    subject: str
    resolution: str
    resolved_at: int
    words: str


@dataclass(frozen=True, slots=True)
class RollUp:
    """The organization of a customer in figures.

    Attributes:
        people: Customers there; counted up to ``more``.
        more: True where there are more than were counted.
        last_at: When one of them was last in touch.
    """

    organization_id: int
    people: int
    open_cases: int
    vips: int
    last_at: int
    more: bool


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
        promises: Open ones, the next due first.
        tried: What was tried in their resolved cases, newest first; what worked and what did not.
        mood: None where their last words tell nothing.
        activity: Entries in each of the last twelve months, the oldest first.
        facts: Read in their messages, newest first.
        fields: ``(name, value)`` of the fields that the team named.
        roll_up: None without an organization.
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
    promises: tuple[PromiseLine, ...] = ()
    tried: tuple[Tried, ...] = ()
    mood: Mood | None = None
    activity: tuple[int, ...] = ()
    facts: tuple[Fact, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    roll_up: RollUp | None = None


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
