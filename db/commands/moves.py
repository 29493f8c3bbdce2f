"""Say that an address, or a case, belongs to another customer: one row each; entries never move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, CaseNumber, Command
from db.commands.links import OtherNumber, remember_difference, shown
from db.commands.wording import brief, listed
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.identity.normalise import Key, best_name, domain_of, name_from

_FOUND = """
select id, kind, network, value, raw, name, customer_id, own from identities
where id = :id or lower(value) = lower(:value) or lower(raw) = lower(:value) order by id
"""
_BY_ID = """
select id, kind, network, value, raw, name, customer_id, own from identities where id = :id
"""
_NAMES = "select name, times from identity_names where identity_id = :id"
_LEFT = "select name, entries + 1 from identities where customer_id = :customer and id <> :id"
_CUSTOMER = "select name, named, canonical_id from customers where id = :id"
_ORGANIZATION = "select id from organizations where domain = :domain"
_REACHED_BY = """
select i.id from customers k join customers m on m.canonical_id = k.canonical_id
join identities i on i.customer_id = m.id and i.own = 0 and i.state <> 'rejected'
where k.id = :id
order by case when m.id = k.id then 0 else 1 end, case when i.kind = :kind then 0 else 1 end,
  i.entries desc, i.id limit 1
"""
_KINDS = {"email": "email", "phone": "phone", "sms": "phone"}


@dataclass(frozen=True, slots=True)
class MoveIdentity(Command):
    """Give an address, with everything on its timeline, to another customer or a new one."""

    name: ClassVar[str] = "identity.move"
    title: ClassVar[str] = "Address belongs to…"
    help: ClassVar[str] = "Say that an address or handle belongs to another customer, or a new one."

    identity: Annotated[str, Argument("Address, handle or identity number", characters=320)]
    other_id: Annotated[int, Argument("Customer number; 0 for a new one", kind="customer")] = 0

    def apply(self, act: Act) -> str:
        """Move it; see `Command.apply`."""
        found = _identity(act, self.identity)
        identity_id, kind, network, value, raw, name, old_id, own = found
        if own:
            raise Refused(f"{raw} is one of ours and belongs to no customer.")
        target = shown(act, self.other_id) if self.other_id else None
        act.subjects.append(("identity", identity_id))
        old = act.connection.one(_CUSTOMER, {"id": old_id}) if old_id else None
        if target is not None and (
            target.customer_id == old_id or (old and old[2] == target.canonical_id)
        ):
            return f"{raw} belongs to {target.name} already"
        if (
            target is None
            and old_id
            and not act.connection.all(_LEFT, {"customer": old_id, "id": identity_id})
        ):
            return f"{raw} is all that is known of {old[0] if old else name}"
        key = Key(kind, network, value)
        new_id = target.customer_id if target else _new_customer(act, key, name, identity_id)
        whom = (
            target.name
            if target
            else act.connection.value("select name from customers where id = :id", {"id": new_id})
        )
        act.change("identities", identity_id, customer_id=new_id, state="confirmed")
        act.subjects.append(("customer", target.canonical_id if target else new_id))
        if old_id:
            act.subjects.append(("customer", old_id))
            _rename(act, old_id, identity_id, name)
            remember_difference(act, old_id, new_id, f"{raw} was moved.")
        return f"Gave {raw} to {whom}"


@dataclass(frozen=True, slots=True)
class CaseOfCustomer(Command):
    """Say that another customer asked; what was written stays where it was written."""

    name: ClassVar[str] = "case.customer"
    title: ClassVar[str] = "Belongs to another customer"
    help: ClassVar[str] = "Say that a case belongs to another customer."

    case_id: CaseNumber
    other_id: OtherNumber

    def apply(self, act: Act) -> str:
        """Say so; see `Command.apply`."""
        case = act.case(self.case_id)
        target = shown(act, self.other_id)
        owner = act.connection.value(
            "select k.canonical_id from identities i join customers k on k.id = i.customer_id"
            " where i.id = :id",
            {"id": case.requester_id},
        )
        if owner == target.canonical_id:
            return f"#{self.case_id} belongs to {target.name} already"
        kind = _KINDS.get(case.channel, "handle")
        identity = act.connection.value(_REACHED_BY, {"id": target.customer_id, "kind": kind})
        if identity is None:
            raise Refused(
                f"{target.name} has no address or handle that the case could hang on. Give them "
                "one first, or merge them with who has."
            )
        act.subjects += [("identity", int(identity)), ("customer", target.canonical_id)]
        act.change("cases", self.case_id, requester_id=int(identity))
        return f"Gave #{self.case_id} to {target.name}"


def _identity(act: Act, written: str) -> tuple[int, str, str, str, str, str, int | None, int]:
    """Return the row of an identity by number or address.

    Raises:
        NotFound: Nothing is called that.
        Refused: Several are.
    """
    word = written.strip()
    digits = word.removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        row = act.connection.one(_BY_ID, {"id": int(digits)})
        if row is not None:
            return row
    rows = act.connection.all(_FOUND, {"id": 0, "value": word}) if word else []
    if not rows:
        raise NotFound(f"There is no address or handle “{brief(word)}” in this store.")
    if len(rows) > 1:
        numbers = [f"{row[0]} ({row[2] or row[1]})" for row in rows[:5]]
        raise Refused(f"“{brief(word)}” is several: give its number, {listed(numbers)}.")
    return rows[0]


def _new_customer(act: Act, key: Key, name: str, identity_id: int) -> int:
    met = act.connection.all(_NAMES, {"id": identity_id})
    domain = domain_of(key)
    organization = act.connection.value(_ORGANIZATION, {"domain": domain}) if domain else None
    number = ids.take(act.connection, "customers")
    row: dict[str, Value] = {
        "canonical_id": number,
        "name": best_name(met) or name or name_from(key),
        "organization_id": organization,
        "created_at": act.now,
    }
    act.insert("customers", number, row)
    return number


def _rename(act: Act, customer_id: int, identity_id: int, name: str) -> None:
    """Call a customer no longer by the name that came with an address which was not theirs."""
    stored, named, _ = act.connection.one(_CUSTOMER, {"id": customer_id}) or ("", 1, 0)
    if named or not name or stored != name:
        return
    left = act.connection.all(_LEFT, {"customer": customer_id, "id": identity_id})
    better = best_name(left)
    if better and better != stored:
        act.change("customers", customer_id, name=better)
