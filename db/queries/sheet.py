"""The cheat sheet: all that matters about a customer, read over all who are linked as them.

Every part is bounded, so that the sheet of the busiest customer costs no more than another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.among import among
from db.engine.interface import Connection, Row
from db.errors import NotFound
from db.mood import mood_of
from db.queries import sheet_more as more
from db.queries.rows import LINE_COLUMNS, case_line
from db.records import CaseLine, CheatSheet, Contact, Handle, NoteLine
from db.texts import unpack

OPEN_CASES = 20
CONTACTS = 3
MOOD_CONTACTS = 6  # of each handle: among their last words some have a mood
CONTACTS_LOOKED_AT = 100  # of each handle: newsletters may stand before the last words of a person
HANDLES = 30
NOTES = 10
TAGS = 10
TAGGED_CASES = 25  # of each handle, newest first: what they write about now

_MEMBERS = """
select k.id, k.name, coalesce(g.name, ''), k.title, k.stage, k.vip, k.risk, k.risk_at, k.goals,
  coalesce(a.login, ''), k.language, k.time_zone, k.preferred_channel,
  k.first_at, k.last_inbound_at, k.last_outbound_at, k.entries, k.cases, k.canonical_id,
  coalesce(k.organization_id, 0)
from customers k
left join organizations g on g.id = k.organization_id
left join agents a on a.id = k.success_owner_id
where k.canonical_id = (select canonical_id from customers where id = :customer_id)
order by case when k.id = k.face_id then 0 when k.id = k.canonical_id then 1 else 2 end, k.id
"""
_HANDLES = """
select id, kind, network, raw, name, state, entries, last_at, verified from identities
where customer_id in (:among)
"""
_OPEN = f"""
select {LINE_COLUMNS}, c.urgency_rank from cases c
where c.requester_id = :identity and c.unresolved = 1
order by c.urgency_rank, c.waiting_since, c.id limit :rows
"""  # noqa: S608 - the columns are a constant
_CONTACTS = """
select id, case_id, at, channel, direction, author, preview from (
  select id, case_id, at, channel, direction, author, preview, automatic, removed from entries
  where identity_id = :identity order by at desc, id desc limit :looked_at) newest
where direction <> 'internal' and automatic = '' and removed = 0
order by at desc, id desc limit :rows
"""
# The inner question is answered by the index of pinned entries alone.
_NOTES = """
select e.id, e.at, e.author, t.codec, t.data
from (
  select identity_id, at, id from entries
  where identity_id = :identity and pinned = 1 and removed = 0 order by at desc limit :rows
) as newest
join entries e on e.identity_id = newest.identity_id and e.at = newest.at and e.id = newest.id
join entry_texts t on t.entry_id = e.id
order by e.at desc
"""
_TAGS = """
select t.name, count(*) from (
  select id from cases where requester_id = :identity and unresolved = :unresolved
  order by updated_at desc limit :rows) newest
join case_tags l on l.case_id = newest.id join tags t on t.id = l.tag_id
group by t.name
"""


def cheat_sheet(connection: Connection, customer_id: int) -> CheatSheet:
    """Return the sheet of a customer.

    Args:
        connection: Where to read.
        customer_id: Any of the customers that are linked as this person.

    Raises:
        NotFound: There is no such customer.
    """
    members = connection.all(_MEMBERS, {"customer_id": customer_id})
    if not members:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    ids = tuple(row[0] for row in members)
    handles = sorted(among(connection, _HANDLES, ids), key=lambda row: (-row[6], -row[7], row[0]))
    identities = [row[0] for row in handles]
    # Linked profiles complete each other: the chosen one speaks first, else the canonical one.
    first = [_first(members, column) for column in range(len(members[0]))]
    contacts = _contacts(connection, identities)
    return CheatSheet(
        customer_id=members[0][18],
        members=tuple(sorted(ids)),
        name=first[1],
        organization=first[2],
        title=first[3],
        stage=members[0][4],
        vip=any(row[5] for row in members),
        risk=first[6],
        risk_at=first[7],
        goals=first[8],
        success_owner=first[9],
        language=first[10],
        time_zone=first[11],
        preferred_channel=first[12],
        open_cases=_open_cases(connection, identities),
        contacts=contacts[:CONTACTS],
        handles=tuple(_handle(row) for row in handles[:HANDLES]),
        tags=_tags(connection, identities),
        notes=_notes(connection, identities),
        first_at=min((row[13] for row in members if row[13]), default=0),
        last_inbound_at=max(row[14] for row in members),
        last_outbound_at=max(row[15] for row in members),
        entries=sum(row[16] for row in members),
        cases=sum(row[17] for row in members),
        promises=more.promises_of(connection, ids),
        tried=more.tried(connection, identities),
        mood=mood_of(contacts),
        activity=more.activity(connection, identities),
        facts=more.facts_of(connection, identities),
        fields=more.fields_of(connection, ids),
        roll_up=more.roll_up(connection, first[19]),
    )


def _handle(row: Row) -> Handle:
    _, kind, network, raw, name, state, entries, last_at, verified = row
    return Handle(kind, network, raw, name, state, entries, last_at, bool(verified))


def _first(members: Sequence[Row], column: int) -> Any:  # one column of any type
    return next((row[column] for row in members if row[column]), members[0][column])


def _open_cases(connection: Connection, identities: Sequence[int]) -> tuple[CaseLine, ...]:
    rows: list[Row] = []
    for identity in identities:
        rows += connection.all(_OPEN, {"identity": identity, "rows": OPEN_CASES})
    rows.sort(key=lambda row: (row[7], row[5], row[0]))
    return tuple(case_line(row[:7]) for row in rows[:OPEN_CASES])


def _contacts(connection: Connection, identities: Sequence[int]) -> tuple[Contact, ...]:
    rows: list[Row] = []
    for identity in identities:
        params = {"identity": identity, "looked_at": CONTACTS_LOOKED_AT, "rows": MOOD_CONTACTS}
        rows += connection.all(_CONTACTS, params)
    rows.sort(key=lambda row: (-row[2], -row[0]))
    return tuple(Contact(*row) for row in rows[:MOOD_CONTACTS])


def _notes(connection: Connection, identities: Sequence[int]) -> tuple[NoteLine, ...]:
    rows: list[Row] = []
    for identity in identities:
        rows += connection.all(_NOTES, {"identity": identity, "rows": NOTES})
    rows.sort(key=lambda row: (-row[1], -row[0]))
    return tuple(
        NoteLine(entry_id, at, author, unpack(codec, data))
        for entry_id, at, author, codec, data in rows[:NOTES]
    )


def _tags(connection: Connection, identities: Sequence[int]) -> tuple[tuple[str, int], ...]:
    times: dict[str, int] = {}
    for identity in identities:
        for unresolved in (0, 1):
            params = {"identity": identity, "unresolved": unresolved, "rows": TAGGED_CASES}
            for name, cases in connection.all(_TAGS, params):
                times[name] = times.get(name, 0) + cases
    ranked = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ranked[:TAGS])
