"""What is known of customers when they are compared: read in few questions for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from db.among import among
from db.engine.interface import Connection
from db.identity.domains import is_free
from db.identity.facts import NO_DOTS, mailbox
from db.identity.lookup_keys import company_words, words_of
from db.identity.normalise import UNVERIFIED, Key, is_role, person_likeness

NAMES = 3
NAMES_LOOKED_AT = 12
SHARED_NAMES = 3  # as many people's names on one address make it a mailbox of all of them
IDENTITIES = 20
SAYING_LETTERS = 5  # a shorter word before the sign is an initial or a function
PHONE_TAIL_DIGITS = 9  # national numbers are written with and without their country

_CUSTOMERS = """
select k.id, k.canonical_id, k.name, k.named, coalesce(k.organization_id, 0), coalesce(g.name, '')
from customers k left join organizations g on g.id = k.organization_id where k.id in (:among)
"""
_IDENTITIES = """
select customer_id, id, kind, network, value, name, last_at from identities
where customer_id in (:among) and own = 0 and state <> 'rejected' order by entries desc, id
"""
_NAMES = "select identity_id, name, times from identity_names where identity_id in (:among)"
_FACTS = """
select identity_id, kind, value, raw, entry_id, at from identity_facts
where identity_id in (:among) order by at desc, entry_id desc
"""

_OWNERS = "select id, customer_id from identities where id in (:among) and customer_id is not null"

Words = tuple[str, ...]


class Seen(NamedTuple):
    """Something that was read somewhere.

    Attributes:
        raw: As it was written; untrusted.
        entry_id: Where; 0 for an address itself.
        at: When that was; UTC milliseconds; 0 for an address itself.
    """

    raw: str
    entry_id: int = 0
    at: int = 0


@dataclass(slots=True)
class Person:
    """A customer as they are compared with another.

    Attributes:
        names: In words, the one that shows first, at most `NAMES`.
        company: Words of the organization, without its legal form.
        emails: Personal addresses; those of functions and of many people are in ``shared``.
        mailboxes: Mailbox to the address as written.
        claims: Addresses that mails claimed whose check failed.
        phones: Last digits to the number as written, from addresses and signatures.
        numbers: The same to the number as it is stored.
        handles: ``(network, value)`` of chats; ``accounts`` the same of external ids.
        identities: Their numbers.
    """

    customer_id: int
    canonical_id: int = 0
    name: str = ""
    names: list[Words] = field(default_factory=list)
    organization_id: int = 0
    company: Words = ()
    companies: dict[str, Seen] = field(default_factory=dict)
    emails: list[str] = field(default_factory=list)
    mailboxes: dict[str, Seen] = field(default_factory=dict)
    claims: dict[str, Seen] = field(default_factory=dict)
    phones: dict[str, Seen] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    handles: set[tuple[str, str]] = field(default_factory=set)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    shared: list[str] = field(default_factory=list)
    identities: list[int] = field(default_factory=list)

    domains: frozenset[str] = frozenset()
    called: Sequence[Words] = ()
    locals: dict[str, Seen] = field(default_factory=dict)
    handle_words: dict[str, Seen] = field(default_factory=dict)

    def prepare(self) -> None:
        """Work out, once, what every comparison needs.

        ``domains`` are of companies that give them an address; ``called`` are their names, or where
        nobody gave one what their address spells; ``locals`` and ``handle_words`` are what stands
        before the sign of their addresses and in their handles, where it says something.
        """
        hosts = {email.rpartition("@")[2] for email in self.emails}
        self.domains = frozenset(host for host in hosts if not is_free(host))
        self.called = self.names or _spelled(self.emails)
        if self.company:
            name = " ".join(self.company)
            self.companies.setdefault(name, Seen(name))
        for email in self.emails:
            _say(self.locals, email.partition("@")[0].partition("+")[0], email)
        for network, value in self.handles:
            _say(self.handle_words, value, f"{value} ({network})" if network else value)

    @property
    def is_nobody(self) -> bool:
        """True where all that is known is a mailbox of many."""
        return bool(self.shared) and not (self.emails or self.handles or self.phones or self.claims)


def _spelled(emails: Sequence[str]) -> Sequence[Words]:
    spelled = [words_of(email.partition("@")[0].partition("+")[0]) for email in emails[:2]]
    return [words for words in spelled if len(words) > 1 and not any(w.isdigit() for w in words)]


def _say(found: dict[str, Seen], written: str, raw: str) -> None:
    word = "".join(letter for letter in written if letter.isalnum())
    if len(word) >= SAYING_LETTERS and not word.isdigit():
        found[word] = Seen(raw)


def people_of(connection: Connection, identities: Iterable[int]) -> dict[int, int]:
    """Return whose identities these are: identity to customer."""
    return {row[0]: row[1] for row in among(connection, _OWNERS, identities)}


def load_people(connection: Connection, customer_ids: Iterable[int]) -> dict[int, Person]:
    """Return customers as they are compared, by number."""
    people: dict[int, Person] = {}
    named: dict[int, list[str]] = {}
    for number, canonical, name, was_named, organization, company in among(
        connection, _CUSTOMERS, customer_ids
    ):
        people[number] = Person(
            number,
            canonical,
            name,
            organization_id=organization,
            company=company_words(company.partition(".")[0] if "." in company else company),
        )
        # What an address was called for want of a name is no name.
        named[number] = [name] if was_named or person_likeness(name) >= 3 else []
    _read_identities(connection, people, named)
    for number, person in people.items():
        words = dict.fromkeys(words_of(name) for name in named[number])
        person.names = [one for one in words if one and any(len(word) > 1 for word in one)][:NAMES]
        person.prepare()
    return people


def _read_identities(
    connection: Connection, people: dict[int, Person], named: dict[int, list[str]]
) -> None:
    owner: dict[int, Person] = {}
    rows = list(among(connection, _IDENTITIES, people))
    names: dict[int, list[tuple[str, int]]] = {}
    for identity, name, times in among(connection, _NAMES, [row[1] for row in rows]):
        names.setdefault(identity, []).append((name, times))
    for customer, identity, kind, network, value, name, last_at in rows:
        person = people[customer]
        if len(person.identities) >= IDENTITIES:
            continue
        person.identities.append(identity)
        owner[identity] = person
        met = names.get(identity, [])
        if kind == "email" and network == UNVERIFIED:
            person.claims[value] = Seen(value, 0, last_at)
            named[customer] += [one for one, _ in met[:NAMES]]
            continue
        if kind == "email" and is_shared(value, [one for one, _ in met]):
            person.shared.append(value)
            continue
        _keep(person, kind, network, value)
        by_use = sorted(met, key=lambda item: -item[1])[:NAMES_LOOKED_AT]
        named[customer] += [one for one, _ in by_use] or ([name] if name else [])
    for identity, kind, value, raw, entry, at in among(connection, _FACTS, owner):
        person, seen = owner[identity], Seen(raw, entry, at)
        if kind == "phone":
            _call(person, value, seen)
        elif kind == "company":
            person.companies.setdefault(value, seen)


def _keep(person: Person, kind: str, network: str, value: str) -> None:
    if kind == "email":
        person.emails.append(value)
        domain = value.rpartition("@")[2]
        box = mailbox(value)
        if box != value or domain in NO_DOTS or "+" not in value:
            person.mailboxes.setdefault(box, Seen(value))
    elif kind == "phone":
        _call(person, value, Seen(value))
    elif kind == "handle":
        person.handles.add((network, value))
    elif kind == "external_id":
        person.accounts.add((network, value))


def _call(person: Person, value: str, seen: Seen) -> None:
    tail = value.lstrip("+0")[-PHONE_TAIL_DIGITS:]
    person.phones.setdefault(tail, seen)
    person.numbers.setdefault(tail, value)


def is_shared(email: str, names: Sequence[str]) -> bool:
    """Say whether an address stands for a function, or for as many people as wrote names on it."""
    if is_role(Key("email", "", email)):
        return True
    return len(_people_in(names)) >= SHARED_NAMES


def _people_in(names: Sequence[str]) -> set[tuple[str, str]]:
    """Return the first and last words of names that look like those of different people.

    “Ada Moreno”, “Moreno, Ada” and “Ada M.” are one person; a name of one word is nobody.
    """
    people: set[tuple[str, str]] = set()
    for name in names[:NAMES_LOOKED_AT]:
        words = sorted(words_of(name))
        if len(words) < 2 or person_likeness(name) < 3 or len(words[0]) < 2:
            continue
        if not any(set(words) & set(other) for other in people):
            people.add((words[0], words[-1]))
    return people
