"""The people of a batch: identities found or made by exact key, and the customers behind them.

Only an exact key, or a source that vouches for two addresses as one account, names the same
person. A merge is a link, never a move. What is changed is written by `People.flush`, once for
each row and batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from db.among import among
from db.engine.interface import Connection, Value
from db.identity.components import settle_links
from db.identity.domains import is_free
from db.identity.normalise import UNVERIFIED, Key, best_name, domain_of, name_from
from db.identity.own import OwnAddresses
from db.ids import Block, take
from db.schema.seeds import SYSTEM_AGENT_ID

_IDENTITIES = """
select id, value, name, customer_id, own, entries, first_at from identities
where kind = :kind and network = :network and value in (:among)
"""
_BY_ID = """
select id, kind, network, value, name, customer_id, own, entries, first_at from identities
where id in (:among)
"""
_NAMES = "select identity_id, name, times from identity_names where identity_id in (:among)"
_NAMED = "select customer_id, id, name, entries from identities where customer_id in (:among)"
_CUSTOMERS = (
    "select id, canonical_id, name, named, organization_id from customers where id in (:among)"
)
_ALIASES = "select other_id from identity_aliases where identity_id = :id"
_ORGANIZATIONS = "select domain, id from organizations where domain in (:among)"
_RULES = "select domain, organization_id from organization_domains"
_ADD_ORGANIZATION = """
insert into organizations(id, name, domain, created_at) values(:id, :domain, :domain, :now)
"""
_ADD_CUSTOMER = """
insert into customers(id, canonical_id, name, organization_id, created_at)
values(:id, :id, :name, :organization, :now)
"""
_SET_CUSTOMER = """
update customers set name = :name, organization_id = :organization where id = :id
"""
_ADD_IDENTITY = """
insert into identities(id, kind, network, value, raw, name, customer_id, own, source_id)
values(:id, :kind, :network, :value, :raw, :name, :customer, :own, :source)
"""
_SET_IDENTITY = (
    "update identities set name = :name, customer_id = :customer, own = :own where id = :id"
)
_COUNT_IDENTITY = """
update identities set entries = entries + :entries,
  first_at = case when first_at = 0 or first_at > :first then :first else first_at end,
  last_at = case when last_at < :last then :last else last_at end
where id = :id
"""
_ADD_NAME = """
insert into identity_names(identity_id, name, times, last_at) values(:id, :name, :times, :at)
on conflict(identity_id, name) do update set times = identity_names.times + excluded.times,
  last_at = case when identity_names.last_at < excluded.last_at then excluded.last_at
    else identity_names.last_at end
"""
_ADD_ALIAS = """
insert into identity_aliases(identity_id, other_id) values(:one, :other) on conflict do nothing
"""
# A link that was undone, and two who were told apart, count: a person's word stands.
_DECIDED = """
select (select count(*) from customer_links
    where (one_id = :one and other_id = :other) or (one_id = :other and other_id = :one))
  + (select count(*) from match_decisions
    where (one_id = :one and other_id = :other) or (one_id = :other and other_id = :one))
"""
_ADD_LINK = """
insert into customer_links(id, one_id, other_id, made_by, made_at, evidence)
values(:id, :one, :other, :agent, :now, :evidence)
"""


@dataclass(slots=True, eq=False)
class Customer:
    """A customer that this batch touches."""

    id: int
    canonical_id: int
    name: str
    named: bool
    organization_id: int | None
    is_new: bool = False
    changed: bool = False


@dataclass(slots=True, eq=False)
class Identity:
    """An identity that this batch touches; ``entries`` to ``last_at`` count what it adds."""

    id: int
    key: Key
    raw: str
    name: str
    own: bool
    customer: Customer | None = None
    stored_entries: int = 0
    is_new: bool = False
    changed: bool = False
    entries: int = 0
    first_at: int = 0
    last_at: int = 0
    names: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, at: int) -> None:
        """Count one more entry on its timeline."""
        if not self.entries:
            self.first_at = self.last_at = at
        elif at < self.first_at:
            self.first_at = at
        elif at > self.last_at:
            self.last_at = at
        self.entries += 1

    def met(self, name: str, at: int) -> None:
        """Remember the name that stood beside it."""
        times, last = self.names.get(name, (0, at))
        self.names[name] = (times + 1, max(last, at))


class People:
    """Finds and makes the identities and customers of one transaction."""

    def __init__(self, connection: Connection, source_id: int, own: OwnAddresses, now: int) -> None:
        self._connection = connection
        self._source_id = source_id
        self._own = own
        self._now = now
        self._identities: dict[Key, Identity] = {}
        self._by_id: dict[int, Identity] = {}
        self._customers: dict[int, Customer] = {}
        self._aliases: dict[int, set[int]] = {}
        self._organizations: dict[str, int] = {}
        self._rules: dict[str, int] | None = None
        self._new_organizations: list[str] = []
        self._customer_ids = Block(connection, "customers")
        self._organization_ids = Block(connection, "organizations")

    def load(self, wanted: Iterable[tuple[Key, str, str]]) -> None:
        """Find the identities of a batch, making those that are missing.

        Args:
            wanted: ``(key, as written, display name)``; the first writing of a key is kept.
        """
        first: dict[Key, tuple[str, str]] = {}
        groups: dict[tuple[str, str], list[str]] = {}
        for key, raw, name in wanted:
            if key not in first:
                first[key] = (raw, name)
                groups.setdefault((key.kind, key.network), []).append(key.value)
            elif name and not first[key][1]:
                first[key] = (first[key][0], name)
        found = []
        for (kind, network), values in groups.items():
            for row in among(self._connection, _IDENTITIES, values, kind=kind, network=network):
                found.append((row[0], kind, network, *row[1:]))
        self._keep(found)
        missing = [key for key in first if key not in self._identities]
        if missing:
            number = take(self._connection, "identities", len(missing))
            for key in missing:
                raw, name = first[key]
                own = self._own.has(key, name)
                self._add(Identity(number, key, raw or key.value, "", own, is_new=True))
                number += 1
            self._load_organizations(domain_of(key) for key in missing)

    def _keep(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Hold rows of ``identities``, with their customers."""
        lacking: list[Value] = [
            row[5] for row in rows if isinstance(row[5], int) and row[5] not in self._customers
        ]
        for row in among(self._connection, _CUSTOMERS, lacking):
            self._customers[row[0]] = Customer(row[0], row[1], row[2], bool(row[3]), row[4])
        for number, kind, network, value, name, customer_id, own, entries, _first in rows:
            key = Key(str(kind), str(network), str(value))
            customer = self._customers[customer_id] if isinstance(customer_id, int) else None
            self._add(
                Identity(
                    int(str(number)), key, "", str(name), bool(own), customer, int(str(entries))
                )
            )

    def _add(self, identity: Identity) -> None:
        self._identities[identity.key] = identity
        self._by_id[identity.id] = identity

    def __getitem__(self, key: Key) -> Identity:
        """Return an identity that was loaded."""
        return self._identities[key]

    def by_ids(self, ids: Iterable[int]) -> dict[int, Identity]:
        """Return identities by their ids, loading what is missing."""
        wanted = set(ids)
        # Not as a difference of sets: that walks everyone of the batch.
        lacking = sorted(number for number in wanted if number not in self._by_id)
        if lacking:
            self._keep(list(among(self._connection, _BY_ID, lacking)))
        return {number: self._by_id[number] for number in wanted if number in self._by_id}

    def vouch(self, one: Identity, other: Identity) -> None:
        """Take a source's word that two addresses are one account.

        Both customers that exist already stay; a link makes them one person, once: an agent who
        undid it is not overruled.
        """
        known = self._aliases.setdefault(one.id, set())
        if other.id in known:
            return
        known.add(other.id)
        self._aliases.setdefault(other.id, set()).add(one.id)
        if one.own or other.own:
            for each in (one, other):
                if not each.own:
                    each.own = each.changed = True
            return
        if one.customer and other.customer:
            self._link(one, other, one.customer, other.customer)
        elif one.customer:
            self._assign(other, one.customer)
        elif other.customer:
            self._assign(one, other.customer)

    def _link(self, one: Identity, other: Identity, left: Customer, right: Customer) -> None:
        if left.id == right.id:
            return
        pair: dict[str, Value] = {"one": left.id, "other": right.id}
        if self._connection.value(_DECIDED, pair):
            return
        self.flush_people()
        number = take(self._connection, "customer_links")
        evidence = (
            f"The source names {one.key.value} ({one.key.network or one.key.kind}) and "
            f"{other.key.value} as one account."
        )
        self._connection.run(
            _ADD_LINK,
            {
                **pair,
                "id": number,
                "agent": SYSTEM_AGENT_ID,
                "now": self._now,
                "evidence": evidence,
            },
        )
        settle_links(self._connection, (left.id, right.id))
        for number, canonical_id, *_ in among(self._connection, _CUSTOMERS, self._customers):
            self._customers[number].canonical_id = canonical_id

    def customer_of(self, identity: Identity) -> Customer | None:
        """Return whose identity it is, making a customer for one who has none; None for our own."""
        if identity.own:
            return None
        if identity.customer is None:
            alone = identity.is_new and identity.id not in self._aliases
            group = [identity] if alone else self._account(identity)
            owner = next((each.customer for each in group if each.customer), None)
            if owner is None:
                owner = self._new_customer(group)
            for each in group:
                if each.customer is None:
                    self._assign(each, owner)
        return identity.customer

    def _account(self, identity: Identity) -> list[Identity]:
        """Return the identities that sources vouched for as one account with this one."""
        found, open_ids = {identity.id: identity}, [identity.id]
        while open_ids:
            number = open_ids.pop()
            others = set(self._aliases.get(number, ()))
            if not self._by_id[number].is_new:
                others |= {row[0] for row in self._connection.all(_ALIASES, {"id": number})}
            for other in self.by_ids(others - found.keys()).values():
                if not other.own:
                    found[other.id] = other
                    open_ids.append(other.id)
        return list(found.values())

    def _new_customer(self, group: list[Identity]) -> Customer:
        number = self._customer_ids.take()
        customer = Customer(number, number, name_from(group[0].key), False, None, is_new=True)
        self._customers[number] = customer
        return customer

    def _assign(self, identity: Identity, customer: Customer) -> None:
        identity.customer = customer
        identity.changed = True
        claimed = identity.key.network == UNVERIFIED  # a forger belongs to no organization
        if customer.organization_id is None and not identity.own and not claimed:
            customer.organization_id = self._employer(identity.key)
        customer.changed = True

    def _employer(self, key: Key) -> int | None:
        """Return the organization of an address, by the team's rules and else by its domain."""
        domain = domain_of(key)
        if domain:
            if self._rules is None:
                self._rules = dict(self._connection.all(_RULES))
            for word in (key.value, domain):
                if word in self._rules:
                    return self._rules[word] or None
        return self._organization(domain)

    def _load_organizations(self, domains: Iterable[str]) -> None:
        """Find the organizations of some domains; 0 stands for none."""
        wanted = [domain for domain in domains if domain not in self._organizations]
        self._organizations.update(dict.fromkeys(wanted, 0))
        self._organizations.update(
            (str(domain), int(number))
            for domain, number in among(self._connection, _ORGANIZATIONS, wanted)
        )

    def _organization(self, domain: str) -> int | None:
        """Return the organization that a domain stands for; None for free mail and our own."""
        if not domain or "." not in domain or domain in self._own.domains or is_free(domain):
            return None
        if domain not in self._organizations:
            self._load_organizations((domain,))
        if not self._organizations[domain]:
            self._organizations[domain] = self._organization_ids.take()
            self._new_organizations.append(domain)
        return self._organizations[domain]

    def touched_customers(self) -> set[int]:
        """Return the customers whose name, identities or organization this batch changed."""
        return {customer.id for customer in self._customers.values() if customer.changed}

    def customer_ids(self) -> set[int]:
        """Return every customer that this batch met."""
        return set(self._customers)

    def flush_names(self) -> None:
        """Write the names met, and choose the names to show from them."""
        met = [identity for identity in self._by_id.values() if identity.names]
        known: dict[int, dict[str, int]] = {}
        stored = [identity.id for identity in met if not identity.is_new]
        for number, name, times in among(self._connection, _NAMES, stored):
            known.setdefault(number, {})[name] = times
        for identity in met:
            counts = known.get(identity.id, {})
            for name, (times, _at) in identity.names.items():
                counts[name] = counts.get(name, 0) + times
            best = best_name(counts.items())
            if best != identity.name:
                identity.name = best
                identity.changed = True
                if identity.customer:
                    identity.customer.changed = True
        self._name_customers()

    def _name_customers(self) -> None:
        """Give customers whom nobody named the best name among their identities."""
        changed = {
            customer.id: customer
            for customer in self._customers.values()
            if customer.changed and not customer.named
        }
        names: dict[int, dict[int, tuple[str, int]]] = {number: {} for number in changed}
        old = [number for number, customer in changed.items() if not customer.is_new]
        for number, identity_id, name, entries in among(self._connection, _NAMED, old):
            names[number][identity_id] = (name, entries + 1)
        for identity in self._by_id.values():
            if identity.customer and identity.customer.id in changed:
                uses = identity.stored_entries + identity.entries + 1
                names[identity.customer.id][identity.id] = (identity.name, uses)
        for number, customer in changed.items():
            customer.name = best_name(names[number].values()) or customer.name

    def flush_people(self) -> None:
        """Write new and changed customers and identities, before anything points to them."""
        self._customer_ids.keep()
        self._organization_ids.keep()
        self._connection.many(
            _ADD_ORGANIZATION,
            [
                {"id": self._organizations[domain], "domain": domain, "now": self._now}
                for domain in self._new_organizations
            ],
        )
        self._new_organizations.clear()
        made = [customer for customer in self._customers.values() if customer.is_new]
        self._connection.many(_ADD_CUSTOMER, map(self._customer_row, made))
        kept = [
            customer
            for customer in self._customers.values()
            if customer.changed and not customer.is_new
        ]
        self._connection.many(_SET_CUSTOMER, map(self._customer_row, kept))
        fresh = [identity for identity in self._by_id.values() if identity.is_new]
        self._connection.many(_ADD_IDENTITY, map(self._identity_row, fresh))
        old = [
            identity
            for identity in self._by_id.values()
            if identity.changed and not identity.is_new
        ]
        self._connection.many(_SET_IDENTITY, map(self._identity_row, old))
        for customer in made:
            customer.is_new = False
        for identity in (*fresh, *old):
            identity.is_new = identity.changed = False

    def _customer_row(self, customer: Customer) -> dict[str, Value]:
        return {
            "id": customer.id,
            "name": customer.name,
            "organization": customer.organization_id,
            "now": self._now,
        }

    def _identity_row(self, identity: Identity) -> dict[str, Value]:
        return {
            "id": identity.id,
            "kind": identity.key.kind,
            "network": identity.key.network,
            "value": identity.key.value,
            "raw": identity.raw,
            "name": identity.name,
            "customer": identity.customer.id if identity.customer else None,
            "own": int(identity.own),
            "source": self._source_id,
        }

    def flush_counts(self) -> None:
        """Write how often each identity was met, under which names, and who vouched for whom."""
        self._connection.many(
            _COUNT_IDENTITY,
            [
                {
                    "id": identity.id,
                    "entries": identity.entries,
                    "first": identity.first_at,
                    "last": identity.last_at,
                }
                for identity in self._by_id.values()
                if identity.entries
            ],
        )
        self._connection.many(
            _ADD_NAME,
            [
                {"id": identity.id, "name": name, "times": times, "at": at}
                for identity in self._by_id.values()
                for name, (times, at) in identity.names.items()
            ],
        )
        self._connection.many(
            _ADD_ALIAS,
            [
                {"one": one, "other": other}
                for one, others in self._aliases.items()
                for other in others
            ],
        )
