"""All that a connector's author imports: what a connector yields, what it is given, how it fails.

A connector is a module or object with ``pull(context)``: a generator of `Entry`, `State`,
`Quarantined` and `Progress`. It reads one source, knows nothing of the store or the screen, and may
be stopped after any item: everything yielded before a `State` is committed with that cursor, in one
transaction, and a re-read of what was committed changes nothing.

Everything in an `Entry` was written by strangers. It is data and stays as received; it is cleaned
where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["message", "note", "call", "event", "survey", "review"]
Channel = Literal["email", "chat", "phone", "sms", "social", "review", "web", "api"]
Direction = Literal["", "inbound", "outbound", "internal"]
Role = Literal[
    "author", "from", "reply_to", "to", "cc", "bcc", "participant", "assignee", "mentioned"
]
AddressKind = Literal["email", "phone", "handle", "external_id", "name"]
FoldKind = Literal["quote", "signature"]
ZoneSource = Literal["stated", "assumed", "none"]
Precision = Literal["ms", "s", "min", "day"]


@dataclass(frozen=True, slots=True)
class Address:
    """One way to be reached or recognised, as the source wrote it.

    Attributes:
        kind: What sort of address; ``name`` is a label only and never links two people.
        value: The address itself, untrusted, not normalised.
        network: Where a handle is unique, such as ``slack:T02AB`` or ``whatsapp``; empty for
            addresses that are unique everywhere.
    """

    kind: AddressKind
    value: str
    network: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who was on an entry.

    Attributes:
        role: Their part in it.
        address: The address that the entry itself carries.
        name: Display name as written there; untrusted, may be empty.
        same_as: Other addresses that the *source* vouches for as the same person (the e-mail in a
            chat profile). Never guesses.
        bot: True where the source says that this party is a program.
    """

    role: Role
    address: Address
    name: str = ""
    same_as: tuple[Address, ...] = ()
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """A range of `Entry.text` that is shown folded: characters ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    kind: FoldKind = "quote"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail server keeps a message.

    Attributes:
        folder: As the server names it; untrusted.
        validity: UIDVALIDITY of the folder.
        uid: UID of the message.
        labels: What the server's own program calls it by (Gmail), a line each; untrusted.
    """

    folder: str
    validity: int
    uid: int
    labels: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with an entry.

    Attributes:
        name: File name as written; untrusted, a label and never a path.
        media_type: Lower case, such as ``image/png``.
        size: Bytes, decoded; 0 when unknown.
        sha256: Hex digest of the decoded bytes; empty when the bytes are not at hand.
        part: Where the bytes are inside `Entry.original` (``1.2`` as IMAP numbers parts); empty
            when they are not inside it.
        data: The bytes themselves, only when they are not inside the original.
        url: Where the source says they are; shown, never fetched by itself.
    """

    name: str
    media_type: str = "application/octet-stream"
    size: int = 0
    sha256: str = ""
    part: str = ""
    data: bytes = b""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened between the team and a customer.

    Attributes:
        external_id: Unique within the source and stable across re-reads: the de-duplication key.
        at: When it happened; UTC milliseconds.
        kind: What it is; see ``vocabulary``.
        channel: How it came.
        parties: Everyone on it; the first with role ``author`` or ``from`` wrote it.
        subject: As decoded; untrusted; one line.
        text: Plain text, lines end with LF, untrusted; HTML is already turned into text.
        folds: Quotes and signatures in ``text``: sorted, not overlapping.
        message_id: This entry's own id on its channel, without angle brackets; may be empty.
        in_reply_to: Ids that it answers, nearest first.
        references: Ids of its thread, oldest first.
        thread: A key that names the conversation outright, where the source has one (a chat
            thread); empty for mail.
        hints: Names that other programs give the conversation (``outlook …``, ``gmail …``): like
            ids, they count only together with a person in common.
        at_offset: Minutes east of UTC that the source stated; None when it stated none.
        zone_source: Whether the zone was stated, assumed from the settings, or unknown.
        precision: How exact ``at`` is.
        direction: Only where the source knows for sure; empty means: decided by who “we” are.
        automatic: Why this was written by a program (``auto-replied``, ``list``, ``bounce``…);
            empty for a human's words.
        group: The address of the list that it came through, or that address with a dot for its
            ``@``, where nothing else says that a program wrote it: where it is ours, this is a
            person's mail to us.
        forged: True where the receiving server could not confirm the sender; who then claims to be
            one of us is not believed.
        attachments: In the order of the source.
        original: The bytes as received; empty where the source has no such thing.
        original_type: Media type of ``original``, such as ``message/rfc822``.
        defects: What was wrong with it and mended, in words fit to show.
        content_key: Digest of what a reader would call the content; an entry whose key differs
            from the stored one is a new revision.
        place: Where the server keeps it; None where there is no server.
    """

    external_id: str
    at: int
    kind: Kind = "message"
    channel: Channel = "email"
    parties: tuple[Party, ...] = ()
    subject: str = ""
    text: str = ""
    folds: tuple[Fold, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    thread: str = ""
    hints: tuple[str, ...] = ()
    at_offset: int | None = None
    zone_source: ZoneSource = "stated"
    precision: Precision = "s"
    direction: Direction = ""
    automatic: str = ""
    group: str = ""
    forged: bool = False
    attachments: tuple[Attachment, ...] = ()
    original: bytes = b""
    original_type: str = ""
    defects: tuple[str, ...] = ()
    content_key: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A checkpoint: all that was yielded before it may be committed together with this cursor.

    Attributes:
        cursor: Opaque to everyone but the connector; given back as ``context.cursor``.
    """

    cursor: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that could not be read: kept as received, counted, tried again later.

    Attributes:
        external_id: Stable across re-reads, so that it is set aside once.
        where: Place in the source, such as ``inbox.mbox, byte 1024``; untrusted.
        reason: One sentence fit to show an agent.
        raw: The bytes as received, cut to the message cap.
        place: Where the server keeps it; None where there is no server.
    """

    external_id: str
    where: str
    reason: str
    raw: bytes = b""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a connector is.

    Attributes:
        done: Units done so far.
        total: Units in all; 0 when unknown.
        unit: What is counted: ``bytes`` or ``entries``.
    """

    done: int
    total: int = 0
    unit: Literal["bytes", "entries"] = "bytes"


Item = Entry | State | Quarantined | Progress


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector is given.

    Attributes:
        path: The file or folder to read; empty for sources that are not files.
        settings: The source's settings; never secrets.
        cursor: The last committed `State.cursor`; empty on the first pull.
        time_zone: IANA name for formats that state none; empty means UTC, marked as assumed.
        date_order: ``dmy``, ``mdy`` or ``ymd`` where a format leaves it open; empty: find out.
        survey: True for a preview: bodies may be left out, nothing will be stored.
        secret: Password or access token of a live source: told to the worker through its pipe,
            never stored.
    """

    path: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""
    time_zone: str = ""
    date_order: str = ""
    survey: bool = False
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file turned out to be.

    Attributes:
        connector: Name of the connector that reads it, such as ``mbox``.
        title: For people, such as ``mbox mail file``.
        source: Stable name of the source that its entries belong to (``mail``,
            ``slack:T02AB``): the same messages in another file fall under the same source.
        needs_zone: True where the format states no time zone, so that one must be asked for.
        size: Bytes to read; 0 when unknown.
        network: Network of the handles in it, for chat; empty for mail.
    """

    connector: str
    title: str
    source: str
    needs_zone: bool = False
    size: int = 0
    network: str = ""


class Connector(Protocol):
    """What the registry holds: how to recognise a file and how to pull it."""

    name: str

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say what ``path`` is, or None.

        Args:
            path: An existing file or folder.
            head: Its first 64 KiB; empty for a folder.

        Raises:
            BadFile: It is of this connector's format, but broken or unsupported.
        """
        ...

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield what the source holds after ``context.cursor``, with checkpoints between."""
        ...


class ConnectorError(Exception):
    """A source could not be read; ``str()`` is one sentence fit to show an agent."""


class BadFile(ConnectorError):
    """The file is recognised but broken or unsupported, or not recognised at all."""


class AuthError(ConnectorError):
    """The source refused our credentials: stop and ask, do not try again."""


class RateLimited(ConnectorError):
    """The source asks to wait.

    Attributes:
        after_seconds: How long it asked for; 0 when it did not say.
    """

    def __init__(self, message: str, after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class Transient(ConnectorError):
    """It may work next time: the runner tries again with back-off."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is committed in one transaction: entries, what was set aside, and the cursor after them.

    Attributes:
        cursor: None where no checkpoint lies at the end of this batch; the stored one stays.
    """

    entries: tuple[Entry, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch, or a whole import, came to. Every item read is counted exactly once.

    Attributes:
        new: Entries that were not there before.
        same: Entries that were there already, unchanged.
        revised: Entries that were there with other content; the old one is kept as a revision.
        quarantined: Items set aside, new ones only.
        held: Items that were set aside before and still are.
        erased: Items left out, since they would bring back a customer who was erased.
    """

    new: int = 0
    same: int = 0
    revised: int = 0
    quarantined: int = 0
    held: int = 0
    erased: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        """Return the sum, field by field."""
        return Outcome(
            self.new + other.new,
            self.same + other.same,
            self.revised + other.revised,
            self.quarantined + other.quarantined,
            self.held + other.held,
            self.erased + other.erased,
        )


class Sink(Protocol):
    """Where a runner puts what it read: the store, or a counter for a preview."""

    def cursor(self) -> str:
        """Return the last committed cursor of this source and file; empty when there is none."""
        ...

    def write(self, batch: Batch) -> Outcome:
        """Commit a batch and its cursor in one transaction; idempotent."""
        ...
