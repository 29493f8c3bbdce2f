"""What the desk shows: queues with their counts, pages of cases, a case's header, the pickers.

A queue is a saved query over unresolved cases. Snoozed cases and junk are left out unless the
query asks for them; a query that asks for resolved cases, history or a number is not held to the
unresolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from db.among import among
from db.engine.interface import Bound, Connection, Row, Value
from db.errors import NotFound
from db.frozen import dataclass
from db.language import Asker, Filter, Query, QueryError, parse
from db.language_sql import Where, where_cases
from db.queries.rows import LINE_COLUMNS, case_line, case_rows_by_id, listed
from db.records import (
    AgentRow,
    CaseDetail,
    CaseKey,
    CaseLine,
    CasePage,
    CaseRow,
    QueueRow,
    StoreStatus,
    StoreTotals,
)
from db.words import WAITING_ON

PAGE_ROWS = 200  # a page is never longer
ALSO_OPEN_ROWS = 20
PARTS = 100  # queues counted in one statement; SQLite joins 500 selects at most


@dataclass(frozen=True, slots=True)
class _Order:
    """How a list is ordered: its key columns, and whether the newest comes first."""

    columns: tuple[str, ...]
    descending: bool = False


ORDERS: Mapping[str, _Order] = {
    "urgency": _Order(("c.urgency_rank", "c.waiting_since", "c.id")),
    "waiting": _Order(("c.waiting_since", "c.id")),
    "due": _Order(("c.due_at", "c.waiting_since", "c.id")),
    "updated": _Order(("c.updated_at", "c.id"), descending=True),
}

_QUEUES = "select id, name, pin, folder, query, sort from queues order by position, id"
_COUNT = (
    "select {number}, count(*), min(case when c.waiting_on = 'us' then c.waiting_since end)"
    " from cases c where {where}"
)
# One walk of an index that is in this order: folders, whose turn it is, and all of them together.
_COUNT_TURNS = """
select c.queue_id, c.waiting_on, count(*), min(c.waiting_since)
from cases c
where c.unresolved = 1 and c.snoozed_until <= :now
group by c.queue_id, c.waiting_on
"""
_PAGE = "select c.id, {columns} from cases c where {where} {after} order by {order} limit :rows"
_ALSO_OPEN = f"""
select {LINE_COLUMNS}
from cases c
where c.unresolved = 1 and c.id <> :case_id and c.requester_id in (
  select i.id from customers k join identities i on i.customer_id = k.id
  where k.canonical_id = :customer_id
  union select :requester_id)
order by c.updated_at desc, c.id desc
limit :rows
"""  # noqa: S608 - the columns are a constant
_MORE = """
select c.requester_id, c.type, c.tier, c.resolution, c.opened_at, c.resolved_at, c.merged_into,
  coalesce((select s.entry_at from seen s where s.agent_id = :agent_id and s.case_id = c.id), 0)
from cases c where c.id = :case_id
"""
_LINKED = """
select kind, other_id from case_links where case_id = :case_id
union
select case kind when 'duplicate_of' then 'duplicate' when 'follow_up' then 'followed_by'
  when 'split_from' then 'split_into' else kind end, case_id
from case_links where other_id = :case_id
order by 1, 2
"""
_STATUS = """
select (select count(*) from drafts where agent_id = :agent_id),
  (select count(*) from quarantine),
  (select coalesce(max(last_success_at), 0) from sources)
"""
_TOTALS = """
select (select count(*) from entries), (select count(*) from customers where canonical_id = id),
  (select count(*) from cases), (select count(*) from cases where unresolved = 1)
"""
_AGENTS = "select id, login, name, role, active from agents where login <> 'system' order by login"
_TEAMS = "select m.agent_id, t.name from team_agents m join teams t on t.id = m.team_id order by 2"
_TAGS = "select id, name, cases from tags order by cases desc, name"
_TAGS_OF = "select tag_id, count(*) from case_tags where case_id in (:among) group by tag_id"


def queues(connection: Connection, agent_id: int, now: int) -> tuple[QueueRow, ...]:
    """Return every queue in its order, with how many cases are in it and the oldest wait.

    A queue whose query is no longer understood is listed with no cases.

    Args:
        connection: Where to read.
        agent_id: Who ``owner:me`` is.
        now: UTC milliseconds; decides what is snoozed.
    """
    rows = connection.all(_QUEUES)
    counts = _counts(connection, rows, agent_id, now)
    found = []
    for queue_id, name, pin, folder, query, sort in rows:
        cases, oldest = counts.get(queue_id, (0, None))
        found.append(QueueRow(queue_id, name, pin, cases, oldest or 0, bool(folder), query, sort))
    return tuple(found)


def _counts(
    connection: Connection, rows: Sequence[Row], agent_id: int, now: int
) -> dict[int, tuple[int, int | None]]:
    """Return cases and the oldest wait by queue, each counted from a range of an index."""
    turns = connection.all(_COUNT_TURNS, {"now": now})
    everything = _summed(turns)
    by_folder: dict[int, list[Row]] = {}
    for turn in turns:
        by_folder.setdefault(turn[0], []).append(turn)
    counts = {folder: _summed(some) for folder, some in by_folder.items()}
    parts: list[str] = []
    params: dict[str, Bound] = {}
    for queue_id, _, _, folder, text, _ in rows:
        if not text:
            if not folder:
                counts[queue_id] = everything
            continue
        try:
            query = parse(text)
            if waiting_on := None if folder else _only_turn(query):
                counts[queue_id] = _summed(turn for turn in turns if turn[1] in waiting_on)
                continue
            where = _condition(
                connection, query, queue_id if folder else 0, agent_id, now, f"q{queue_id}_"
            )
        except QueryError:
            continue
        parts.append(_COUNT.format(number=int(queue_id), where=where.sql))
        params.update(where.params)
    for start in range(0, len(parts), PARTS):
        for queue_id, cases, oldest in connection.all(
            " union all ".join(parts[start : start + PARTS]), params
        ):
            counts[queue_id] = (cases, oldest)
    return counts


def _summed(turns: Iterable[Row]) -> tuple[int, int | None]:
    """Return the cases of some rows of `_COUNT_TURNS`, and the oldest that waits for us."""
    cases, oldest = 0, None
    for _, waiting_on, count, since in turns:
        cases += count
        if waiting_on == "us" and (oldest is None or since < oldest):
            oldest = since
    return cases, oldest


def _only_turn(query: Query) -> tuple[str, ...]:
    """Return whose turn a query asks for, if that is all that it asks; else nothing."""
    if len(query.terms) != 1:
        return ()
    term = query.terms[0]
    plain = isinstance(term, Filter) and term.field == "waiting" and not term.negated
    return term.values if plain and set(term.values) <= set(WAITING_ON) else ()


def folder_queues(connection: Connection, agent_id: int, now: int) -> tuple[QueueRow, ...]:
    """Return the queues that cases are moved into by hand."""
    return tuple(queue for queue in queues(connection, agent_id, now) if queue.folder)


def case_page(
    connection: Connection,
    queue: QueueRow | str,
    agent_id: int,
    now: int,
    after: CaseKey | None = None,
    limit: int = 100,
    sort: str = "",
) -> CasePage:
    """Return a page of a queue, or of the cases that a query means.

    Args:
        connection: Where to read.
        queue: A queue, or text in the query language.
        agent_id: Who asks.
        now: UTC milliseconds; decides what is snoozed.
        after: `CasePage.after` of the page before; None for the first.
        limit: Rows, 200 at most.
        sort: A key of `ORDERS`; empty for the queue's own order, ``urgency`` for a query.

    Raises:
        QueryError: The query or the order is not understood.
    """
    if isinstance(queue, str):
        where = _condition(connection, parse(queue), 0, agent_id, now, "p")
        sort = sort or "urgency"
    else:
        folder = queue.queue_id if queue.folder else 0
        where = _condition(connection, parse(queue.query), folder, agent_id, now, "p")
        sort = sort or queue.sort
    order = ORDERS.get(sort)
    if order is None:
        raise QueryError(f"Cases cannot be sorted by “{sort}”. Possible: {', '.join(ORDERS)}.")
    limit = max(1, min(limit, PAGE_ROWS))
    found = _page(connection, where, order, after, limit)
    by_id = case_rows_by_id(connection, [row[0] for row in found[:limit]])
    rows = tuple(by_id[row[0]] for row in found[:limit])
    key = CaseKey(tuple(found[limit - 1][1:])) if len(found) > limit else None
    return CasePage(rows, key)


def _page(
    connection: Connection, where: Where, order: _Order, after: CaseKey | None, limit: int
) -> list[tuple[int, ...]]:
    """Return ``(id, *key)`` of one row more than asked for."""
    params: dict[str, Bound] = {**where.params, "rows": limit + 1}
    resumed = ""
    if after is not None:
        if len(after.values) != len(order.columns):
            raise QueryError("That place belongs to another order; begin at the first page.")
        names, values = listed(after.values, "k")
        sign = "<" if order.descending else ">"
        resumed = f"and ({', '.join(order.columns)}) {sign} ({names})"
        params.update(values)
    direction = " desc" if order.descending else ""
    sql = _PAGE.format(
        columns=", ".join(order.columns),
        where=where.sql,
        after=resumed,
        order=", ".join(column + direction for column in order.columns),
    )
    return connection.all(sql, params)


def case_rows(connection: Connection, ids: Sequence[int]) -> tuple[CaseRow, ...]:
    """Return these cases as they are now, in the order asked for; gone ones are left out."""
    by_id = case_rows_by_id(connection, ids[:PAGE_ROWS])
    return tuple(by_id[case_id] for case_id in ids if case_id in by_id)


def case_detail(connection: Connection, case_id: int, agent_id: int) -> CaseDetail:
    """Return a case with its header.

    Raises:
        NotFound: There is no case of that number.
    """
    row = case_rows_by_id(connection, [case_id]).get(case_id)
    more = connection.one(_MORE, {"case_id": case_id, "agent_id": agent_id})
    if row is None or more is None:
        raise NotFound(f"There is no case #{case_id} in this store.")
    also_open = _also_open(connection, row, more[0])
    linked = tuple(connection.all(_LINKED, {"case_id": case_id}))
    return CaseDetail(*(row, *more[:-1], also_open, linked, more[-1]))


def _also_open(connection: Connection, row: CaseRow, requester_id: int) -> tuple[CaseLine, ...]:
    params: dict[str, Value] = {
        "case_id": row.case_id,
        "customer_id": row.customer_id,
        "requester_id": requester_id,
        "rows": ALSO_OPEN_ROWS,
    }
    return tuple(case_line(line) for line in connection.all(_ALSO_OPEN, params))


def status(connection: Connection, agent_id: int) -> StoreStatus:
    """Return what the status line says of the store as a whole."""
    row = connection.one(_STATUS, {"agent_id": agent_id}) or (0, 0, 0)
    return StoreStatus(*row)


def totals(connection: Connection) -> StoreTotals:
    """Return how much is in the store; 7 ms at a million entries, so no screen asks."""
    row = connection.one(_TOTALS) or (0, 0, 0, 0)
    return StoreTotals(*row)


def agents(connection: Connection) -> tuple[AgentRow, ...]:
    """Return the agents by login; the system itself is not among them."""
    teams: dict[int, list[str]] = {}
    for agent_id, team in connection.all(_TEAMS):
        teams.setdefault(agent_id, []).append(team)
    return tuple(
        AgentRow(agent_id, login, name, role, bool(active), tuple(teams.get(agent_id, ())))
        for agent_id, login, name, role, active in connection.all(_AGENTS)
    )


def tags(connection: Connection, case_ids: Sequence[int] = ()) -> tuple[tuple[str, int, int], ...]:
    """Return ``(name, on how many of these cases, on how many in all)``, those on them first."""
    on: dict[int, int] = {}
    for tag, times in among(connection, _TAGS_OF, case_ids):
        on[tag] = on.get(tag, 0) + times
    rows = [(name, on.get(tag_id, 0), cases) for tag_id, name, cases in connection.all(_TAGS)]
    return tuple(sorted(rows, key=lambda row: -row[1]))


def _condition(
    connection: Connection, query: Query, folder: int, agent_id: int, now: int, prefix: str
) -> Where:
    """Return the condition of a queue or query with what is left out by custom."""
    from db.queries.people import people_of

    where = where_cases(query, Asker(agent_id, now, people=people_of(connection)), prefix)
    params: dict[str, Bound] = {**where.params, f"{prefix}now": now, f"{prefix}folder": folder}
    parts = _customs(query, prefix)
    if folder:
        parts.append(f"c.queue_id = :{prefix}folder")
    if query.terms:
        parts.append(where.sql)
    return Where(" and ".join(parts) or "1 = 1", params)


def _customs(query: Query, prefix: str) -> list[str]:
    """Return what a list leaves out unless it was asked for."""
    numbered = any(term.field == "number" and not term.negated for term in query.filters)
    junk = numbered or query.asks("is", "junk")
    done = query.asks("status", "resolved", "closed") or query.asks("is", "resolved", "history")
    parts = []
    if not junk and not done:
        # No junk is ever unresolved: there is no need to ask.
        parts.append("c.unresolved = 1")
        if not query.asks("is", "snoozed"):
            parts.append(f"c.snoozed_until <= :{prefix}now")
    elif not junk:
        parts.append("c.spam = 0")
    return parts
