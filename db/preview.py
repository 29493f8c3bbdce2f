"""Say what an import would come to: by the same rules, without a store and without bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from connectors.contract import Entry
from db.arrival import SUBJECT_CHARACTERS, Guest, check, guests_of, human_words, thread_ids_of
from db.conversations import Conversation, digest, found
from db.direction import head
from db.frozen import dataclass
from db.identity.link import Identity
from db.identity.normalise import Key, flat
from db.identity.own import own_addresses, parse_own
from db.subjects import subject_key
from db.thread_rules import ThreadRules
from db.threading import names_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import into an empty store would come to.

    Attributes:
        work: Cases that it would open.
        history: Cases that it would file away, closed.
        messages: Entries.
        first_at: The oldest of them; UTC milliseconds, 0 when there is none.
        last_at: The newest.
    """

    work: int
    history: int
    messages: int
    first_at: int
    last_at: int


class _Letter(NamedTuple):
    """An entry as far as its conversation goes; an empty store knows no token of ours."""

    entry: Entry
    subject: str
    topic: str
    guests: tuple[Guest, ...]
    thread_ids: tuple[str, ...]
    human: bool
    tokens: tuple[tuple[str, bool], ...] = ()


class PreviewCounter:
    """Counts what an import would come to, entry by entry."""

    def __init__(self, own: Iterable[str], work_since: int, source: str = "mail") -> None:
        """Start at nothing.

        Args:
            own: Who “we” are, each as `parse_own` takes it.
            work_since: As in `Arrival`; UTC milliseconds.
            source: Name of the source, the scope of bare names and threads.
        """
        self._own = own_addresses(row for text in own for row in parse_own(text))
        self._since = work_since
        self._source = source
        self._seen: set[int] = set()
        self._by_key: dict[str, Conversation] = {}
        self._all: list[Conversation] = []
        self._people: dict[Key, Identity] = {}
        self._account: dict[Key, Key] = {}
        self._first = self._last = 0

    def add(self, entry: Entry) -> None:
        """Count an entry in; one that was counted already, or that no store takes, is left out."""
        mark = hash(entry.external_id)
        if mark in self._seen:
            return
        try:
            check(entry)
        except ValueError:
            return
        self._first = entry.at if not self._seen else min(self._first, entry.at)
        self._last = entry.at if not self._seen else max(self._last, entry.at)
        self._seen.add(mark)
        guests = guests_of(entry, self._source)
        for guest in guests:
            self._meet(guest)
        self._place(entry, guests)

    def _meet(self, guest: Guest) -> None:
        """Remember who is who: our own, and accounts that the source vouches for."""
        person = self._person(guest.key, guest.name)
        for alias in guest.aliases:
            other = self._person(alias, "")
            person.own = other.own = person.own or other.own
            self._account[self._root(alias)] = self._root(guest.key)

    def _person(self, key: Key, name: str) -> Identity:
        if key not in self._people:
            self._people[key] = Identity(0, key, "", "", self._own.has(key, name))
        return self._people[key]

    def _root(self, key: Key) -> Key:
        while key in self._account and self._account[key] != key:
            key = self._account[key]
        return key

    def _is_own(self, guest: Guest) -> bool:
        return self._people[guest.key].own

    def _place(self, entry: Entry, guests: tuple[Guest, ...]) -> None:
        """Count an entry into its conversation, joining those that it bridges."""
        heading = head(entry, guests, self._is_own)
        subject = flat(entry.subject, SUBJECT_CHARACTERS)
        topic = subject_key(subject)
        letter = _Letter(entry, subject, topic, guests, thread_ids_of(entry), human_words(entry))
        names = names_of(letter, heading, self._source, None, ThreadRules(), self._is_own)
        keys = [digest(name.key) for name in names]
        known = dict.fromkeys(found(self._by_key[key]) for key in keys if key in self._by_key)
        if known:
            conversation, *others = known
            for gone in others:
                conversation.absorb(gone)
        else:
            conversation = Conversation(0, entry.channel, 0, "", "", entry.at, entry.at)
            self._all.append(conversation)
        for key in keys:
            self._by_key[key] = conversation
        home = self._people[heading.home.key] if heading.home else None
        direction = heading.direction
        if not guests and entry.direction == "" and human_words(entry):
            direction = "inbound"
        if home is None and entry.channel != "email" and conversation.home is not None:
            home = conversation.home
            if entry.kind == "message" and not entry.direction and direction == "internal":
                direction = "outbound"
        human = human_words(entry) and direction != "internal"
        conversation.add(entry.at, "", topic, direction if human else "", home)

    def result(self) -> Preview:
        """Return what was counted so far."""
        work: set[object] = set()
        history = 0
        for conversation in self._all:
            if conversation.into is not None:
                continue
            waiting = conversation.last_human_direction == "inbound"
            if not waiting or conversation.last_human_at < self._since:
                history += 1
            elif conversation.home is None or not conversation.subject_key:
                work.add(id(conversation))
            else:
                work.add((self._root(conversation.home.key), conversation.subject_key))
        return Preview(len(work), history, len(self._seen), self._first, self._last)
