"""Which conversation an entry belongs to, the same whatever the order of arrival.

Two mails belong together when they share an id (their own, or one that they answer, known or not)
and a person. Every pair of id and person is a key of the conversation, so that a child that comes
before its parent waits at the same place; a mail that holds keys of two conversations joins them,
unless an agent parted these. A chat names its thread outright. `db.threading` says which keys.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from db.among import among
from db.engine.interface import Connection, Value
from db.identity.link import Identity
from db.ids import take
from db.thread_rules import ThreadRules

KEY_BYTES = 12  # finding a second text for a given key is out of reach; rows stay short

_BY_KEY = "select key, conversation_id from conversation_keys where key in (:among)"
_BY_ID = """
select id, channel, source_id, subject, subject_key, case_id, joined_id, entries, first_at, last_at,
  last_human_at, last_human_direction
from conversations where id in (:among)
"""
_ADD = """
insert into conversations(id, channel, source_id, subject, subject_key, case_id, entries, first_at,
  last_at, last_human_at, last_human_direction)
values(:id, :channel, :source_id, :subject, :subject_key, :case_id, :entries, :first_at, :last_at,
  :last_human_at, :last_human_direction)
"""
_SET = """
update conversations set subject = :subject, subject_key = :subject_key, case_id = :case_id,
  entries = :entries, first_at = :first_at, last_at = :last_at, last_human_at = :last_human_at,
  last_human_direction = :last_human_direction
where id = :id
"""
_JOIN = "update conversations set joined_id = :kept, entries = 0 where id = :id"
_ADD_KEY = """
insert into conversation_keys(key, conversation_id) values(:key, :id) on conflict do nothing
"""


def digest(key: str) -> str:
    """Return a key as it is stored."""
    raw = blake2b(key.encode("utf-8", "replace"), digest_size=KEY_BYTES).digest()
    return b2a_base64(raw, newline=False).decode("ascii")


@dataclass(slots=True, eq=False)
class Conversation:
    """A conversation that this batch touches.

    Attributes:
        id: 0 until it is first written.
        into: The one that it was joined into.
        home: The outsider whose conversation it is: of its earliest entry that has one.
        changed: True when an earlier entry gave it another subject or outsider.
    """

    id: int
    channel: str
    source_id: int
    subject: str
    subject_key: str
    first_at: int
    last_at: int
    case_id: int = 0
    entries: int = 0
    last_human_at: int = 0
    last_human_direction: str = ""
    stored: bool = False
    into: Conversation | None = None
    home: Identity | None = None
    changed: bool = False

    def add(
        self, at: int, subject: str, topic: str, human_direction: str, home: Identity | None
    ) -> None:
        """Count an entry in.

        Args:
            at: When it happened; UTC milliseconds.
            subject: As shown.
            topic: As compared.
            human_direction: ``inbound`` or ``outbound`` for a person's words, else empty.
            home: The outsider on whose timeline it is; None where there is none.
        """
        earliest = not self.entries or at < self.first_at
        if earliest or (at == self.first_at and topic < self.subject_key):
            self.changed |= topic != self.subject_key
            self.subject, self.subject_key = subject, topic
        self.first_at = min(self.first_at, at) if self.entries else at
        self.last_at = max(self.last_at, at)
        self.entries += 1
        if home is not None and (earliest or self.home is None):
            self.changed |= self.home is not None and self.home is not home
            self.home = home
        self._heard(at, human_direction)

    def _heard(self, at: int, direction: str) -> None:
        """Keep the last human words; of two at one moment the customer's, so that none is lost."""
        if not direction or (at == self.last_human_at and direction != "inbound"):
            return
        if at >= self.last_human_at or not self.last_human_direction:
            self.last_human_at, self.last_human_direction = at, direction

    def absorb(self, gone: Conversation) -> None:
        """Take over what another one counted; its case is settled elsewhere."""
        gone.into = self
        if gone.home is not None and (self.home is None or gone.first_at < self.first_at):
            self.changed |= self.home is not None and self.home is not gone.home
            self.home = gone.home
        if gone.entries and (
            not self.entries
            or (gone.first_at, gone.subject_key) < (self.first_at, self.subject_key)
        ):
            self.changed |= gone.subject_key != self.subject_key
            self.subject, self.subject_key = gone.subject, gone.subject_key
        self.first_at = min(self.first_at, gone.first_at)
        self.last_at = max(self.last_at, gone.last_at)
        self.entries += gone.entries
        self._heard(gone.last_human_at, gone.last_human_direction)

    def row(self) -> dict[str, Value]:
        """Return it as parameters of a statement."""
        return {
            "id": self.id,
            "channel": self.channel,
            "source_id": self.source_id,
            "subject": self.subject,
            "subject_key": self.subject_key,
            "case_id": self.case_id,
            "entries": self.entries,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "last_human_at": self.last_human_at,
            "last_human_direction": self.last_human_direction,
        }


def found(conversation: Conversation) -> Conversation:
    """Return the conversation that stands for this one after all joins."""
    while conversation.into is not None:
        conversation = conversation.into
    return conversation


class Threads:
    """Finds, makes and joins the conversations of one transaction."""

    def __init__(
        self, connection: Connection, source_id: int, rules: ThreadRules | None = None
    ) -> None:
        self._connection = connection
        self._source_id = source_id
        self._rules = rules or ThreadRules()
        self._by_key: dict[str, Conversation] = {}
        self._by_id: dict[int, Conversation] = {}
        self._new_keys: list[tuple[str, Conversation]] = []
        self._made: list[Conversation] = []
        self.joined: list[tuple[Conversation, Conversation]] = []

    def load(self, keys: Iterable[str]) -> list[Conversation]:
        """Find and return the conversations that hold these (stored) keys."""
        rows = list(among(self._connection, _BY_KEY, keys))
        self._load_ids({number for _key, number in rows})
        for key, number in rows:
            self._by_key[key] = self._by_id[number]
        return list(dict.fromkeys(found(one) for one in self._by_id.values()))

    def _load_ids(self, wanted: set[int]) -> None:
        """Load conversations and, link by link, those that they were joined into."""
        pending: list[tuple[Conversation, int]] = []
        lacking = wanted - self._by_id.keys()
        while lacking:
            for row in among(self._connection, _BY_ID, sorted(lacking)):
                number, channel, source, subject, topic, case, into, count, first, last, *human = (
                    row
                )
                loaded = Conversation(
                    number, channel, source, subject, topic, first, last, case, count, *human
                )
                loaded.stored = True
                self._by_id[number] = loaded
                if into:
                    pending.append((loaded, into))
            lacking = {into for _one, into in pending} - self._by_id.keys()
        for one, into in pending:
            one.into = self._by_id[into]

    def place(self, keys: tuple[str, ...], channel: str, at: int) -> Conversation:
        """Return the conversation of an entry with these (stored) keys.

        Args:
            keys: All of them, nearest first; the conversations that hold one are joined.
            channel: Of a conversation that has to be made.
            at: Of the entry; UTC milliseconds.
        """
        known = dict.fromkeys(found(self._by_key[key]) for key in keys if key in self._by_key)
        if known:
            kept = self._one_of(list(known))
        else:
            kept = Conversation(0, channel, self._source_id, "", "", at, at)
            self._made.append(kept)
        for key in keys:
            if key not in self._by_key:
                self._by_key[key] = kept
                self._new_keys.append((key, kept))
        return kept

    def _one_of(self, known: list[Conversation]) -> Conversation:
        """Join conversations into one; those that an agent parted from the nearest are left."""
        nearest = known[0]
        apart = [one for one in known[1:] if self._rules.parted(nearest.id, one.id)]
        joined = [one for one in known if one not in apart]
        kept = min(joined, key=lambda one: (not one.stored, one.id))
        for gone in joined:
            if gone is not kept:
                kept.absorb(gone)
                self.joined.append((kept, gone))
        return kept

    def number(self) -> None:
        """Give the new conversations that remained their ids."""
        fresh = [one for one in self._made if one.into is None]
        if fresh:
            first = take(self._connection, "conversations", len(fresh))
            for number, one in enumerate(fresh, first):
                one.id = number

    def flush(self, touched: Iterable[Conversation]) -> None:
        """Write what is new or changed; every case is decided by now."""
        fresh = [one for one in self._made if one.into is None]
        self._connection.many(_ADD, [one.row() for one in fresh])
        changed = [one for one in touched if one.stored and one.into is None]
        self._connection.many(_SET, [one.row() for one in changed])
        self._connection.many(
            _JOIN,
            [{"id": gone.id, "kept": found(kept).id} for kept, gone in self.joined if gone.stored],
        )
        self._connection.many(
            _ADD_KEY, [{"key": key, "id": found(one).id} for key, one in self._new_keys]
        )
