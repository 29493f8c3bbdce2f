"""Counters that are maintained, not counted, when read; and the recount that proves them."""

from __future__ import annotations

from collections.abc import Iterable

from db.engine.interface import Connection

# Few identities and cases hang on one customer, so that its counters are read anew from their
# rows and indexes at the end of each batch: what was wrong heals.
_CUSTOMER = """
update customers set
  entries = coalesce(
    (select sum(i.entries) from identities i where i.customer_id = customers.id), 0),
  first_at = coalesce((select min(i.first_at) from identities i
    where i.customer_id = customers.id and i.entries > 0), 0),
  cases = (select count(*) from identities i join cases c on c.requester_id = i.id
    where i.customer_id = customers.id and c.merged_into = 0),
  open_cases = (select count(*) from identities i join cases c on c.requester_id = i.id
    where i.customer_id = customers.id and c.unresolved = 1)
"""
_ONE_CUSTOMER = _CUSTOMER + "where id = :id"
_HEARD = """
update customers set
  last_inbound_at = case when last_inbound_at < :inbound then :inbound else last_inbound_at end,
  last_outbound_at = case when last_outbound_at < :outbound then :outbound else last_outbound_at end
where id = :id
"""
_LAST = """
update customers set
  last_inbound_at = coalesce((select max(e.at) from identities i
    join entries e on e.identity_id = i.id
    where i.customer_id = customers.id and e.direction = 'inbound' and e.automatic = ''
      and e.removed = 0), 0),
  last_outbound_at = coalesce((select max(e.at) from identities i
    join entries e on e.identity_id = i.id
    where i.customer_id = customers.id and e.direction = 'outbound' and e.automatic = ''
      and e.removed = 0), 0)
"""
_LAST_OF_ONE = _LAST + "where id = :id"
_IDENTITIES = """
update identities set
  entries = (select count(*) from entries e where e.identity_id = identities.id)
    + (select count(*) from entry_identities t where t.identity_id = identities.id),
  first_at = coalesce((select min(at) from (
    select min(e.at) as at from entries e where e.identity_id = identities.id
    union all select min(t.at) from entry_identities t where t.identity_id = identities.id
  ) as found), 0),
  last_at = coalesce((select max(at) from (
    select max(e.at) as at from entries e where e.identity_id = identities.id
    union all select max(t.at) from entry_identities t where t.identity_id = identities.id
  ) as found), 0)
"""
_NO_CONVERSATION = "update conversations set entries = 0"
_CONVERSATIONS = """
update conversations set entries = found.entries from (
  select conversation_id, count(*) as entries from entries group by conversation_id
) as found where found.conversation_id = conversations.id
"""
_TAGS = "update tags set cases = (select count(*) from case_tags t where t.tag_id = tags.id)"


def count_customers(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Bring the counters of some customers in line with their identities and cases.

    Args:
        connection: Inside `Engine.write`, after identities and cases are written.
        customer_ids: Customers; members of one person each count their own.
    """
    connection.many(_ONE_CUSTOMER, [{"id": number} for number in sorted(customer_ids)])


def note_contacts(connection: Connection, heard: dict[int, tuple[int, int]]) -> None:
    """Remember when customers last wrote and were last written to.

    Args:
        connection: Inside `Engine.write`.
        heard: Customer to the newest ``(inbound, outbound)`` human entries; 0 for none.
    """
    connection.many(
        _HEARD,
        [
            {"id": number, "inbound": inbound, "outbound": outbound}
            for number, (inbound, outbound) in heard.items()
        ],
    )


def recall_contacts(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Read anew when customers last wrote and were last written to.

    Args:
        connection: Inside `Engine.write`, after identities changed hands.
        customer_ids: Who had them, and who has them now.
    """
    connection.many(_LAST_OF_ONE, [{"id": number} for number in sorted(customer_ids)])


def recount(connection: Connection) -> None:
    """Compute every counter anew from the entries and cases themselves.

    Args:
        connection: Inside `Engine.write`.
    """
    for statement in (
        _IDENTITIES,
        _CUSTOMER,
        _LAST,
        _NO_CONVERSATION,
        _CONVERSATIONS,
        _TAGS,
    ):
        connection.run(statement)
