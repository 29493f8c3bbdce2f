"""SQL and records that several questions share: a case's line, its tags, lists of ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.among import among
from db.engine.interface import Connection, Row, Value
from db.records import CaseLine, CaseRow

# Everything a line shows; the page is chosen before, from the index alone.
CASE_COLUMNS = """
select c.id, coalesce(m.canonical_id, 0), coalesce(nullif(k.name, ''), nullif(i.name, ''), i.raw),
  coalesce(g.name, ''), c.subject, c.channel, c.status, c.urgency, coalesce(a.login, ''),
  c.waiting_on, c.waiting_name, c.waiting_since, c.snoozed_until, c.due_at, coalesce(q.name, ''),
  coalesce(m.vip, 0) + coalesce(k.vip, 0), c.history, c.updated_at, c.revision
from cases c
join identities i on i.id = c.requester_id
left join customers m on m.id = i.customer_id
left join customers k on k.id = case when m.face_id > 0 then m.face_id else m.canonical_id end
left join organizations g on g.id = k.organization_id
left join agents a on a.id = c.owner_id
left join queues q on q.id = c.queue_id
where c.id in (:among)
"""
CASE_TAGS = """
select l.case_id, t.name from case_tags l join tags t on t.id = l.tag_id
where l.case_id in (:among)
order by l.case_id, t.name
"""
LINE_COLUMNS = "c.id, c.subject, c.status, c.urgency, c.waiting_on, c.waiting_since, c.updated_at"


def listed(values: Iterable[Value], prefix: str = "v") -> tuple[str, dict[str, Value]]:
    """Return ``:v0, :v1, …`` and the parameters, for an ``in (…)``; ``null`` for none."""
    params = {f"{prefix}{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{name}" for name in params) or "null", params


def case_rows_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, CaseRow]:
    """Return the lines of these cases by number; those that do not exist are left out."""
    tags: dict[int, list[str]] = {}
    for case_id, tag in among(connection, CASE_TAGS, ids):
        tags.setdefault(case_id, []).append(tag)
    rows = list(among(connection, CASE_COLUMNS, ids))
    if not rows:
        return {}
    # Column by column: half the time of row by row.
    columns = list(zip(*rows, strict=True))
    columns[15] = tuple(map(bool, columns[15]))
    columns[16] = tuple(map(bool, columns[16]))
    columns.append(tuple(tuple(tags.get(case_id, ())) for case_id in columns[0]))
    return dict(zip(columns[0], map(CaseRow, *columns), strict=True))


def case_line(row: Row) -> CaseLine:
    """Return the record of a row of `LINE_COLUMNS`."""
    return CaseLine(*row)
