"""What follows from the rows that acts change: counters, ranks, revisions, the search index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from db.engine.interface import Connection
from db.errors import Refused

if TYPE_CHECKING:
    from db.commands.changes import Change

# The same as `db.words.is_unresolved` and `db.words.URGENCY_RANK`; a test compares them.
_SETTLE_CASE = """
update cases set
  unresolved = case when status in ('new', 'open', 'pending', 'on_hold')
    and merged_into = 0 and spam = 0 and history = 0 then 1 else 0 end,
  urgency_rank = case urgency
    when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end,
  revision = revision + 1
where id = :id
"""
# Recounted, not added to: a customer has few open cases, and a recount heals what was wrong.
_RECOUNT_OPEN = """
update customers set open_cases = (
  select count(*) from identities i join cases c on c.requester_id = i.id
  where i.customer_id = customers.id and c.unresolved = 1
) where id = (
  select i.customer_id from cases c join identities i on i.id = c.requester_id where c.id = :id
)
"""
# Added to: a tag can be on a hundred thousand cases.
_COUNT_TAG = "update tags set cases = cases + :step where id = :id"
_RAISE_CUSTOMER = "update customers set version = version + 1 where id = :id"
_LEADS = "select count(*) from agents where role = 'lead' and active = 1"

# Changing one of these can change whether the case is work.
_DECIDES_WORK = frozenset({"status", "merged_into", "spam", "history"})


def settle(connection: Connection, changes: Sequence[Change], cases: Iterable[int]) -> None:
    """Bring derived columns in line with changes that were just written.

    Args:
        changes: What was written.
        cases: Every case that the act was about; their revisions rise.

    Raises:
        Refused: The changes would leave the team without a lead.
    """
    for case_id in sorted(cases):
        settle_case(connection, case_id)
    for change in changes:
        if change.table == "cases" and not _DECIDES_WORK.isdisjoint(change.after or ()):
            connection.run(_RECOUNT_OPEN, change.key)
        elif change.table == "case_tags":
            step = (change.after is not None) - (change.before is not None)
            connection.run(_COUNT_TAG, {"id": change.key["tag_id"], "step": step})
        elif change.table == "customers":
            connection.run(_RAISE_CUSTOMER, change.key)
        elif change.table == "entries" and change.before is None:
            from db.search import index_entry

            index_entry(connection, int(change.key["id"] or 0))
    if any(change.table == "agents" for change in changes) and not connection.value(_LEADS):
        raise Refused("A team needs at least one active lead: make someone else a lead first.")


def settle_case(connection: Connection, case_id: int) -> None:
    """Recompute a case's rank and whether it is work, and raise its revision."""
    connection.run(_SETTLE_CASE, {"id": case_id})
