"""Timelines: pages of what happened, texts, one entry whole."""

from __future__ import annotations

from db.frozen import dataclass


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
