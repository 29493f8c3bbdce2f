"""The customer finder's index: written here alone, and only from the text that is stored.

SQLite 3.40 deletes from a content-less index with the exact values that were inserted, and never
notices wrong ones: so the old text is read back, and its keys are taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from db.among import among
from db.engine.interface import Connection, Engine
from db.identity.lookup_keys import Findable, findable, index_keys

REBUILD_SLICE = 500

_CUSTOMERS = """
select k.id, k.name, coalesce(g.name, '')
from customers k left join organizations g on g.id = k.organization_id
where k.id in (:among)
"""
_IDENTITIES = """
select customer_id, kind, value, name from identities
where customer_id in (:among) and state <> 'rejected'
order by entries desc, id
"""
_STORED = "select customer_id, text from customer_texts where customer_id in (:among)"
_KEEP = """
insert into customer_texts(customer_id, text) values(:id, :text)
on conflict(customer_id) do update set text = excluded.text
"""
_DROP = "delete from customer_texts where customer_id = :id"
_NEXT_TEXTS = """
select customer_id, text from customer_texts where customer_id > :after
order by customer_id limit :rows
"""
_STRANGERS = """
select count(*) from customer_texts t
where not exists (select 1 from customers k where k.id = t.customer_id)
"""
_NEXT_IDS = "select id from customers where id > :after order by id limit :rows"


def index_customers(connection: Connection, customer_ids: Iterable[int]) -> None:
    """Bring the finder in line with these customers; what has not changed is not written.

    Args:
        connection: Inside a transaction that writes.
        customer_ids: New, changed or deleted ones.
    """
    ids = sorted(set(customer_ids))
    stored: dict[int, str] = dict(among(connection, _STORED, ids))
    wanted = _texts(connection, ids)
    for customer_id in ids:
        old, new = stored.get(customer_id), wanted.get(customer_id)
        if old == new:
            continue
        if old is not None:
            _forget(connection, customer_id, old)
        if new is None:
            connection.run(_DROP, {"id": customer_id})
        else:
            _remember(connection, customer_id, new)


def _texts(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    identities: dict[int, list[tuple[str, str]]] = {}
    names: dict[int, list[str]] = {}
    for customer_id, kind, value, name in among(connection, _IDENTITIES, ids):
        identities.setdefault(customer_id, []).append((kind, value))
        names.setdefault(customer_id, []).append(name)
    return {
        customer_id: findable(
            [name, *names.get(customer_id, ())], company, identities.get(customer_id, ())
        ).text()
        for customer_id, name, company in among(connection, _CUSTOMERS, ids)
    }


def _remember(connection: Connection, customer_id: int, text: str) -> None:
    connection.run(_KEEP, {"id": customer_id, "text": text})
    connection.customer_keys.insert(customer_id, _keys(text))


def _forget(connection: Connection, customer_id: int, text: str) -> None:
    """Take out exactly what `_remember` put in."""
    connection.customer_keys.remove(customer_id, _keys(text))


def _keys(text: str) -> list[str]:
    return sorted(index_keys(Findable.from_text(text)))


def fill_keys(engine: Engine) -> None:
    """Put everyone under their keys anew, from the texts that are stored; nobody else writes."""
    after = 0
    with engine.write(durable=False) as writing:
        writing.customer_keys.clear()
    while rows := engine.connection().all(_NEXT_TEXTS, {"after": after, "rows": REBUILD_SLICE}):
        with engine.write(durable=False) as writing:
            for customer_id, text in rows:
                writing.customer_keys.insert(customer_id, _keys(text))
        after = rows[-1][0]


def rebuild(connection: Connection) -> int:
    """Write the finder's index anew, and return how many customers were walked.

    Args:
        connection: Inside a transaction that writes.
    """
    connection.customer_keys.clear()
    connection.run("delete from customer_texts")
    after, walked = 0, 0
    while rows := connection.all(_NEXT_IDS, {"after": after, "rows": REBUILD_SLICE}):
        ids = [row[0] for row in rows]
        index_customers(connection, ids)
        after, walked = ids[-1], walked + len(ids)
    return walked


def out_of_step(connection: Connection) -> int:
    """Return how many customers and keys the finder knows otherwise than it should."""
    wrong, after = 0, 0
    keys: Counter[str] = Counter()
    while rows := connection.all(_NEXT_IDS, {"after": after, "rows": REBUILD_SLICE}):
        ids = [row[0] for row in rows]
        stored: dict[int, str] = dict(among(connection, _STORED, ids))
        for customer_id, text in _texts(connection, ids).items():
            wrong += stored.get(customer_id) != text
            keys.update(_keys(text))
        after = ids[-1]
    wrong += int(connection.value(_STRANGERS) or 0)
    found = connection.customer_keys.counts()
    return wrong + sum(found.get(one, 0) != keys[one] for one in found.keys() | keys.keys())
