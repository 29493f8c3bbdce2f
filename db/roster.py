"""A list of customers from elsewhere: each row is one person, known by an address, number or id.

A row makes a customer, or completes one: what a colleague or a message said is never overwritten.
What contradicts the store, or cannot be read, is set aside with its bytes and the reason. The same
list again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from connectors.contract import Address, Quarantined
from db import clock
from db.commands.customers import EditCustomer
from db.commands.fields import FIELD_CHARACTERS, FIELDS_OF_ONE
from db.counters import count_customers
from db.engine.interface import Connection, Engine, Value
from db.errors import Refused
from db.frozen import dataclass
from db.identity.link import Customer, Identity, People
from db.identity.lookup_index import index_customers
from db.identity.normalise import Key, is_role, normalise, one_line, person_likeness
from db.identity.own import load_own
from db.ids import take
from db.quarantine import set_aside

CONNECTOR = "customers"
SLICE_ROWS = 80
VALUE_CHARACTERS = 500
LIKE = 0.5  # of two names: less alike are two people
PROFILE = (
    "title",
    "stage",
    "vip",
    "risk",
    "goals",
    "language",
    "time_zone",
    "preferred_channel",
    "organization",
)
_UNSET: Mapping[str, Value] = {"stage": "active", "vip": 0}

_SOURCE = "select id from sources where name = :name"
_ADD_SOURCE = """
insert into sources(id, name, connector, title, created_at)
values(:id, :name, :connector, :title, :now) on conflict(name) do nothing
"""
_SUCCESS = "update sources set last_success_at = :now, last_error = '' where id = :source"
_RELEASE = "delete from quarantine where source_id = :source and external_id = :external_id"
_PROFILE = """
select k.title, k.stage, k.vip, k.risk, k.goals, k.language, k.time_zone, k.preferred_channel,
  k.organization_id, coalesce(g.name, ''), coalesce(g.domain, ''), k.named, k.name, k.canonical_id
from customers k left join organizations g on g.id = k.organization_id where k.id = :id
"""
_NAME = "update customers set name = :name, named = 1 where id = :id"
_SETS: Mapping[str, str] = {
    "title": "update customers set title = :value where id = :id",
    "stage": "update customers set stage = :value where id = :id",
    "vip": "update customers set vip = :value where id = :id",
    "risk": "update customers set risk = :value, risk_at = :now where id = :id",
    "goals": "update customers set goals = :value where id = :id",
    "language": "update customers set language = :value where id = :id",
    "time_zone": "update customers set time_zone = :value where id = :id",
    "preferred_channel": "update customers set preferred_channel = :value where id = :id",
    "organization": "update customers set organization_id = :value where id = :id",
}
_FIELD = """
insert into customer_fields(customer_id, name, value) values(:id, :name, :value)
on conflict(customer_id, name) do nothing
"""
_FIELDS_OF = "select count(*) from customer_fields where customer_id = :id"
_ORGANIZATION = "select id from organizations where lower(name) = lower(:name) order by id limit 1"
_ADD_ORGANIZATION = """
insert into organizations(id, name, created_at) values(:id, :name, :now)
"""
_RENAME = "update organizations set name = :name where id = :id and name = domain"
_PEOPLE_OF = "select id from customers where organization_id = :id"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of a list; all texts are untrusted.

    Attributes:
        number: Of the row, for people; the first under the heading is 1.
        raw: As it stood there.
        addresses: E-mail addresses, numbers, handles and ids, the likeliest first.
        profile: Fields of `PROFILE` to what is written there.
        fields: Further columns by name.
        problem: Why it could not be read; empty where it could.
    """

    number: int
    raw: bytes
    name: str = ""
    addresses: tuple[Address, ...] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RosterOutcome:
    """What became of rows.

    Attributes:
        new: Customers made.
        completed: Customers who gained something.
        same: Rows that said nothing new.
        quarantined: Rows set aside now.
        held: Rows set aside before, and still.
    """

    new: int = 0
    completed: int = 0
    same: int = 0
    quarantined: int = 0
    held: int = 0

    def __add__(self, other: RosterOutcome) -> RosterOutcome:
        """Return both together."""
        return RosterOutcome(
            self.new + other.new,
            self.completed + other.completed,
            self.same + other.same,
            self.quarantined + other.quarantined,
            self.held + other.held,
        )


def problem_of(row: PersonRow) -> str:
    """Return why a row cannot be taken, as far as the row alone tells; empty where it can."""
    if row.problem:
        return row.problem
    if not _keys(row):
        return "The row has no e-mail address, number, handle or id that can be read."
    try:
        _values(row)
    except Refused as error:
        return str(error)
    return ""


def bring(engine: Engine, name: str, rows: Sequence[PersonRow]) -> RosterOutcome:
    """Bring one slice of rows into the store, in a transaction of its own.

    Args:
        engine: Of the store.
        name: What the list is called: the name of its source.
        rows: At most `SLICE_ROWS`.
    """
    with engine.write(durable=False) as connection:
        return _Slice(connection, name).bring(rows)


def _keys(row: PersonRow) -> list[tuple[Key, str]]:
    found: dict[Key, str] = {}
    for address in row.addresses:
        key = normalise(address, "")
        if key is not None and not (key.kind == "email" and "." not in key.value):
            found.setdefault(key, address.value)
    return list(found.items())


def _values(row: PersonRow) -> dict[str, Value]:
    """Return the columns that a row sets, as the profile stores them.

    Raises:
        Refused: A value is not possible in its field.
    """
    values: dict[str, Value] = {}
    for what, written in row.profile.items():
        if not written.strip():
            continue
        if what == "organization":
            values[what] = one_line(written)
        else:
            columns = EditCustomer(0, what, written).columns(0)
            values[what] = columns[what]
    return values


class _Slice:
    """One transaction of a list."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._now = clock.now()
        self._source_id = self._source(name)
        self._own = load_own(connection)
        self._touched: set[int] = set()

    def _source(self, name: str) -> int:
        found = self._connection.value(_SOURCE, {"name": name})
        if found is None:
            found = take(self._connection, "sources")
            row: dict[str, Value] = {"id": found, "name": name, "title": name, "now": self._now}
            self._connection.run(_ADD_SOURCE, {**row, "connector": CONNECTOR})
        return int(found)

    def bring(self, rows: Sequence[PersonRow]) -> RosterOutcome:
        people = People(self._connection, self._source_id, self._own, self._now)
        people.load(
            (key, raw, one_line(row.name))
            for row in rows
            if not problem_of(row)
            for key, raw in _keys(row)
        )
        outcome = RosterOutcome()
        for row in rows:
            outcome += self._bring_one(people, row)
        if self._touched:
            count_customers(self._connection, sorted(self._touched))
            index_customers(self._connection, self._touched)
        self._connection.run(_SUCCESS, {"source": self._source_id, "now": self._now})
        return outcome

    def _bring_one(self, people: People, row: PersonRow) -> RosterOutcome:
        problem = problem_of(row)
        identities = [] if problem else [people[key] for key, _ in _keys(row)]
        problem = problem or self._contradiction(row, identities)
        external_id = _external_id(row)
        if problem:
            item = Quarantined(
                external_id=external_id, where=f"row {row.number}", reason=problem, raw=row.raw
            )
            held = set_aside(self._connection, self._source_id, item, self._now)
            return RosterOutcome(held=1) if held else RosterOutcome(quarantined=1)
        self._connection.run(_RELEASE, {"source": self._source_id, "external_id": external_id})
        telling = _telling(identities)
        first = next((each for each in telling if each.customer), telling[0])
        known = first.customer
        lacking = [each for each in identities if each.customer is None]
        customer = people.customer_of(first)
        if customer is None:  # it is ours; `_contradiction` has said so
            return RosterOutcome()
        for each in lacking:
            people.vouch(first, each)
        people.flush_people()
        changed = self._complete(customer, row, new=known is None)
        if known is None:
            self._touched.add(customer.id)
            return RosterOutcome(new=1)
        if lacking or changed:
            self._touched.add(customer.id)
            return RosterOutcome(completed=1)
        return RosterOutcome(same=1)

    def _contradiction(self, row: PersonRow, identities: Sequence[Identity]) -> str:
        """Return what in the store speaks against a row; empty where nothing does."""
        ours = next((each for each in identities if each.own), None)
        if ours is not None:
            return f"{ours.key.value} is one of our own addresses."
        telling = _telling(identities)
        holders = {each.customer.canonical_id: each for each in telling if each.customer}
        if len(holders) > 1:
            one, other = [each.key.value for each in holders.values()][:2]
            return f"{one} and {other} belong to two customers; merge them, then import again."
        for each in holders.values():
            if each.customer is not None and not _may_be(each.customer, row.name):
                return f"{each.key.value} belongs to {each.customer.name}, not to {row.name}."
        return ""

    def _complete(self, customer: Customer, row: PersonRow, *, new: bool) -> bool:
        """Set what is not known yet; say whether anything was."""
        stored = self._connection.one(_PROFILE, {"id": customer.id})
        if stored is None:
            return False
        *profile, organization_id, organization, domain, named, name, _ = stored
        known = dict(zip(PROFILE, [*profile, organization_id], strict=True))
        changed = False
        wanted = one_line(row.name)
        if wanted and not named and (new or person_likeness(wanted) > person_likeness(name)):
            changed = wanted != name
            self._connection.run(_NAME, {"id": customer.id, "name": wanted})
            customer.name = wanted
        for what, value in _values(row).items():
            if what == "organization":
                changed |= self._employ(customer, str(value), organization, domain, organization_id)
            elif known[what] in ("", None, _UNSET.get(what)) and value != known[what]:
                params: dict[str, Value] = {"id": customer.id, "value": value}
                if what == "risk":
                    params["now"] = self._now
                self._connection.run(_SETS[what], params)
                changed = True
        return self._add_fields(customer.id, row.fields) or changed

    def _add_fields(self, customer_id: int, fields: Mapping[str, str]) -> bool:
        added = False
        for name, written in fields.items():
            called = " ".join(name.casefold().split())[:FIELD_CHARACTERS]
            value = one_line(written, VALUE_CHARACTERS)
            if not called or not value:
                continue
            if self._connection.value(_FIELDS_OF, {"id": customer_id}) >= FIELDS_OF_ONE:
                break
            row: dict[str, Value] = {"id": customer_id, "name": called, "value": value}
            added = self._connection.run(_FIELD, row) > 0 or added
        return added

    def _employ(
        self, customer: Customer, name: str, present: str, domain: str, present_id: int | None
    ) -> bool:
        """Say where someone works, where only their mail's domain said it so far."""
        if present and present != domain:
            return False
        if present_id and domain:
            # The organization that was only known by its domain has a name now.
            self._connection.run(_RENAME, {"id": present_id, "name": name})
            self._touched.update(
                row[0] for row in self._connection.all(_PEOPLE_OF, {"id": present_id})
            )
            return True
        found = self._connection.value(_ORGANIZATION, {"name": name})
        if found is None:
            found = take(self._connection, "organizations")
            row: dict[str, Value] = {"id": found, "name": name, "now": self._now}
            self._connection.run(_ADD_ORGANIZATION, row)
        self._connection.run(_SETS["organization"], {"id": customer.id, "value": found})
        customer.organization_id = int(found)
        return True


def _telling(identities: Sequence[Identity]) -> list[Identity]:
    """Return the addresses that are one person's; numbers and shared mailboxes only alone."""
    exact = [each for each in identities if each.key.kind != "phone" and not is_role(each.key)]
    return exact or list(identities)


def _external_id(row: PersonRow) -> str:
    """Return the same for the same row of any file."""
    import hashlib

    return hashlib.sha256(row.raw).hexdigest()[:32]


def _may_be(customer: Customer, name: str) -> bool:
    """Say whether a customer may be called so; one without a name may."""
    if not name.strip() or person_likeness(customer.name) == 0:
        return True
    from db.identity.likeness import likeness

    return likeness(customer.name, name) >= LIKE


def slices(rows: Iterable[PersonRow]) -> Iterable[list[PersonRow]]:
    """Yield rows in slices of a transaction."""
    some: list[PersonRow] = []
    for row in rows:
        some.append(row)
        if len(some) >= SLICE_ROWS:
            yield some
            some = []
    if some:
        yield some
