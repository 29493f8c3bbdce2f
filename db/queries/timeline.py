"""One stream of everything: a page of a case's or a customer's timeline, texts, one entry whole.

A customer's page is a merge of short ranges, one for each way they are reached (entries are
clustered by identity and time), with what others' entries they were on and what the journal says
of them. Order is by time, then entry; events of the journal stand before an entry of the same
millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from db.among import among
from db.engine.interface import Connection, Row, Value
from db.records import TimelineItem, TimelineKey, TimelinePage

PAGE_ITEMS = 200
_LATEST = 1 << 62
_FIRST = (-_LATEST, 0)  # earlier than anything: old mail may say 1969
_END = TimelineKey(_LATEST, 0)  # later than anything

ITEM_COLUMNS = (
    "e.id, e.at, e.at_offset, e.kind, e.direction, e.channel, e.case_id, e.author, e.subject,"
    " e.preview, e.characters, e.lines, e.attachments, e.automatic, e.pinned, e.revision"
)
_MEMBERS = """
select i.id from customers k join identities i on i.customer_id = k.id
where k.canonical_id = (select canonical_id from customers where id = :customer_id)
"""
_MEMBER_CUSTOMERS = """
select k.id from customers k
where k.canonical_id = (select canonical_id from customers where id = :customer_id)
"""
_OF_ONE = f"""
select {ITEM_COLUMNS} from entries e
where e.identity_id = :identity and (e.at, e.id) < (:at, :entry) and e.removed = 0
order by e.at desc, e.id desc limit :rows
"""  # noqa: S608 - the columns are a constant
_KEYS_OF_ONE = """
select e.at, e.id from entries e
where e.identity_id = :identity and (e.at, e.id) < (:at, :entry) and e.removed = 0
order by e.at desc, e.id desc limit :rows
"""
_RANGE_OF_ONE = f"""
select {ITEM_COLUMNS} from entries e
where e.identity_id = :identity and (e.at, e.id) < (:at, :entry)
  and (e.at, e.id) >= (:low_at, :low_entry) and e.removed = 0
"""  # noqa: S608 - the columns are a constant
_SHARED_KEYS = """
select l.at, l.entry_id from entry_identities l
where l.identity_id = :identity and (l.at, l.entry_id) < (:at, :entry)
order by l.at desc, l.entry_id desc limit :rows
"""
_BY_ID = f"select {ITEM_COLUMNS} from entries e where e.id in (:among) and e.removed = 0"  # noqa: S608
_OF_CASE = f"""
select {ITEM_COLUMNS} from entries e
where e.case_id = :case_id and (e.at, e.id) < (:at, :entry) and e.removed = 0
order by e.at desc, e.id desc limit :rows
"""  # noqa: S608 - the columns are a constant
# The journal is written in the order of time, so the newest rows have the highest numbers. A note
# that was written stands on the timeline itself.
_EVENTS = """
select j.seq, j.at, j.sentence, a.name, a.login
from journal_subjects s join journal j on j.seq = s.seq join agents a on a.id = j.agent_id
where s.kind = :kind and s.id = :id and s.seq < :seq and j.at <= :at and j.sentence <> ''
  and j.command <> 'note.add'
order by s.seq desc limit :rows
"""
_CASE_OF_EVENT = "select seq, id from journal_subjects where kind = 'case' and seq in (:among)"
_SUBJECTS = "select id, subject from cases where id in (:among)"
_SEEN = "select entry_at from seen where agent_id = :agent_id and case_id = :case_id"
_NEW = """
select at, id from entries
where case_id = :case_id and at > :seen and removed = 0 and agent_id <> :agent_id
order by at {direction}, id {direction} limit 1
"""


# Where an item stands: events of one moment before entries of it.
_place = attrgetter("at", "entry_id", "seq")


def timeline_page(
    connection: Connection,
    *,
    case_id: int = 0,
    customer_id: int = 0,
    before: TimelineKey | None = None,
    limit: int = 50,
    events: bool = True,
) -> TimelinePage:
    """Return a page of one case or one customer, oldest first.

    Args:
        connection: Where to read.
        case_id: The case; 0 for a customer's timeline.
        customer_id: Any member of the customer; 0 for a case's timeline.
        before: `TimelinePage.before` of the page after this one in time; None for the newest.
        limit: Items, 200 at most; a few more when many events carry one millisecond.
        events: Also show what the journal says.

    Raises:
        ValueError: Neither or both of case and customer were given.
    """
    if bool(case_id) == bool(customer_id):
        raise ValueError("a timeline is that of one case or of one customer")
    limit = max(1, min(limit, PAGE_ITEMS))
    end = before or _END
    if case_id:
        found = items_of(connection.all(_OF_CASE, _range(end, limit, case_id=case_id)))
        subjects = [("case", case_id)]
    else:
        identities = _ids(connection, _MEMBERS, customer_id)
        found = _entries_of(connection, identities, end, limit)
        customers = _ids(connection, _MEMBER_CUSTOMERS, customer_id)
        subjects = [("customer", customer) for customer in customers]
        subjects += [("identity", identity) for identity in identities]
    if events:
        found += _events_of(connection, subjects, end, limit)
    return _page(connection, found, limit)


def _range(end: TimelineKey, limit: int, **more: int) -> dict[str, Value]:
    return {"at": end.at, "entry": end.entry_id, "rows": limit + 1, **more}


def _ids(connection: Connection, sql: str, customer_id: int) -> list[int]:
    return [row[0] for row in connection.all(sql, {"customer_id": customer_id})]


def items_of(rows: Iterable[Row]) -> list[TimelineItem]:
    """Return the records of rows of `ITEM_COLUMNS`."""
    return [TimelineItem(*(*row[:14], bool(row[14]), row[15])) for row in rows]


def _entries_of(
    connection: Connection, identities: Sequence[int], end: TimelineKey, limit: int
) -> list[TimelineItem]:
    """Return the newest ``limit + 1`` entries of these identities before ``end``."""
    shared: set[tuple[int, int]] = set()
    for identity in identities:
        shared.update(connection.all(_SHARED_KEYS, _range(end, limit, identity=identity)))
    if len(identities) == 1:
        rows = connection.all(_OF_ONE, _range(end, limit, identity=identities[0]))
        low = (rows[-1][1], rows[-1][0]) if len(rows) > limit else _FIRST
    else:
        rows, low = _of_several(connection, identities, shared, end, limit)
    here = {row[0] for row in rows}
    missing = [entry for at, entry in shared if (at, entry) >= low and entry not in here]
    rows += among(connection, _BY_ID, missing)
    return items_of(rows)


def _of_several(
    connection: Connection,
    identities: Sequence[int],
    shared: set[tuple[int, int]],
    end: TimelineKey,
    limit: int,
) -> tuple[list[Row], tuple[int, int]]:
    """Return the newest entries of several identities, and the key where they end.

    First the keys alone are merged, so that whole rows are read only of what is shown.
    """
    own = {
        identity: connection.all(_KEYS_OF_ONE, _range(end, limit, identity=identity))
        for identity in identities
    }
    keys = sorted(shared.union(*own.values()), reverse=True)[: limit + 1]
    low = keys[-1] if keys else _FIRST
    rows: list[Row] = []
    for identity, its_keys in own.items():
        if its_keys and its_keys[0] >= low:
            params = _range(end, limit, identity=identity, low_at=low[0], low_entry=low[1])
            rows += connection.all(_RANGE_OF_ONE, params)
    return rows, low


def _events_of(
    connection: Connection, subjects: Sequence[tuple[str, int]], end: TimelineKey, limit: int
) -> list[TimelineItem]:
    """Return the newest events of each of these subjects before ``end``."""
    last = end.at if end.entry_id else end.at - 1
    rows: set[Row] = set()
    for kind, subject in subjects:
        rows.update(_acts_on(connection, kind, subject, last, limit))
    cases: dict[int, int] = {}
    if subjects[:1] and subjects[0][0] == "case":
        cases = dict.fromkeys((row[0] for row in rows), subjects[0][1])
    else:
        for seq, case_id in among(connection, _CASE_OF_EVENT, [row[0] for row in rows]):
            cases[seq] = case_id if seq not in cases else 0  # an act on many cases is of none
    return [_event(row, cases.get(row[0], 0)) for row in rows]


def _acts_on(connection: Connection, kind: str, subject: int, last: int, limit: int) -> list[Row]:
    """Return the newest acts up to ``last``, and all of the millisecond where they end."""
    found: list[Row] = []
    params: dict[str, Value] = {"kind": kind, "id": subject, "at": last, "rows": limit + 1}
    while True:
        params["seq"] = found[-1][0] if found else _LATEST
        rows = connection.all(_EVENTS, params)
        found += rows
        if len(rows) <= limit or found[-1][1] < found[limit - 1][1]:
            return found


def _event(row: Row, case_id: int) -> TimelineItem:
    seq, at, sentence, name, login = row
    return TimelineItem(
        entry_id=0,
        at=at,
        at_offset=None,
        kind="event",
        direction="internal",
        channel="api",
        case_id=case_id,
        author=name or login,
        subject="",
        preview=sentence,
        characters=0,
        lines=1,
        attachments=0,
        automatic="",
        pinned=False,
        revision=1,
        seq=seq,
    )


def _page(connection: Connection, found: list[TimelineItem], limit: int) -> TimelinePage:
    """Cut the newest items, so that the next page begins where this one ends."""
    found.sort(key=_place, reverse=True)
    cut = limit
    if 0 < limit < len(found) and not found[limit - 1].entry_id:
        # A key does not tell the events of one millisecond apart: they stay on one page.
        while cut < len(found) and not found[cut].entry_id and found[cut].at == found[cut - 1].at:
            cut += 1
    items = found[:cut]
    before = None
    if cut < len(found):
        before = TimelineKey(items[-1].at, items[-1].entry_id)
    cases = {item.case_id for item in items if item.case_id}
    subjects: dict[int, str] = dict(among(connection, _SUBJECTS, sorted(cases)))
    return TimelinePage(tuple(reversed(items)), before, subjects)


def first_unseen(connection: Connection, case_id: int, agent_id: int) -> TimelineKey | None:
    """Return the oldest entry that is new to this agent: where an opened case lands."""
    return _unseen(connection, case_id, agent_id, "asc")


def newest_unseen(connection: Connection, case_id: int, agent_id: int) -> TimelineKey | None:
    """Return the newest entry that is new to this agent; None when all was seen."""
    return _unseen(connection, case_id, agent_id, "desc")


def _unseen(
    connection: Connection, case_id: int, agent_id: int, direction: str
) -> TimelineKey | None:
    params: dict[str, Value] = {"case_id": case_id, "agent_id": agent_id}
    params["seen"] = connection.value(_SEEN, params) or 0
    row = connection.one(_NEW.format(direction=direction), params)
    return TimelineKey(*row) if row else None
