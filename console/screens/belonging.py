"""Wrong customer: a case, or all from its sender, belongs to someone else, known or new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.screens.finder import CustomerFinder
from console.screens.picker import Choice, Picker
from db.commands.base import Command
from db.commands.belonging import EntryOfCustomer
from db.commands.moves import CaseOfCustomer, MoveIdentity
from db.engine.interface import Connection
from db.errors import StoreError

if TYPE_CHECKING:
    from console.actions import ActingApp

_SENDERS = """
select i.id, i.raw, i.network, i.entries from identities i
where i.own = 0 and i.customer_id is not null and (i.id = (
    select requester_id from cases where id = :case)
  or i.id in (select author_id from entries where case_id = :case and direction = 'inbound'))
order by i.entries desc limit 8
"""


def senders(connection: Connection, case_id: int) -> list[tuple[int, str, str, int]]:
    """Return who wrote in a case: identity, address, network, entries on its timeline."""
    return [(row[0], row[1], row[2], row[3]) for row in connection.all(_SENDERS, {"case": case_id})]


async def ask_whose(app: ActingApp, case_id: int, entry_id: int = 0) -> Command | None:
    """Ask what belongs to someone else, and to whom; None where the agent changed their mind.

    Args:
        app: The app.
        case_id: The case that is meant.
        entry_id: The message under the cursor; 0 for none.
    """
    try:
        found = app.reader.now(senders, case_id)
    except StoreError as error:
        app.refuse(error)
        return None
    choices = [Choice("case", f"This case, #{case_id}", "asked by someone else")]
    if entry_id:
        choices.append(Choice("entry", "This message alone", "becomes a case of its own"))
    for identity, address, network, entries in found:
        shown = f"{address} ({network})" if network else address
        choices.append(Choice(f"move {identity}", f"All from {shown}", f"{entries:,} entries"))
        choices.append(Choice(f"new {identity}", f"{shown} is a customer of its own", "split off"))
    picked = await app.push_screen_wait(Picker("What belongs to another customer?", choices))
    if not picked:
        return None
    kind, _, number = picked.partition(" ")
    if kind == "new":
        return MoveIdentity(number, 0)
    customer_id = await app.push_screen_wait(CustomerFinder())
    if not customer_id:
        return None
    if kind == "entry":
        return EntryOfCustomer(entry_id, customer_id)
    return CaseOfCustomer(case_id, customer_id) if kind == "case" else MoveIdentity(
        number, customer_id
    )  # fmt: skip
