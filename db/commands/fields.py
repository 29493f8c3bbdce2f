"""What a team wants to know of its customers beyond the profile: fields that it names itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.commands.wording import brief
from db.errors import NotFound, Refused

FIELD_CHARACTERS = 40
FIELDS_OF_ONE = 50

_CUSTOMER = """
select m.id, m.name, m.canonical_id from customers k
join customers m on m.id = case when k.face_id > 0 then k.face_id else k.canonical_id end
where k.id = :id
"""
_MEMBERS = "select id from customers where canonical_id = :canonical order by id"
_VALUE = "select value from customer_fields where customer_id = :customer_id and name = :name"
_COUNT = "select count(*) from customer_fields where customer_id = :customer_id"


@dataclass(frozen=True, slots=True)
class SetField(Command):
    """Set a field that the team named."""

    name: ClassVar[str] = "customer.field"
    title: ClassVar[str] = "Set a field of a customer"
    help: ClassVar[str] = "Set a field that your team named, such as contract; empty clears it."

    customer_id: Annotated[int, Argument("Customer number", kind="customer")]
    field: Annotated[str, Argument("Name of the field", characters=FIELD_CHARACTERS)]
    value: Annotated[str, Argument("The new value")] = ""

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        row = act.connection.one(_CUSTOMER, {"id": self.customer_id})
        if row is None:
            raise NotFound(f"There is no customer {self.customer_id} in this store.")
        shown_id, customer, canonical_id = row
        act.subjects.append(("customer", canonical_id))
        field = field_name(self.field)
        value = " ".join(self.value.split())
        if not value:
            return self._clear(act, canonical_id, customer, field)
        key = {"customer_id": shown_id, "name": field}
        found = act.connection.value(_VALUE, key)
        if found == value:
            return f"The {field} of {customer} is that already"
        if found is not None:
            act.change("customer_fields", key, value=value)
        else:
            if act.connection.value(_COUNT, {"customer_id": shown_id}) >= FIELDS_OF_ONE:
                raise Refused(f"A customer has at most {FIELDS_OF_ONE} such fields; clear one.")
            act.insert("customer_fields", key, {"value": value})
        return f"Set the {field} of {customer} to {brief(value)}"

    def _clear(self, act: Act, canonical_id: int, customer: str, field: str) -> str:
        """Linked profiles complete each other, so what is cleared is cleared in all of them."""
        cleared = False
        for (member_id,) in act.connection.all(_MEMBERS, {"canonical": canonical_id}):
            key = {"customer_id": member_id, "name": field}
            if act.connection.value(_VALUE, key) is not None:
                act.delete("customer_fields", key)
                cleared = True
        return f"{'Cleared' if cleared else 'There is no'} {field} of {customer}"


def field_name(written: str) -> str:
    """Return the name of a field as it is stored: lower case, words joined by one space.

    Raises:
        Refused: Nothing is left, or it holds a colon or comma (which queries use).
    """
    name = " ".join(written.casefold().split())
    if not name or any(sign in name for sign in ':,="'):
        raise Refused("A field is named by words, such as contract or renewal date.")
    return name[:FIELD_CHARACTERS]
