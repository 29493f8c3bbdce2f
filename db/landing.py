"""One slice of arrivals inside its transaction: who, which conversation, which case, then the rows.

Nothing is kept from one transaction to the next: what another program did between them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.contract import Outcome
from db import clock
from db.among import among
from db.arrival import Guest, Prepared, human_words
from db.arriving import Arrival
from db.cases import Cases
from db.conversations import Conversation, Threads, digest, found
from db.counters import count_customers
from db.direction import Heading, head
from db.engine.interface import Connection
from db.entry_rows import EntryRows, revise
from db.frozen import dataclass
from db.identity.link import Identity, People
from db.identity.lookup_index import index_customers
from db.identity.normalise import Key
from db.identity.own import OwnAddresses
from db.thread_rules import load_rules
from db.threading import names_of
from db.tokens import Tokens

UNKNOWN = "unknown sender"

_ORIGINS = """
select external_id, entry_id, content_key from origins
where source_id = :source and external_id in (:among)
"""


@dataclass(slots=True)
class Placed:
    """An entry on its way to its rows.

    Attributes:
        author: Who wrote it; None where nobody is named.
        home: The outsider on whose timeline it belongs; None where there is none.
        others: Further outsiders on it.
        direction: As it will be stored.
    """

    prepared: Prepared
    heading: Heading
    author: Identity | None
    home: Identity | None
    others: tuple[Identity, ...]
    direction: str
    keys: tuple[str, ...]
    conversation: Conversation | None = None

    @property
    def spoken(self) -> str:
        """The direction of a person's words; empty for a program's, and among ourselves."""
        return self.direction if self.prepared.human and self.direction != "internal" else ""


def stored_origins(
    connection: Connection, source_id: int, external_ids: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Return external id to ``(entry id, content key)`` of what is stored already."""
    rows = among(connection, _ORIGINS, external_ids, source=source_id)
    return {external_id: (entry_id, key) for external_id, entry_id, key in rows}


class Landing:
    """Brings one slice of entries into the store."""

    def __init__(
        self,
        connection: Connection,
        source: str,
        source_id: int,
        own: OwnAddresses,
        arrival: Arrival,
    ) -> None:
        self._connection = connection
        self._source = source
        self._source_id = source_id
        self._now = clock.now()
        self._people = People(connection, source_id, own, self._now)
        self._rules = load_rules(connection)
        self._tokens = Tokens(connection)
        self._threads = Threads(connection, source_id, self._rules)
        self._cases = Cases(connection, self._people, arrival)

    def write(self, ready: Sequence[Prepared]) -> Outcome:
        """Write what is new, keep the old text of what changed, and count."""
        ids = [one.external_id for one in ready]
        stored = stored_origins(self._connection, self._source_id, ids)
        fresh: dict[str, Prepared] = {}
        again: list[Prepared] = []
        for one in ready:
            if one.external_id in stored or one.external_id in fresh:
                again.append(one)
            else:
                fresh[one.external_id] = one
        if fresh:
            self._write_new(list(fresh.values()))
        same = revised = 0
        keys = {number: key for number, (_entry, key) in stored.items()}
        keys.update({number: one.entry.content_key for number, one in fresh.items()})
        for one in again:
            if keys[one.external_id] == one.entry.content_key:
                same += 1
                continue
            revise(self._connection, self._source_id, one, self._now)
            keys[one.external_id] = one.entry.content_key
            revised += 1
        return Outcome(new=len(fresh), same=same, revised=revised)

    def _write_new(self, fresh: list[Prepared]) -> None:
        placed = self._meet(fresh)
        self._people.flush_names()
        self._people.flush_people()
        self._thread(placed)
        self._settle(placed)
        rows = EntryRows(self._connection, self._source_id, self._now)
        for one in placed:
            conversation = found(_conversation(one))
            case = self._cases.of(conversation)
            home = one.home or conversation.home or case.requester
            rows.add(one.prepared, self._guests(one), one.author, home, one.others,
                     one.direction, conversation.id, case.id)  # fmt: skip
        touched = dict.fromkeys(found(_conversation(one)) for one in placed)
        self._threads.flush(touched)
        rows.flush()
        self._cases.flush()
        self._people.flush_counts()
        customers = self._cases.customers | rows.customers | self._people.touched_customers()
        count_customers(self._connection, customers)
        rows.flush_contacts()
        if changed := self._people.touched_customers():
            index_customers(self._connection, changed)

    def _guests(self, one: Placed) -> list[tuple[Guest, Identity]]:
        return [(guest, self._people[guest.key]) for guest in one.prepared.guests]

    def _meet(self, fresh: list[Prepared]) -> list[Placed]:
        """Find everyone on the entries, and decide who speaks to whom."""
        unknown = Key("name", self._source, UNKNOWN)
        wanted: list[tuple[Key, str, str]] = []
        for one in fresh:
            for guest in one.guests:
                wanted.append((guest.key, guest.raw, guest.name))
                wanted.extend((alias, alias.value, "") for alias in guest.aliases)
            if not one.guests:
                wanted.append((unknown, UNKNOWN, ""))
        people = self._people
        people.load(wanted)
        for one in fresh:
            for guest in one.guests:
                identity = people[guest.key]
                if guest.name:
                    identity.met(guest.name, one.entry.at)
                for alias in guest.aliases:
                    people.vouch(identity, people[alias])
        return [self._address(self._posted(one), unknown) for one in fresh]

    def _posted(self, one: Prepared) -> Prepared:
        """Take what a person wrote to a group address of ours as a person's words."""
        group = one.entry.group
        if not group or one.entry.automatic != "list":
            return one
        for guest in one.guests:
            address = guest.raw.lower()
            named = group in (address, address.replace("@", "."))
            if named and guest.role in ("to", "cc") and self._people[guest.key].own:
                entry = replace(one.entry, automatic="")
                return replace(one, entry=entry, human=human_words(entry))
        return one

    def _address(self, one: Prepared, unknown: Key) -> Placed:
        people = self._people
        heading = head(one.entry, one.guests, lambda guest: people[guest.key].own)
        author = people[heading.author.key] if heading.author else None
        home = people[heading.home.key] if heading.home else None
        direction = heading.direction
        if not one.guests and one.human and one.entry.direction in ("", "inbound"):
            # Nobody is named: kept as somebody's words, so that they are seen and not lost.
            home, direction = people[unknown], "inbound"
        if home is not None:
            people.customer_of(home)
        others = [people[guest.key] for guest in heading.others]
        names = names_of(
            one,
            heading,
            self._source,
            self._tokens,
            self._rules,
            lambda guest: people[guest.key].own,
        )
        return Placed(
            one,
            heading,
            author,
            home,
            tuple(other for other in others if other is not home),
            direction,
            tuple(dict.fromkeys(digest(name.key) for name in names)),
        )

    def _thread(self, placed: list[Placed]) -> None:
        """Find the conversation of each entry, and count the entry in."""
        threads = self._threads
        self._cases.load(threads.load(key for one in placed for key in one.keys))
        for one in placed:
            entry = one.prepared.entry
            conversation = threads.place(one.keys, entry.channel, entry.at)
            one.conversation = conversation
            if one.home is not None and conversation.home is None:
                conversation.home = one.home
        for one in placed:
            conversation = found(_conversation(one))
            self._answer_in_chat(one, conversation)
            prepared = one.prepared
            # Mails from nobody have no sender in common by which a subject could join them.
            topic = prepared.topic if prepared.guests else ""
            conversation.add(prepared.entry.at, prepared.subject, topic, one.spoken, one.home)
        threads.number()

    def _answer_in_chat(self, one: Placed, conversation: Conversation) -> None:
        """Take our own words in a customer's thread as said to the customer.

        A chat message names no recipients; a mail does.
        """
        entry = one.prepared.entry
        if one.home is not None or entry.channel == "email":
            return
        one.home = conversation.home
        speaks = entry.kind == "message" and not entry.direction
        if one.home is not None and speaks and one.direction == "internal":
            one.direction = "outbound"

    def _settle(self, placed: list[Placed]) -> None:
        """Decide the case of each conversation that something came to."""
        for kept, gone in self._threads.joined:
            self._cases.join(kept, gone)
        groups: dict[Conversation, list[Placed]] = {}
        for one in placed:
            groups.setdefault(found(_conversation(one)), []).append(one)
        for conversation, members in groups.items():
            self._cases.settle(
                conversation,
                conversation.home or self._insider(members[0]),
                [(one.prepared.entry.at, one.spoken) for one in members],
            )
        self._cases.number()

    def _insider(self, one: Placed) -> Identity:
        """Return on whose timeline an entry without outsiders is: its author's, or anyone's."""
        guests = one.prepared.guests
        key = guests[0].key if guests else Key("name", self._source, UNKNOWN)
        return one.author or self._people[key]


def _conversation(one: Placed) -> Conversation:
    if one.conversation is None:
        raise ValueError("An entry was settled before it had a conversation.")
    return one.conversation
