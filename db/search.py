"""What of an entry can be found: the one module that writes the search index.

The index (`db.engine.interface.FullText`) holds no text. SQLite 3.40 deletes from it only with the
exact values that were inserted and never notices wrong ones, so that both come from `indexed`, from
inputs that do not change without passing here: subject, text and folds, the parties as written, and
the identities on whose timelines the entry is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from db.among import among
from db.engine.interface import Connection, Value
from db.texts import unpack, unpack_folds

if TYPE_CHECKING:
    from db.engine.interface import Engine

BODY_CHARACTERS = 200_000  # what comes after is data, not words; the timeline still shows it
TERM_CHARACTERS = 40
TERM_SLICE = 2_000  # rows for each transaction, so that agents never wait 20 ms
REBUILD_SLICE = 500
TERMS_AT_ONCE = 64  # of more entries than this the terms are read from the index, later

_STORED = """
select e.id, e.subject, t.codec, t.data, t.folds, e.identity_id
from entries e join entry_texts t on t.entry_id = e.id
where e.removed = 0 and e.id in (:among)
"""
_PARTIES = """
select p.entry_id, p.name, i.value from entry_parties p join identities i on i.id = p.identity_id
where p.entry_id in (:among) order by p.entry_id, p.role, p.position
"""
# Whoever else's timeline it is on is a party to it: by an entry alone the table would be walked.
_OTHERS = """
select distinct e.id, t.identity_id from entries e
join entry_parties p on p.entry_id = e.id
join entry_identities t on t.identity_id = p.identity_id and t.at = e.at and t.entry_id = e.id
where e.id in (:among)
"""
_NEXT_IDS = "select id from entries where id > :after order by id limit :limit"
_TERMS = "select term, entries from terms"
_ADD_TERM = """
insert into terms(term, entries) values(:term, :entries)
on conflict(term) do update set entries = excluded.entries
"""
_REMOVE_TERM = "delete from terms where term = :term"
_COUNT_TERM = """
insert into terms(term, entries) values(:term, :entries)
on conflict(term) do update set entries = terms.entries + excluded.entries
"""
_BEHIND = "select value from settings where name = 'terms.behind'"
_FALL_BEHIND = """
insert into settings(name, value) values('terms.behind', '1') on conflict do nothing
"""
_CATCH_UP = "delete from settings where name = 'terms.behind'"


def indexed(
    entry_id: int,
    subject: str,
    text: str,
    folds: Sequence[tuple[int, int, str]],
    parties: Iterable[tuple[str, str]],
    identities: Iterable[int],
) -> dict[str, Value]:
    """Return the row of an entry in the index.

    Args:
        entry_id: Its id.
        subject: As stored.
        text: As stored; quotes are left out, signatures stay.
        folds: Of the text, in order.
        parties: ``(name, value of the identity)`` as stored; order and repeats do not matter.
        identities: On whose timelines it is; order does not matter.
    """
    return {
        "id": entry_id,
        "subject": subject,
        "body": _new_words(text, folds),
        "who": "\n".join(sorted({f"{name}\n{value}" for name, value in parties})),
        "scope": " ".join(f"i{number}" for number in sorted(set(identities))),
    }


def _new_words(text: str, folds: Sequence[tuple[int, int, str]]) -> str:
    """Return a text without what it quotes."""
    if not folds:
        return text[:BODY_CHARACTERS]
    parts, start = [], 0
    for begin, end, kind in folds:
        if kind == "quote":
            parts.append(text[start:begin])
            start = end
    parts.append(text[start:])
    return "\n".join(parts)[:BODY_CHARACTERS]


def _stored(connection: Connection, entry_ids: Sequence[int]) -> Iterator[dict[str, Value]]:
    """Yield the index rows of stored entries; removed ones have none."""
    parties: dict[int, list[tuple[str, str]]] = {}
    for number, name, value in among(connection, _PARTIES, entry_ids):
        parties.setdefault(number, []).append((name, value))
    others: dict[int, list[int]] = {}
    for number, identity in among(connection, _OTHERS, entry_ids):
        others.setdefault(number, []).append(identity)
    for number, subject, codec, data, folds, home in among(connection, _STORED, entry_ids):
        yield indexed(
            number,
            subject,
            unpack(codec, data),
            unpack_folds(folds),
            parties.get(number, ()),
            (home, *others.get(number, ())),
        )


def index_rows(connection: Connection, rows: Iterable[dict[str, Value]]) -> None:
    """Insert rows of `indexed` for entries that are not in the index."""
    connection.full_text.insert(rows)


def list_terms(connection: Connection, rows: Sequence[dict[str, Value]]) -> None:
    """Count the words of newly indexed rows into the vocabulary; of many, note that it is behind.

    Args:
        connection: Inside `Engine.write`.
        rows: Of `indexed`.
    """
    if len(rows) > TERMS_AT_ONCE:
        connection.run(_FALL_BEHIND)
        return
    counts = connection.full_text.terms_of(rows)
    connection.many(
        _COUNT_TERM,
        [
            {"term": term, "entries": counts[term]}
            for term in sorted(counts)
            if len(term) <= TERM_CHARACTERS
        ],
    )


def index_entry(connection: Connection, entry_id: int) -> None:
    """Insert a stored entry that is not in the index, with its text and parties in their tables."""
    connection.full_text.insert(_stored(connection, (entry_id,)))


def forget_entry(connection: Connection, entry_id: int) -> None:
    """Take an entry out of the index, before its text, subject or removal is written."""
    connection.full_text.remove(list(_stored(connection, (entry_id,))))


def rebuild(connection: Connection) -> int:
    """Write the whole index anew from what is stored, and return how many entries were walked."""
    connection.full_text.clear()
    after, walked = -1, 0
    while True:
        rows = connection.all(_NEXT_IDS, {"after": after, "limit": REBUILD_SLICE})
        if not rows:
            return walked
        ids = [row[0] for row in rows]
        connection.full_text.insert(list(_stored(connection, ids)))
        after, walked = ids[-1], walked + len(ids)


def index_after(engine: Engine) -> Iterator[int]:
    """Index what is stored and not yet in the index, in transactions of its own, in order of ids.

    Only where nobody writes meanwhile: what was indexed before is taken to be right.

    Yields:
        How many entries were walked.
    """
    connection = engine.connection()
    after = connection.full_text.last()
    while rows := connection.all(_NEXT_IDS, {"after": after, "limit": REBUILD_SLICE}):
        ids = [row[0] for row in rows]
        with engine.write(durable=False) as writing:
            writing.full_text.insert(list(_stored(writing, ids)))
        after = ids[-1]
        yield len(ids)


def out_of_step(connection: Connection) -> int:
    """Return how much of the index is not what the stored texts say; 0 when nothing is.

    Builds everything anew beside the index: 93 microseconds an entry.
    """
    check = connection.full_text.check()
    after = -1
    while rows := connection.all(_NEXT_IDS, {"after": after, "limit": REBUILD_SLICE}):
        ids = [row[0] for row in rows]
        check.add(list(_stored(connection, ids)), ids[-1])
        after = ids[-1]
    return check.finish()


def catch_up(engine: Engine) -> None:
    """Collect the terms where entries came in too fast to count theirs one by one."""
    if engine.connection().value(_BEHIND) is not None:
        collect_terms(engine)


def collect_terms(engine: Engine) -> int:
    """Bring the vocabulary for prefixes in line with the index, in small transactions of its own.

    Run at the end of an import. The scan takes 7 CPU seconds at a million entries and holds no
    lock.

    Returns:
        How many terms there are.
    """
    connection = engine.connection()
    words = connection.full_text.terms()
    found = {term: count for term, count in words.items() if len(term) <= TERM_CHARACTERS}
    known: dict[str, int] = {term: count for term, count in connection.all(_TERMS)}
    changed: list[dict[str, Value]] = [
        {"term": term, "entries": count}
        for term, count in found.items()
        if known.get(term) != count
    ]
    for start in range(0, len(changed), TERM_SLICE):
        with engine.write(durable=False) as writing:
            writing.many(_ADD_TERM, changed[start : start + TERM_SLICE])
    stale: list[dict[str, Value]] = [{"term": term} for term in known.keys() - found.keys()]
    for start in range(0, len(stale), TERM_SLICE):
        with engine.write(durable=False) as writing:
            writing.many(_REMOVE_TERM, stale[start : start + TERM_SLICE])
    with engine.write(durable=False) as writing:
        writing.run(_CATCH_UP)
    return len(found)
