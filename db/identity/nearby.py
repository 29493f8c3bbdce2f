"""Who could be the same person as a customer: a few, by what is rare, never all.

Looked for under exact words (addresses, numbers, handles), under the finder's pair keys of names
and companies, and in the cases where both wrote. What a hundred have in common is left out: it
would say too little to be suggested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio

from db.among import among
from db.engine.interface import Connection, Row, Value
from db.identity.facts import mailbox
from db.identity.lookup_forms import initials, pairs, same
from db.identity.lookup_forms import number as number_of
from db.identity.lookup_keys import one_word
from db.identity.normalise import UNVERIFIED
from db.identity.people import Person, Words, people_of

HOLDERS = 40  # of one key; what more have says little
NEARBY = 24  # of one customer
NAMED = 10  # of those, who only have a like name
LOOKED_AT = 16
LIKE = 65  # of 100; less like names need too much beside them
FEW = 4  # holders of a key that says much by itself
TAIL_DIGITS = 8
LEAST_LETTERS = 5

_LOCAL = """
select customer_id from identities
where kind = 'email' and network = '' and value >= :word and value < :end
  and customer_id is not null and state <> 'rejected'
limit :rows
"""
_FACTS = "select value, identity_id from identity_facts where kind = :kind and value in (:among)"
_TEXTS = "select customer_id, text from customer_texts where customer_id in (:among)"
_EMAILS = """
select value, id from identities
where kind = 'email' and network = :network and value in (:among)
"""


class Nearby:
    """Finds candidates in one store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], list[int]] = {}

    def read(self, people: Iterable[Person]) -> None:
        """Read at once who has the mailboxes, addresses and numbers of many."""
        people = list(people)
        boxes = sorted({box for person in people for box in _boxes(person)})
        emails = sorted({email for person in people for email in person.emails})
        claims = sorted({email for person in people for email in person.claims})
        numbers = sorted({one for person in people for one in person.numbers.values()})
        for kind, values in (("mailbox", boxes), ("phone", numbers)):
            self._keep(kind, values, among(self._connection, _FACTS, values, kind=kind))
        for kind, network, values in (
            ("address", "", sorted({*boxes, *claims})),
            ("claim", UNVERIFIED, emails),
        ):
            rows = among(self._connection, _EMAILS, values, network=network)
            self._keep(kind, values, rows)

    def _keep(self, kind: str, values: Iterable[str], rows: Iterable[Row]) -> None:
        self._known.update(((kind, value), []) for value in values)
        for value, identity in rows:
            self._known[kind, value].append(identity)

    def of(self, person: Person, others: Iterable[int] = ()) -> list[int]:
        """Return the customers worth comparing with one.

        Args:
            person: Whom others are compared with.
            others: Whom else to name: those who wrote in the same cases.
        """
        if any(("address", box) not in self._known for box in _boxes(person)) or any(
            ("phone", number) not in self._known for number in person.numbers.values()
        ):
            self.read([person])
        found: dict[int, None] = {}
        identities = dict.fromkeys(self._identities(person))
        found.update(dict.fromkeys(people_of(self._connection, identities).values()))
        found.update(dict.fromkeys(others))
        for words in self._words(person):
            found.update(dict.fromkeys(words))
        found.update(dict.fromkeys(self._named(person)))
        found.pop(person.customer_id, None)
        return list(found)[:NEARBY]

    def _identities(self, person: Person) -> Iterator[int]:
        """Yield identities with the same mailbox or number, as addresses or in signatures."""
        for box in _boxes(person):
            yield from self._having("mailbox", box)
            yield from self._having("address", box)
        for email in person.emails:
            yield from self._having("claim", email)
        for email in person.claims:
            yield from self._having("address", email)
        for number in person.numbers.values():
            yield from self._having("phone", number)

    def _having(self, kind: str, value: str) -> list[int]:
        found = self._known.get((kind, value), [])
        return found if len(found) <= HOLDERS else []

    def _words(self, person: Person) -> Iterator[list[int]]:
        """Yield customers with the same tail of a number, word before the @, or handle."""
        for number in person.numbers.values():
            digits = "".join(letter for letter in number if letter.isdigit())
            if len(digits) >= TAIL_DIGITS:
                yield self._under(number_of(digits[-TAIL_DIGITS:]))
        for email in person.emails:
            local = email.partition("@")[0].partition("+")[0]
            if len(local) >= LEAST_LETTERS:
                yield self._at(local)
                yield self._under(same(one_word(local)))
        for _, handle in person.handles:
            if len(handle) >= LEAST_LETTERS:
                yield self._at(handle)
                yield self._under(same(one_word(handle)))

    def _at(self, local: str) -> list[int]:
        """Return whose address has this before its sign, at any host."""
        params: dict[str, Value] = {"word": f"{local}@", "end": f"{local}A", "rows": HOLDERS + 1}
        rows = self._connection.all(_LOCAL, params)
        return [row[0] for row in rows] if len(rows) <= HOLDERS else []

    def _under(self, wanted: str) -> list[int]:
        """Return who stands under these keys of the finder."""
        found = self._connection.customer_keys.holders([wanted], HOLDERS + 1)[0]
        return found if len(found) <= HOLDERS else []

    def _named(self, person: Person) -> Iterable[int]:
        """Return customers with a like name, or a like name at a like company."""
        keys: dict[str, None] = {}
        for words in person.names[:2]:
            keys.update(dict.fromkeys(_name_keys(words)))
        for word in person.company[:1]:
            for name in person.names[:1]:
                for part in name[:2]:
                    keys.update(dict.fromkeys(pairs(part, word)))
        counted: Counter[int] = Counter()
        for holders in self._connection.customer_keys.holders(keys, HOLDERS + 1):
            if len(holders) <= HOLDERS:
                weight = 2 if len(holders) <= FEW else 1
                for holder in holders:
                    counted[holder] += weight
        del counted[person.customer_id]
        likely = [number for number, times in counted.most_common(LOOKED_AT) if times > 1]
        return self._alike(person, likely)

    def _alike(self, person: Person, others: Sequence[int]) -> list[int]:
        """Return those of whom some name is like one of this customer's, before more is read."""
        mine = [" ".join(words) for words in person.names[:2]]
        alike = []
        for number, text in among(self._connection, _TEXTS, others):
            names = text.partition("\n")[0].split("\t")
            if any(_like(one, other) for one in mine for other in names):
                alike.append(number)
        return alike[:NAMED]


def _boxes(person: Person) -> set[str]:
    return {*person.mailboxes, *map(mailbox, person.emails)}


def _like(one: str, other: str) -> bool:
    return token_sort_ratio(one, other) >= LIKE or token_set_ratio(one, other) >= LIKE


def _name_keys(words: Words) -> Iterator[str]:
    for place, one in enumerate(words[:3]):
        for other in words[place + 1 : 3]:
            if len(one) == 1 or len(other) == 1:
                letter, word = (one, other) if len(one) == 1 else (other, one)
                yield from initials(letter, word)
            else:
                yield from pairs(one, other)


def partners(connection: Connection, customer_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return with whom each customer was told apart or is suggested already."""
    found: dict[int, set[int]] = {}
    for sql in (
        "select one_id, other_id from match_decisions where one_id in (:among)",
        "select other_id, one_id from match_decisions where other_id in (:among)",
    ):
        for one, other in among(connection, sql, customer_ids):
            found.setdefault(one, set()).add(other)
    return found
