"""What leaves the store: frozen, slotted records.

Times are UTC milliseconds; 0 means “never” unless said otherwise. Names, subjects and texts were
written by strangers: whoever shows them cleans them first.
"""

from __future__ import annotations

from dataclasses import dataclass

NO_DEADLINE = 4503599627370496
"""The value of `CaseRow.due_at` where no deadline runs (2**52: sorts last, fits any double)."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """Someone who works cases.

    Attributes:
        login: Their name on the system; unique.
        role: ``lead``, ``agent`` or ``read_only``.
        teams: Team names, sorted.
    """

    agent_id: int
    login: str
    name: str
    role: str = "agent"
    active: bool = True
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team of agents.

    Attributes:
        logins: Who is in it, sorted.
    """

    team_id: int
    name: str
    logins: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class TimelineKey:
    """A place on a timeline: everything before it in time is the next page."""

    at: int
    entry_id: int


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One thing on a timeline; its text is read apart, when it is seen.

    Attributes:
        entry_id: 0 for an event that stands in the journal.
        kind: ``message``, ``note``, ``call``, ``event``, ``survey`` or ``review``.
        direction: ``inbound``, ``outbound`` or ``internal``.
        author: Display name; untrusted.
        preview: First words of the text; for events the whole sentence.
        characters: Length of the text, for the scroll bar.
        lines: Line breaks in the text plus one.
        automatic: Why a program wrote it; empty for a human.
        seq: The journal row of an event; 0 otherwise.
    """

    entry_id: int
    at: int
    at_offset: int | None
    kind: str
    direction: str
    channel: str
    case_id: int
    author: str
    subject: str
    preview: str
    characters: int
    lines: int
    attachments: int
    automatic: str
    pinned: bool
    revision: int
    seq: int = 0


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of a timeline, oldest first.

    Attributes:
        before: Give it to the next call for what is older; None when this page reaches the start.
        subjects: Case number to subject, for the cases on this page.
    """

    items: tuple[TimelineItem, ...]
    before: TimelineKey | None
    subjects: dict[int, str]


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file that came with an entry.

    Attributes:
        size: Bytes; 0 when unknown.
        part: Place inside the original; empty when it stands apart or was not delivered.
    """

    position: int
    name: str
    media_type: str
    size: int
    sha256: str
    part: str
    url: str


@dataclass(frozen=True, slots=True)
class EntryText:
    """The text of an entry.

    Attributes:
        folds: ``(start, end, kind)`` in characters: quotes and signatures, shown folded.
        defects: What was wrong with the original, in words.
        attachments: In order.
    """

    entry_id: int
    text: str
    folds: tuple[tuple[int, int, str], ...]
    defects: tuple[str, ...]
    attachments: tuple[AttachmentRow, ...]


@dataclass(frozen=True, slots=True)
class PartyRow:
    """Someone on an entry, for headers and replies."""

    role: str
    kind: str
    value: str
    name: str
    own: bool


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """An entry with its parties and where it came from."""

    item: TimelineItem
    parties: tuple[PartyRow, ...]
    message_id: str
    source: str
    external_id: str
    has_original: bool


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


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did.

    Attributes:
        seq: Its row in the journal; 0 when nothing had to change.
        sentence: For people: ``Tagged #42 billing``.
        case_id: The case to show afterwards; 0 when none.
    """

    seq: int
    sentence: str
    case_id: int = 0


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One act.

    Attributes:
        agent: Login; ``system`` for rules, ingest and timers.
        undoes: The act that this one took back; 0 when none.
        undone_by: The act that took this one back; 0 when none did.
    """

    seq: int
    at: int
    agent: str
    command: str
    sentence: str
    undoes: int
    undone_by: int


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What an agent was typing.

    Attributes:
        kind: ``note`` or ``reply``.
        case_revision: What the case was when the draft was begun.
    """

    case_id: int
    agent_id: int
    kind: str
    text: str
    cursor: tuple[int, int]
    case_revision: int
    updated_at: int


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

    entries: int
    customers: int
    cases: int
    unresolved: int
    drafts: int
    quarantined: int
    synced_at: int
