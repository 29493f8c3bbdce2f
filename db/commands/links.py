"""Say that two customers are one person, take it back, and choose whose profile shows.

A merge is a link and moves nothing: entries, cases, notes hang on identities, and identities on
their customer. So it can be taken back at any time, whatever came in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, Command
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.identity.components import members_of

EVIDENCE_CHARACTERS = 500

CustomerNumber = Annotated[int, Argument("Customer number", kind="customer")]
OtherNumber = Annotated[int, Argument("The other customer's number", kind="customer")]
Reason = Annotated[
    str, Argument("Why; shown with the link", option=True, characters=EVIDENCE_CHARACTERS)
]

_SHOWN = """
select k.id, k.canonical_id, coalesce(nullif(f.name, ''), k.name) from customers k
join customers f on f.id = case when k.face_id > 0 then k.face_id else k.canonical_id end
where k.id = :id
"""
_NAME = "select name from customers where id = :id"
_LINKS = """
select id, one_id, other_id from customer_links
where undone_at = 0 and (one_id = :id or other_id = :id) order by id
"""
_STANDING = "select one_id, other_id from customer_links where undone_at = 0 and one_id = :id"
_DECIDED = "select 1 from match_decisions where one_id = :one and other_id = :other"
_CHOSEN = "select max(chosen_at) from customers where canonical_id = :canonical"


@dataclass(frozen=True, slots=True)
class MergeCustomers(Command):
    """Link two customers as one person; nothing is moved."""

    name: ClassVar[str] = "customer.merge"
    title: ClassVar[str] = "Same person"
    help: ClassVar[str] = "Say that two customers are one person; taken back at any time."

    customer_id: CustomerNumber
    other_id: OtherNumber
    evidence: Reason = ""

    def apply(self, act: Act) -> str:
        """Link them; see `Command.apply`."""
        one, other = shown(act, self.customer_id), shown(act, self.other_id)
        if one.customer_id == other.customer_id:
            raise Refused("A customer cannot be merged with themselves: name two customers.")
        act.subjects += [("customer", one.canonical_id), ("customer", other.canonical_id)]
        if one.canonical_id == other.canonical_id:
            return f"{one.name} and {other.name} are one person already"
        mine, theirs = (
            members_of(act.connection, one.canonical_id),
            members_of(act.connection, other.canonical_id),
        )
        for left in mine:
            for right in theirs:
                forget_difference(act, left, right)
        link(act, one.customer_id, other.customer_id, self.evidence.strip() or "Said by an agent.")
        return f"Merged {other.name} with {one.name}"


@dataclass(frozen=True, slots=True)
class UnmergeCustomer(Command):
    """Take one customer out of those that are linked as one person."""

    name: ClassVar[str] = "customer.unmerge"
    title: ClassVar[str] = "Not the same person"
    help: ClassVar[str] = "Take a customer out of those that are linked as one person."

    customer_id: CustomerNumber
    reason: Reason = ""

    def apply(self, act: Act) -> str:
        """Take them out; see `Command.apply`."""
        one = shown(act, self.customer_id)
        members = members_of(act.connection, one.customer_id)
        name = act.connection.value(_NAME, {"id": one.customer_id})
        others = [member for member in members if member != one.customer_id]
        act.subjects += [("customer", member) for member in members]
        if not others:
            return f"{name} is linked with nobody"
        for link_id, _, _ in act.connection.all(_LINKS, {"id": one.customer_id}):
            act.change("customer_links", link_id, undone_at=act.now)
        for member in others:
            remember_difference(act, one.customer_id, member, self.reason.strip())
        self._keep_together(act, others, str(name))
        left = "" if len(others) == 1 else f" of {len(members)} linked records"
        return f"Took {name} out{left}: {_rest(act, others)} stays as it was"

    def _keep_together(self, act: Act, others: list[int], name: str) -> None:
        """Link anew those that were linked through the one who left."""
        groups = _groups(act, others)
        for group in groups[1:]:
            link(act, groups[0][0], group[0], f"Linked through {name}, who was taken out."[:500])


@dataclass(frozen=True, slots=True)
class ChooseProfile(Command):
    """Choose which of the linked profiles speaks first."""

    name: ClassVar[str] = "customer.choose"
    title: ClassVar[str] = "Show this profile"
    help: ClassVar[str] = "Choose whose name and values show for linked customers."

    customer_id: CustomerNumber

    def apply(self, act: Act) -> str:
        """Choose it; see `Command.apply`."""
        one = shown(act, self.customer_id)
        name = act.connection.value(_NAME, {"id": one.customer_id})
        act.subjects.append(("customer", one.canonical_id))
        if len(members_of(act.connection, one.customer_id)) < 2:
            return f"{name} is linked with nobody"
        newest = act.connection.value(_CHOSEN, {"canonical": one.canonical_id}) or 0
        stored = act.connection.value(
            "select chosen_at from customers where id = :id", {"id": one.customer_id}
        )
        if stored and stored == newest:
            return f"The profile of {name} shows already"
        act.change("customers", one.customer_id, chosen_at=max(act.now, int(newest) + 1))
        return f"Chose the profile of {name}"


@dataclass(frozen=True, slots=True)
class RejectMatch(Command):
    """Remember that two customers are different people; they are not suggested again."""

    name: ClassVar[str] = "match.reject"
    title: ClassVar[str] = "Different people"
    help: ClassVar[str] = "Say that two customers are different people, and remember it."

    customer_id: CustomerNumber
    other_id: OtherNumber
    reason: Reason = ""

    def apply(self, act: Act) -> str:
        """Remember it; see `Command.apply`."""
        one, other = shown(act, self.customer_id), shown(act, self.other_id)
        if one.customer_id == other.customer_id:
            raise Refused("Name two customers: nobody differs from themselves.")
        if one.canonical_id == other.canonical_id:
            raise Refused(
                f"{one.name} and {other.name} are linked as one person. Part them with: "
                f"centric do customer.unmerge {max(one.customer_id, other.customer_id)}"
            )
        act.subjects += [("customer", one.canonical_id), ("customer", other.canonical_id)]
        mine = members_of(act.connection, one.canonical_id)
        theirs = members_of(act.connection, other.canonical_id)
        new = [
            remember_difference(act, left, right, self.reason.strip())
            for left in mine
            for right in theirs
        ]
        if not any(new):
            return f"{one.name} and {other.name} are known to be different people"
        return f"Keeping {one.name} and {other.name} apart"


@dataclass(frozen=True, slots=True)
class Shown:
    """A customer, and the person that they are shown as."""

    customer_id: int
    canonical_id: int
    name: str


def shown(act: Act, customer_id: int) -> Shown:
    """Return a customer.

    Raises:
        NotFound: There is no such customer.
    """
    row = act.connection.one(_SHOWN, {"id": customer_id})
    if row is None:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    return Shown(*row)


def link(act: Act, one_id: int, other_id: int, evidence: str) -> None:
    """Add a link between two customers."""
    row: dict[str, Value] = {
        "one_id": one_id,
        "other_id": other_id,
        "made_by": act.agent.agent_id,
        "made_at": act.now,
        "evidence": evidence,
        "undone_at": 0,
    }
    act.insert("customer_links", ids.take(act.connection, "customer_links"), row)


def remember_difference(act: Act, one_id: int, other_id: int, reason: str) -> bool:
    """Remember that two customers are different people; say whether that is new."""
    pair = _pair(one_id, other_id)
    if act.connection.value(_DECIDED, {"one": pair["one_id"], "other": pair["other_id"]}):
        return False
    row: dict[str, Value] = {
        "made_by": act.agent.agent_id,
        "made_at": act.now,
        "reason": reason,
    }
    act.insert("match_decisions", pair, row)
    return True


def forget_difference(act: Act, one_id: int, other_id: int) -> None:
    """Forget that two customers were thought to be different people."""
    pair = _pair(one_id, other_id)
    if act.connection.value(_DECIDED, {"one": pair["one_id"], "other": pair["other_id"]}):
        act.delete("match_decisions", pair)


def _pair(one_id: int, other_id: int) -> dict[str, Value]:
    return {"one_id": min(one_id, other_id), "other_id": max(one_id, other_id)}


def _groups(act: Act, members: list[int]) -> list[list[int]]:
    """Return those who are still linked with each other, as links stand now."""
    group_of = {member: [member] for member in members}
    for member in members:
        for one, other in act.connection.all(_STANDING, {"id": member}):
            left, right = group_of[one], group_of.get(other)
            if right is not None and left is not right:
                left += right
                group_of.update(dict.fromkeys(right, left))
    groups = {id(group): sorted(group) for group in group_of.values()}
    return sorted(groups.values())


def _rest(act: Act, others: list[int]) -> str:
    return str(act.connection.value(_NAME, {"id": others[0]}))
