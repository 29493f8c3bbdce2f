"""Find in everything: the newest entries that a query means, with text around the first match.

The index is walked newest first in growing steps, and stops when the page is full: the whole match
set is never sorted. Where filters let little through, a page ends after `WALKED_ENTRIES` and says
where to go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from db.among import among
from db.engine.interface import Bound, Connection, Match, Row, Value
from db.language import Asker, Filter, Query, QueryError, Text, parse
from db.language_search import match_of, unwanted_of
from db.language_sql import Where, customers_named, where_entries
from db.queries.people import people_of
from db.queries.snippets import fold, pattern_of, snippet
from db.records import FindHit, FindPage
from db.texts import unpack, unpack_folds

PAGE_HITS = 200
COUNTED = 1_000  # “1,000+” says as much as the number
RANKED = 2_000  # bm25 costs 1.3 microseconds a hit
STEPS = (200, 1_000, 4_000)  # rows of the index looked at in one go
WALKED_ENTRIES = 20_000
PREFIX_TERMS = 8  # the most frequent words that a beginning stands for
_NEWEST = 1 << 62

_EVERYTHING = "select id from entries where id < :before order by id desc limit :step"
_OF_CASES = """
select id from entries where case_id in (:among) and id < :before order by id desc limit :step
"""
_FILTERED = """
select e.id from entries e left join cases c on c.id = e.case_id
where e.id in (:among) and e.removed = 0 and {where}
"""
_TERMS = """
select term from terms where term >= :begin and term < :end order by entries desc limit :rows
"""
_HITS = """
select e.id, e.case_id, coalesce(m.canonical_id, 0),
  coalesce(nullif(k.name, ''), nullif(i.name, ''), i.raw),
  e.at, e.kind, e.channel, e.direction, e.author, e.subject, coalesce(c.status, ''),
  e.preview, t.codec, t.data, t.folds
from entries e
join identities i on i.id = e.identity_id
left join customers m on m.id = i.customer_id
left join customers k on k.id = case when m.face_id > 0 then m.face_id else m.canonical_id end
left join cases c on c.id = e.case_id
left join entry_texts t on t.entry_id = e.id
where e.id in (:among)
"""
_IDENTITIES = """
select i.id from customers k join identities i on i.customer_id = k.id
where k.canonical_id in (
  select canonical_id from customers where id in (:among))
"""
_NEWEST_OF_CASE = """
select id from entries where case_id = :case_id and removed = 0 order by at desc, id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class _Search:
    """A question to the index and what is left to check.

    Attributes:
        match: What the index is asked; None means: walk everything.
        where: On ``e`` and ``c``; None where nothing is left to check.
        pattern: What to mark.
        cases: Only entries of these; empty means of any.
    """

    match: Match | None
    where: Where | None
    pattern: re.Pattern[str] | None
    cases: tuple[int, ...] = ()


@dataclass(slots=True)
class _Walk:
    """What a walk brought.

    Attributes:
        before: Where it stopped; 0 at the end of the index.
    """

    ids: list[int] = field(default_factory=list)
    before: int = 0


def find(
    connection: Connection,
    text: str,
    agent_id: int,
    now: int,
    before: int = 0,
    limit: int = 50,
    *,
    customer_id: int = 0,
    best: bool = False,
) -> FindPage:
    """Return the newest entries that a query means.

    Args:
        connection: Where to read.
        text: In the query language. ``#42``, or 42 alone, puts case 42 first.
        agent_id: Who asks.
        now: UTC milliseconds.
        before: `FindPage.before` of the page before; 0 for the first.
        limit: Hits, 200 at most.
        customer_id: Only on this customer's timeline; 0 for everywhere.
        best: Order by how well they match; only up to `RANKED` hits, and only one page.

    Raises:
        QueryError: The query is not understood.
    """
    query = parse(text)
    return _answer(connection, query, _Ask(agent_id, now, before, limit, customer_id, best), ())


def find_as_typed(
    connection: Connection,
    text: str,
    agent_id: int,
    now: int,
    limit: int = 50,
    *,
    customer_id: int = 0,
) -> FindPage:
    """Return the newest entries for a query that is still being typed.

    The last word stands for the most frequent words that begin so; a last term that is not whole
    yet (``status:o``) is left out.
    """
    ask = _Ask(agent_id, now, 0, limit, customer_id, False)
    try:
        query = parse(text)
    except QueryError:
        query = parse(text.rpartition(" ")[0])
        return _answer(connection, query, ask, ())
    last = query.terms[-1] if query.terms else None
    plain = isinstance(last, Text) and not (last.quoted or last.negated or last.field)
    if not isinstance(last, Text) or not plain or text[-1:].isspace():
        return _answer(connection, query, ask, ())
    words = re.findall(r"[^\W_]+", last.values[0])
    if len(words) != 1:
        return _answer(connection, query, ask, ())
    return _answer(connection, Query(query.terms[:-1]), ask, _beginnings(connection, words[0]))


@dataclass(frozen=True, slots=True)
class _Ask:
    agent_id: int
    now: int
    before: int
    limit: int
    customer_id: int
    best: bool


def _beginnings(connection: Connection, word: str) -> tuple[str, ...]:
    """Return the most frequent terms with this beginning, and the word itself."""
    begin = fold(word)
    end = begin[:-1] + chr(min(ord(begin[-1]) + 1, 0x10FFFF))
    rows = connection.all(_TERMS, {"begin": begin, "end": end, "rows": PREFIX_TERMS})
    return tuple(dict.fromkeys((begin, *(row[0] for row in rows))))


def _answer(connection: Connection, query: Query, ask: _Ask, last_word: Sequence[str]) -> FindPage:
    limit = max(1, min(ask.limit, PAGE_HITS))
    query, identities = _scoped(connection, query, ask)
    if identities is not None and not identities:
        return FindPage((), 0, False, 0)
    search = _search(connection, query, ask, identities or (), last_word)
    first = _case_hits(connection, query) if not ask.before and identities is None else []
    total, more = _total(connection, search)
    if ask.best and search.match and total <= COUNTED:
        walk = _Walk(_ranked(connection, search, search.match, limit))
    else:
        walk = _walk(connection, search, ask.before or _NEWEST, limit)
    ids = [*first, *(entry for entry in walk.ids if entry not in first)][: limit + len(first)]
    if search.where is not None or not search.match:
        total, more = max(total, len(ids)) if search.where is None else len(ids), walk.before > 0
    hits = _hits(connection, ids, search.pattern)
    return FindPage(tuple(hits), max(total, len(hits)), more, walk.before)


def _scoped(connection: Connection, query: Query, ask: _Ask) -> tuple[Query, list[int] | None]:
    """Return the query without ``customer:``, and the identities that it is held to.

    None where it is held to none; empty where nobody is meant.
    """
    people = people_of(connection)
    scopes: list[list[int]] = [[ask.customer_id]] if ask.customer_id else []
    terms: list[Text | Filter] = []
    for term in query.terms:
        if isinstance(term, Filter) and term.field == "customer" and not term.negated:
            scopes.append([one for value in term.values for one in customers_named(value, people)])
        else:
            terms.append(term)
    if not scopes:
        return query, None
    found = [{row[0] for row in among(connection, _IDENTITIES, scope)} for scope in scopes]
    return Query(tuple(terms)), sorted(set.intersection(*found))


def _search(
    connection: Connection,
    query: Query,
    ask: _Ask,
    identities: Sequence[int],
    last_word: Sequence[str],
) -> _Search:
    asker = Asker(ask.agent_id, ask.now, people=people_of(connection))
    match = match_of(query, identities=identities, last_word=last_word)
    checked = [text for text in query.texts if text.field in ("from", "to")]
    where = where_entries(query, asker) if query.filters or checked else None
    if not match:
        where = _without(where, query)
    wanted = [value for text in query.texts if not text.negated for value in text.values]
    cases = () if match else tuple(_numbers(query))
    return _Search(match, where, pattern_of(wanted, last_word[:1]), cases)


def _without(where: Where | None, query: Query) -> Where | None:
    """Return a condition that also refuses what must not be there."""
    parts = [where.sql] if where else []
    params: dict[str, Bound] = dict(where.params) if where else {}
    for number, words in enumerate(unwanted_of(query)):
        parts.append(f"e.id not in (select rowid from search(:unwanted{number}))")  # noqa: S608  # a number
        params[f"unwanted{number}"] = Match((words,))
    return Where(" and ".join(parts), params) if parts else None


def _numbers(query: Query) -> list[int]:
    return [
        int(value)
        for term in query.filters
        if term.field == "number" and not term.negated
        for value in term.values
    ]


def _case_hits(connection: Connection, query: Query) -> list[int]:
    """Return the newest entry of each case that was asked for by its number."""
    numbers = _numbers(query)
    if len(query.terms) == 1 and isinstance(word := query.terms[0], Text):
        value = word.values[0]
        if not word.field and value.isascii() and value.isdigit() and len(value) <= 15:
            numbers.append(int(value))
    found = [connection.value(_NEWEST_OF_CASE, {"case_id": number}) for number in numbers]
    return [entry_id for entry_id in found if entry_id is not None]


def _total(connection: Connection, search: _Search) -> tuple[int, bool]:
    """Return how many match the index, up to a limit, and whether there are more."""
    if not search.match or search.where is not None:
        return 0, False
    rows = connection.full_text.count(search.match, COUNTED + 1)
    return min(rows, COUNTED), rows > COUNTED


def _ranked(connection: Connection, search: _Search, match: Match, limit: int) -> list[int]:
    return _allowed(connection, search, connection.full_text.best(match, RANKED))[:limit]


def _walk(connection: Connection, search: _Search, before: int, limit: int) -> _Walk:
    """Go from the newest to the oldest until the page is full."""
    walk = _Walk()
    walked = 0
    for step in _steps(search, limit):
        found = _candidates(connection, search, before, step)
        walk.ids += _allowed(connection, search, found)
        walked += len(found)
        if len(walk.ids) > limit:
            walk.ids = walk.ids[:limit]
            walk.before = walk.ids[-1]
            return walk
        if len(found) < step:
            return walk
        before = found[-1]
        if walked >= WALKED_ENTRIES:
            break
    walk.before = before
    return walk


def _candidates(connection: Connection, search: _Search, before: int, step: int) -> list[int]:
    """Return the next entries to look at, newest first."""
    if search.match:
        return connection.full_text.newest(search.match, before, step)
    if search.cases:
        found = among(connection, _OF_CASES, search.cases, before=before, step=step)
        return sorted((row[0] for row in found), reverse=True)[:step]
    params: dict[str, Value] = {"before": before, "step": step}
    return [row[0] for row in connection.all(_EVERYTHING, params)]


def _steps(search: _Search, limit: int) -> Iterator[int]:
    """Yield how many rows to look at: little where all of them will do."""
    yield limit + 1 if search.where is None else STEPS[0]
    yield STEPS[1]
    while True:
        yield STEPS[2]


def _allowed(connection: Connection, search: _Search, ids: Sequence[int]) -> list[int]:
    """Return those of the entries that the filters let through, in the same order."""
    if search.where is None and search.match:
        return list(ids)
    where = search.where or Where("1 = 1")
    sql = _FILTERED.replace("{where}", where.sql)
    allowed = {row[0] for row in among(connection, sql, ids, **where.params)}
    return [entry_id for entry_id in ids if entry_id in allowed]


def _hits(
    connection: Connection, ids: Sequence[int], pattern: re.Pattern[str] | None
) -> list[FindHit]:
    rows = {row[0]: row for row in among(connection, _HITS, ids)}
    return [_hit(rows[entry_id], pattern) for entry_id in ids if entry_id in rows]


def _hit(row: Row, pattern: re.Pattern[str] | None) -> FindHit:
    preview, codec, data, folds = row[11:]
    if data is None:
        text, marks = snippet(preview, (), pattern)
    else:
        text, marks = snippet(unpack(codec, data), unpack_folds(folds), pattern)
    return FindHit(*(*row[:11], text or preview, marks))
