"""Whom an erase is about: all that is one customer, and every word by which they are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from db import journal
from db.among import among
from db.engine.interface import Connection, Row
from db.erase.words import Named
from db.errors import NotFound
from db.frozen import dataclass
from db.identity.lookup_forms import all_of, same
from db.identity.lookup_keys import words_of
from db.texts import unpack, unpack_folds

STAND_IN_NETWORK = "erased"
"""Network of the identity that takes the place of an erased person's."""

_LABEL = "Erased customer "
SIGNED = 50  # newest messages of each address whose signatures are read
SHORTEST_ID = 5  # an id of fewer characters would be found in half of all texts

_MEMBERS = """
select m.id, m.name, m.canonical_id, k.face_id from customers k
join customers m on m.canonical_id = k.canonical_id where k.id = :id order by m.id
"""
_IDENTITIES = """
select id, kind, value, raw, name, network from identities where customer_id in (:among) order by id
"""
_NAMES = "select name from identity_names where identity_id in (:among)"
_PHONES = "select value from identity_facts where kind = 'phone' and identity_id in (:among)"
_SIGNED = """
select codec, data, folds from entry_texts where entry_id in (
  select id from entries where identity_id = :id and author_id = :id and direction = 'inbound'
  order by at desc limit :rows)
"""
_CASES = "select id from cases where requester_id in (:among)"
_ACTS = "select seq from journal_subjects where kind = 'customer' and id in (:among)"
_MANY = 1_000_000
_NAMESAKES = "select id, name, canonical_id from customers where id in (:among)"
# What mail programs and chats put behind a name.
_BEHIND = re.compile(r"\s*(?:[(\[|/<]| - | – | — |,? via | @ )")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with all that is linked as them.

    Attributes:
        customer_id: The canonical one, which the erase is named after.
        name: As it is shown now.
        members: Every customer that is linked as this person.
        identities: Their addresses, numbers and handles.
        keys: ``(kind, network, value)`` of these.
        cases: What they asked for.
        named: The words that name them.
        namesakes: Other customers who bear one of their whole names: ``(id, name)``.
    """

    customer_id: int
    name: str
    members: tuple[int, ...]
    identities: tuple[int, ...]
    keys: tuple[tuple[str, str, str], ...]
    cases: tuple[int, ...]
    named: Named
    namesakes: tuple[tuple[int, str], ...]

    @property
    def label(self) -> str:
        """Return what they are called afterwards."""
        return label_of(self.customer_id)


def label_of(customer_id: int) -> str:
    """Return what an erased customer is called."""
    return f"{_LABEL}{customer_id}"


def load_person(
    connection: Connection,
    customer_id: int,
    also: Iterable[str] = (),
    without: Iterable[str] = (),
    *,
    again: bool = False,
) -> Person:
    """Return a customer with everything that is known of who they are.

    Args:
        connection: Where to read.
        customer_id: Any of the customers that are linked as this person.
        also: Further words that name them.
        without: Words of their names that shall stay.
        again: With what an earlier erase put in their place.

    Raises:
        NotFound: There is no such customer.
    """
    members = connection.all(_MEMBERS, {"id": customer_id})
    if not members:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    ids = tuple(row[0] for row in members)
    canonical_id, face_id = members[0][2], members[0][3]
    shown = next((row[1] for row in members if row[0] == (face_id or canonical_id)), members[0][1])
    identities = [
        row for row in among(connection, _IDENTITIES, ids) if again or row[5] != STAND_IN_NETWORK
    ]
    numbers = tuple(row[0] for row in identities)
    keys = tuple((row[1], row[5], row[2]) for row in identities)
    names = [row[1] for row in members] + [row[4] for row in identities]
    names += [row[0] for row in among(connection, _NAMES, numbers)]
    names += [row[3] for row in identities if row[1] == "name"]
    names += _former_names(connection, ids)
    whole = _whole(names)
    named = Named(
        emails=_written(identities, "email"),
        phones=_unique(
            (
                *_written(identities, "phone"),
                *(row[0] for row in among(connection, _PHONES, numbers)),
                *_signed(connection, numbers),
            )
        ),
        handles=(*_written(identities, "handle"), *_written(identities, "external_id")),
        names=whole,
        also=_unique(also),
        without=frozenset(word.casefold() for word in without),
    )
    return Person(
        customer_id=canonical_id,
        name=shown,
        members=ids,
        identities=numbers,
        keys=keys,
        cases=tuple(sorted(row[0] for row in among(connection, _CASES, numbers))),
        named=named,
        namesakes=_namesakes(connection, canonical_id, whole),
    )


def _written(identities: Iterable[Row], kind: str) -> tuple[str, ...]:
    """Return the addresses of a kind, as keys and as people wrote them."""
    found = []
    for _, its_kind, value, raw, _, network in identities:
        if (
            its_kind != kind
            or network == STAND_IN_NETWORK
            or (kind == "external_id" and len(value) < SHORTEST_ID)
        ):
            continue
        if kind == "email":
            found += [text for text in (value, raw.strip("<> ")) if "@" in text]
        elif kind == "phone":
            found.append(value)
        else:
            found += [value, raw.removeprefix("@")]
    return _unique(found)


def _signed(connection: Connection, identities: Iterable[int]) -> Iterator[str]:
    """Yield the phone numbers under their newest messages."""
    from db.identity.signature import facts_in, signature_of

    for number in identities:
        for codec, data, folds in connection.all(_SIGNED, {"id": number, "rows": SIGNED}):
            signature = signature_of(unpack(codec, data), unpack_folds(folds))
            yield from (fact.value for fact in facts_in(signature, "") if fact.kind == "phone")


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))


def _whole(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without addresses among them, also without what stands behind them."""
    found: list[str] = []
    for name in names:
        if "@" in name or "://" in name or name.startswith(_LABEL):
            continue
        found += (name, _BEHIND.split(name, maxsplit=1)[0])
    return _unique(found)


def _former_names(connection: Connection, customers: tuple[int, ...]) -> list[str]:
    """Return the names that agents gave the customer, and took away again."""
    names: list[str] = []
    for (seq,) in list(among(connection, _ACTS, customers)):
        act = journal.act(connection, seq)
        for change in act.changes if act else ():
            if change.table == "customers" and change.key.get("id") in customers:
                for side in (change.before or {}, change.after or {}):
                    if isinstance(name := side.get("name"), str):
                        names.append(name)
    return names


def _namesakes(
    connection: Connection, canonical_id: int, names: tuple[str, ...]
) -> tuple[tuple[int, str], ...]:
    """Return other customers whose name has all the words of one of these names."""
    found: dict[int, str] = {}
    for name in names:
        words = words_of(name)
        if len(words) < 2:
            continue
        alike = connection.customer_keys.holders([all_of(map(same, words))], _MANY)[0]
        for number, other, canonical in among(connection, _NAMESAKES, alike):
            if canonical != canonical_id:
                found[number] = other
    return tuple(sorted(found.items()))
