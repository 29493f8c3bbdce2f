"""Who “we” are: the addresses, domains, numbers, handles and names of the team itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from db.engine.interface import Connection
from db.identity.normalise import Key, domain_key, domain_of, email_key, phone_key, sound

_ALL = "select kind, value from own_addresses order by kind, value"
_ADD = "insert into own_addresses(kind, value) values(:kind, :value) on conflict do nothing"
_NOT_OWN = "select id, kind, network, value, name from identities where own = 0"
_MARK = "update identities set own = 1, customer_id = null where id = :id"
# A customer that was one of us all along, and that nobody has said anything about.
_FORGET_EMPTY = """
delete from customers where id = :id and version = 1
  and not exists (select 1 from identities i where i.customer_id = customers.id)
  and not exists (select 1 from customer_links l
    where l.one_id = customers.id or l.other_id = customers.id)
  and not exists (select 1 from match_decisions d
    where d.one_id = customers.id or d.other_id = customers.id)
"""
_CUSTOMER_OF = "select customer_id from identities where id = :id"


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The team's own addresses, ready to be compared.

    Attributes:
        emails: Keys of e-mail addresses.
        domains: Domains of which every address is ours.
        phones: Keys of phone numbers.
        handles: Handles, lower case, in any network.
        names: Display names in chats, case-folded.
    """

    emails: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def has(self, key: Key, name: str = "") -> bool:
        """Say whether an address is ours.

        Args:
            key: Of the address.
            name: As shown beside it. It counts in chats alone, where the source made the account:
                in a mail anyone can write any name.
        """
        if key.kind == "email":
            return key.value in self.emails or domain_of(key) in self.domains
        if key.kind == "phone":
            return key.value in self.phones
        if key.kind == "name":
            return key.value in self.names
        return key.value in self.handles or bool(name and name.casefold() in self.names)


def parse_own(text: str) -> tuple[tuple[str, str], ...]:
    """Return the ``(kind, value)`` rows that a person's words stand for.

    ``support@x.example`` is an address, ``@x.example`` a domain, ``+49…`` a phone number; anything
    else is a chat handle and a display name.

    Raises:
        ValueError: Nothing in it can be an address.
    """
    written = sound(text).strip()
    bare = written.removeprefix("@").strip()
    if not bare:
        raise ValueError("An own address cannot be empty: give support@x.example or @x.example.")
    if written.startswith("@") and "." in bare and "@" not in bare and " " not in bare:
        return (("domain", domain_key(bare)),)
    if email := email_key(written):
        return (("email", email),)
    if written[0] in "+0123456789" and not any(letter.isalpha() for letter in written):
        if phone := phone_key(written):
            return (("phone", phone),)
        raise ValueError(f"“{written}” is not a phone number: give it as +49 30 1234567.")
    name = " ".join(bare.split()).casefold()
    return (("handle", name), ("name", name))


def own_addresses(rows: Iterable[tuple[str, str]]) -> OwnAddresses:
    """Return ``(kind, value)`` rows ready to be compared."""
    kinds: dict[str, set[str]] = {}
    for kind, value in rows:
        kinds.setdefault(kind, set()).add(value)
    return OwnAddresses(
        emails=frozenset(kinds.get("email", ())),
        domains=frozenset(kinds.get("domain", ())),
        phones=frozenset(kinds.get("phone", ())),
        handles=frozenset(kinds.get("handle", ())),
        names=frozenset(kinds.get("name", ())),
    )


def list_own(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return the own addresses as ``(kind, value)``, sorted."""
    return tuple((str(kind), str(value)) for kind, value in connection.all(_ALL))


def load_own(connection: Connection) -> OwnAddresses:
    """Return the own addresses of a store."""
    return own_addresses(list_own(connection))


def add_own(connection: Connection, text: str) -> tuple[tuple[str, str], ...]:
    """Remember that an address is ours, and mark the identities that it covers.

    Entries that are stored keep their direction; what arrives from now on is decided anew.

    Args:
        connection: Inside `Engine.write`.
        text: As `parse_own` takes it.

    Returns:
        The rows that it stands for, whether they were there before or not.

    Raises:
        ValueError: Nothing in it can be an address.
    """
    rows = parse_own(text)
    known = set(list_own(connection))
    for kind, value in rows:
        connection.run(_ADD, {"kind": kind, "value": value})
    if not known.issuperset(rows):
        _mark(connection, own_addresses(rows))
    return rows


def _mark(connection: Connection, added: OwnAddresses) -> None:
    """Mark identities that turned out to be ours; their customers vanish if nothing is left."""
    marked = False
    emptied: list[int] = []
    for identity_id, kind, network, value, name in connection.all(_NOT_OWN):
        if not added.has(Key(kind, network, value), name):
            continue
        customer_id = connection.value(_CUSTOMER_OF, {"id": identity_id})
        connection.run(_MARK, {"id": identity_id})
        marked = True
        if customer_id is not None:
            emptied.append(int(customer_id))
    if marked:
        from db.counters import recount
        from db.identity.lookup_index import index_customers

        connection.many(_FORGET_EMPTY, [{"id": number} for number in emptied])
        recount(connection)
        index_customers(connection, emptied)
