"""What follows from the rows that acts change: counters, ranks, revisions, the search index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from db.counters import count_customers, recall_contacts
from db.engine.interface import Connection
from db.errors import Refused
from db.ids import keep_entry_id

if TYPE_CHECKING:
    from db.commands.changes import Change
    from db.commands.rows import Fields

# The same as `db.words.is_unresolved` and `db.words.URGENCY_RANK`; a test compares them. Once
# anybody acted on a case, what arrives may no longer decide alone what it is, undone or not.
_SETTLE_CASE = """
update cases set
  unresolved = case when status in ('new', 'open', 'pending', 'on_hold')
    and merged_into = 0 and spam = 0 and history = 0 then 1 else 0 end,
  urgency_rank = case urgency
    when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end,
  worked = 1,
  revision = revision + 1
where id = :id
"""
_CUSTOMER_OF_CASE = """
select i.customer_id from cases c join identities i on i.id = c.requester_id where c.id = :id
"""
_CUSTOMER_OF_IDENTITY = "select customer_id from identities where id = :id"
_ENDS = "select one_id, other_id from customer_links where id = :id"
# The times are read from the ends of two ranges; a count would walk them.
_COUNT_IDENTITY = """
update identities set entries = entries + :step,
  first_at = coalesce((select min(at) from (
    select min(e.at) as at from entries e where e.identity_id = :id
    union all select min(t.at) from entry_identities t where t.identity_id = :id) ends), 0),
  last_at = coalesce((select max(at) from (
    select max(e.at) as at from entries e where e.identity_id = :id
    union all select max(t.at) from entry_identities t where t.identity_id = :id) ends), 0)
where id = :id
"""
# Added to, not recounted: a tag can be on a hundred thousand cases.
_COUNT_TAG = "update tags set cases = cases + :step where id = :id"
_RAISE_CUSTOMER = "update customers set version = version + 1 where id = :id"
_COUNT_CONVERSATION = """
update conversations set entries = entries + :step,
  last_human_at = coalesce((select e.at from entries e
    where e.case_id = conversations.case_id and e.conversation_id = :id and e.kind = 'message'
      and e.automatic = '' and e.direction <> 'internal' and e.removed = 0
    order by e.at desc, e.direction, e.id limit 1), 0),
  last_human_direction = coalesce((select e.direction from entries e
    where e.case_id = conversations.case_id and e.conversation_id = :id and e.kind = 'message'
      and e.automatic = '' and e.direction <> 'internal' and e.removed = 0
    order by e.at desc, e.direction, e.id limit 1), '')
where id = :id
"""
_LEADS = "select count(*) from agents where role = 'lead' and active = 1"

# Changing one of these can change whether the case is work, and whose.
_DECIDES_WORK = frozenset({"status", "merged_into", "spam", "history", "requester_id"})
# By these the customer finder knows a customer.
_FOUND_BY = frozenset({"name", "organization_id"})


def settle(connection: Connection, changes: Sequence[Change], cases: Iterable[int]) -> None:
    """Bring derived columns in line with changes that were just written.

    Args:
        changes: What was written.
        cases: Every case that the act was about; their revisions rise.

    Raises:
        Refused: The changes would leave the team without a lead.
    """
    connection.many(_SETTLE_CASE, [{"id": case_id} for case_id in sorted(cases)])
    customers: set[int] = set()
    for change in changes:
        if change.table == "cases" and not _DECIDES_WORK.isdisjoint(_fields(change)):
            customers.add(connection.value(_CUSTOMER_OF_CASE, change.key) or 0)
            customers.update(_askers(connection, change))
        elif change.table == "case_tags":
            connection.run(_COUNT_TAG, {"id": change.key["tag_id"], "step": _step(change)})
        elif change.table == "customers":
            connection.run(_RAISE_CUSTOMER, change.key)
        elif change.table == "entries" and _step(change):
            customers.add(_count_entry(connection, change))
    moved = _owners(changes)
    if (customers | moved) - {0}:
        count_customers(connection, (customers | moved) - {0})
    if moved:
        recall_contacts(connection, moved)
    _link(connection, changes)
    _find_by(connection, changes, moved)
    _count_conversations(connection, changes)
    if any(change.table == "agents" for change in changes) and not connection.value(_LEADS):
        raise Refused("A team needs at least one active lead: make someone else a lead first.")


def _fields(change: Change) -> Fields:
    """Return the columns of a row that came, changed or went."""
    return change.after or change.before or {}


def _count_conversations(connection: Connection, changes: Sequence[Change]) -> None:
    """Count what came to a conversation and left it, and who had the last word in each."""
    steps: dict[int, int] = {}
    for change in changes:
        if change.table == "entries" and "conversation_id" in _fields(change):
            for fields, step in ((change.before, -1), (change.after, 1)):
                number = int((fields or {}).get("conversation_id") or 0)
                steps[number] = steps.get(number, 0) + step
    for number, step in sorted(steps.items()):
        if number and step:
            connection.run(_COUNT_CONVERSATION, {"id": number, "step": step})


def _askers(connection: Connection, change: Change) -> set[int]:
    """Return the customers whose case it was and is, where that changed."""
    found: set[int] = set()
    for fields in (change.before or {}, change.after or {}):
        if "requester_id" in fields:
            identity = {"id": fields["requester_id"]}
            found.add(int(connection.value(_CUSTOMER_OF_IDENTITY, identity) or 0))
    return found


def _owners(changes: Sequence[Change]) -> set[int]:
    """Return the customers that an identity came to or went from."""
    return {
        int(owner)
        for change in changes
        if change.table == "identities"
        for fields in (change.before or {}, change.after or {})
        if (owner := fields.get("customer_id"))
    }


def _link(connection: Connection, changes: Sequence[Change]) -> None:
    """Compute anew who is one person with whom, where links came or went."""
    ends: set[int] = set()
    for change in changes:
        if change.table == "customer_links":
            fields = {**(change.before or {}), **(change.after or {})}
            if "one_id" in fields:
                ends.update((int(fields["one_id"] or 0), int(fields["other_id"] or 0)))
            else:
                ends.update(connection.one(_ENDS, change.key) or ())
        elif change.table == "customers" and "chosen_at" in (change.after or {}):
            ends.add(int(change.key["id"] or 0))
    if ends:
        from db.identity.components import settle_links

        settle_links(connection, ends)


def _find_by(connection: Connection, changes: Sequence[Change], moved: set[int]) -> None:
    """Let customers be found by their new names and organizations."""
    named = [
        int(change.key["id"] or 0)
        for change in changes
        if change.table == "customers"
        and (_step(change) or not _FOUND_BY.isdisjoint(change.after or ()))
    ]
    if named or moved:
        from db.identity.lookup_index import index_customers

        index_customers(connection, {*named, *moved})


def before_delete(connection: Connection, entry_id: int) -> None:
    """Take an entry out of the search index while its text still stands, and keep its id taken."""
    from db.search import forget_entry

    forget_entry(connection, entry_id)
    keep_entry_id(connection, entry_id)


def _count_entry(connection: Connection, change: Change) -> int:
    """Count an entry that came or went, index one that came; return its customer, 0 for none."""
    from db.search import index_entry

    if change.before is None:
        index_entry(connection, int(change.key["id"] or 0))
    identity = {"id": (change.after or change.before or {})["identity_id"]}
    connection.run(_COUNT_IDENTITY, {**identity, "step": _step(change)})
    return int(connection.value(_CUSTOMER_OF_IDENTITY, identity) or 0)


def _step(change: Change) -> int:
    """Return 1 for a row that came, -1 for one that went, 0 for one that changed."""
    return (change.after is not None) - (change.before is not None)
