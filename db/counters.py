"""Counters that are maintained, not counted, when read; and the recount that proves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from db.engine.interface import Connection

_IDENTITY_TIMES = """coalesce((select {end}(at) from (
    select {end}(e.at) as at from entries e where e.identity_id = identities.id
    union all select {end}(t.at) from entry_identities t
      where t.identity_id = identities.id) ends), 0)"""
_LAST_WORDS = """coalesce((select max(e.at) from identities i
    join entries e on e.identity_id = i.id
    where i.customer_id = customers.id and e.direction = '{direction}' and e.automatic = ''
      and e.removed = 0), 0)"""

# What each counter must be, read from the rows themselves: it is set so, and compared so. Few
# identities and cases hang on one customer, so that theirs are read anew at the end of each batch:
# what was wrong heals.
_OF_IDENTITIES = {
    "entries": """(select count(*) from entries e where e.identity_id = identities.id)
    + (select count(*) from entry_identities t where t.identity_id = identities.id)""",
    "first_at": _IDENTITY_TIMES.format(end="min"),
    "last_at": _IDENTITY_TIMES.format(end="max"),
}
_OF_CUSTOMERS = {
    "entries": """coalesce(
    (select sum(i.entries) from identities i where i.customer_id = customers.id), 0)""",
    "first_at": """coalesce((select min(i.first_at) from identities i
    where i.customer_id = customers.id and i.entries > 0), 0)""",
    "cases": """(select count(*) from identities i join cases c on c.requester_id = i.id
    where i.customer_id = customers.id and c.merged_into = 0)""",
    "open_cases": """(select count(*) from identities i join cases c on c.requester_id = i.id
    where i.customer_id = customers.id and c.unresolved = 1)""",
}
_CONTACTS = {
    "last_inbound_at": _LAST_WORDS.format(direction="inbound"),
    "last_outbound_at": _LAST_WORDS.format(direction="outbound"),
}
_OF_TAGS = {"cases": "(select count(*) from case_tags t where t.tag_id = tags.id)"}


def _setting(table: str, counters: Mapping[str, str]) -> str:
    listed = ",\n  ".join(f"{column} = {value}" for column, value in counters.items())
    return f"update {table} set\n  {listed}\n"  # constants of this module


def _differing(table: str, counters: Mapping[str, str]) -> str:
    differs = " or ".join(f"{column} <> {value}" for column, value in counters.items())
    return f"select count(*) from {table} where {differs}"  # noqa: S608  # constants of this module


_IDENTITIES = _setting("identities", _OF_IDENTITIES)
_SOME_IDENTITIES = _IDENTITIES + "where id = :id"
_CUSTOMER = _setting("customers", _OF_CUSTOMERS)
_ONE_CUSTOMER = _CUSTOMER + "where id = :id"
_LAST = _setting("customers", _CONTACTS)
_LAST_OF_ONE = _LAST + "where id = :id"
_TAGS = _setting("tags", _OF_TAGS)
_SOME_TAGS = _TAGS + "where id = :id"
_HEARD = """
update customers set
  last_inbound_at = case when last_inbound_at < :inbound then :inbound else last_inbound_at end,
  last_outbound_at = case when last_outbound_at < :outbound then :outbound else last_outbound_at end
where id = :id
"""
_NO_CONVERSATION = "update conversations set entries = 0"
_CONVERSATIONS = """
update conversations set entries = found.entries from (
  select conversation_id, count(*) as entries from entries group by conversation_id
) as found where found.conversation_id = conversations.id
"""
_DRIFTED = (
    _differing("customers", {**_OF_CUSTOMERS, **_CONTACTS}),
    _differing("identities", _OF_IDENTITIES),
    _differing("tags", _OF_TAGS),
    """
select count(*) from conversations v left join (
  select conversation_id, count(*) as entries from entries group by conversation_id
) as found on found.conversation_id = v.id where v.entries <> coalesce(found.entries, 0)
""",
)


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


def drifted(connection: Connection) -> int:
    """Return how many customers, identities, tags and conversations are counted wrong."""
    return sum(int(connection.value(statement) or 0) for statement in _DRIFTED)


def count_identities(connection: Connection, identity_ids: Iterable[int]) -> None:
    """Count the entries of some identities anew, inside `Engine.write`."""
    connection.many(_SOME_IDENTITIES, [{"id": number} for number in sorted(identity_ids)])


def count_tags(connection: Connection, tag_ids: Iterable[int]) -> None:
    """Count the cases of some tags anew, inside `Engine.write`."""
    connection.many(_SOME_TAGS, [{"id": number} for number in sorted(tag_ids)])
