"""Full-text search of PostgreSQL: word vectors under a GIN index, walked newest first.

The vectors are made here, from `db.engine.tokens`, and not by the server: the same words on every
engine, and nothing to install there. A weight tells the columns apart (A subject, B who, D body),
and the scope's lexemes begin with ``=``, which no word does, so that a search anywhere needs the
index alone.

GIN knows no order. So the newest rows are tried one by one first: where a word is common the page
is full at once; where it is rare the index brings all of its few rows; between them the cheaper way
is computed from how many of the tried ones matched. Left to the planner, a rare word walked the
whole table (336 ms at 100 k entries). What was counted for a page is not asked again to fill it.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import neg
from typing import TYPE_CHECKING

from db.engine.interface import Bound, Match, Row, Value, Words
from db.engine.tokens import tokens

if TYPE_CHECKING:
    from db.engine.postgres import Connection

LAST_PLACE = 16_383  # a tsvector counts no further; phrases beyond it may be missed
PLACES = 255  # of one word
GAP = 10  # between columns, so that no phrase spans two
TRIED = 200  # newest rows that are tried one by one at first
MOST_TRIED = 20_000
TRY_MICROSECONDS = 4.0  # for a row that is tried, and for one that the index brings: measured
FOUND_MICROSECONDS = 2.0
SURELY_MORE = 4  # an estimate this many times over the limit is not counted
SIZE_SECONDS = 60

NEWEST = 1 << 62
NOTHING = "'='"  # a lexeme that no entry has

_INSERT = "copy search_rows(id, words) from stdin"
_REMOVE = "delete from search_rows where id = :id"
_CLEAR = "truncate search_rows"
_TRY = """
select count(*), coalesce(min(id), 0), array_agg(id order by id desc) filter (where words @@ :match)
from (select id, words from search_rows where id < :before order by id desc limit :rows) newest
"""
# The sum keeps the planner from walking the primary key.
_FIND = """
select id from search_rows where words @@ :match and id < :before order by id + 0 desc limit :rows
"""
_ALL = """
with found as materialized (select id from search_rows where words @@ :match)
select array_agg(id order by id desc) from found
"""
_BEST = """
select id from search_rows where words @@ :match
order by ts_rank(words, :match, 1) desc, id desc limit :rows
"""
_LAST = "select coalesce(max(id), -1) from search_rows"
_TERMS = """
select word, cast(sum(ndoc) as bigint) from (
  select word, ndoc from ts_stat('select words from search_rows', 'a')
  union all select word, ndoc from ts_stat('select words from search_rows', 'b')
  union all select word, ndoc from ts_stat('select words from search_rows', 'd')
) as counted where ndoc > 0 group by word
"""
_SIZE = "select cast(reltuples as bigint) from pg_class where oid = to_regclass('search_rows')"
_DIFFER = """
select count(*) from (
  select id, cast(words as tsvector) as words
  from unnest(cast(:ids as bigint[]), cast(:words as text[])) as w(id, words)
) wanted full join (
  select id, words from search_rows where id > :after and id <= :last
) stored on stored.id = wanted.id
where stored.words is null or wanted.words is null or stored.words <> wanted.words
"""
_KEY_COUNTS = (
    "select key, count(*) from customer_keys, unnest(tsvector_to_array(keys)) as key group by key"
)
_ADD_KEYS = """
insert into customer_keys(customer_id, keys) values(:id, array_to_tsvector(cast(:keys as text[])))
"""
_REMOVE_KEYS = "delete from customer_keys where customer_id = :id"
_CLEAR_KEYS = "truncate customer_keys"
_HOLDERS = """
select wanted.place, holder.customer_id
from unnest(cast(:keys as text[])) with ordinality as wanted(key, place),
lateral (select customer_id from customer_keys where keys @@ cast(wanted.key as tsquery)
  order by customer_id limit :rows) holder
order by 1, 2
"""
_MATCHING = """
select t.customer_id, t.text from customer_keys k
join customer_texts t on t.customer_id = k.customer_id
where k.keys @@ cast(:wanted as tsquery)
order by t.customer_id limit :rows
"""
_KEY = re.compile("([a-z0-9_]+)([*]?)")


def vector(row: Mapping[str, Value]) -> str:
    """Return the word vector of a row of `db.search.indexed`, as PostgreSQL reads it."""
    places: dict[str, list[str]] = {}
    start = 1
    for column, weight in (("subject", "A"), ("who", "B"), ("body", "")):
        words = tokens(str(row[column]))
        for place, word in enumerate(words, start):
            found = places.setdefault(word, [])
            if len(found) < PLACES:
                found.append(f"{min(place, LAST_PLACE)}{weight}")
        start += len(words) + GAP
    written = [f"'{word}':{','.join(found)}" for word, found in places.items()]
    written += [f"'={scope}'" for scope in str(row["scope"]).split()]
    return " ".join(written)


def expression(match: Match) -> str:
    """Return a match in the language of ``tsquery``, each word quoted."""
    parts = [_any_of(words) for words in match.wanted]
    parts += [f"!({_any_of(words)})" for words in match.unwanted]
    return " & ".join(f"({part})" for part in parts)


def _any_of(words: Words) -> str:
    if words.column == "scope":
        return " | ".join(f"'={value}'" for value in words.values)
    weight = {"subject": ":A", "who": ":B"}.get(words.column, "")
    phrases = []
    for value in words.values:
        if cut := tokens(value):
            phrases.append(" <-> ".join(f"'{word}'{weight}" for word in cut))
    return " | ".join(f"({phrase})" for phrase in phrases) or NOTHING


@dataclass(slots=True)
class _Known:
    """What was found out about a match.

    Attributes:
        tried: Of the newest rows: how many there were, the last one, and those that match.
        ids: All that match, the highest first; None where that was not asked.
    """

    match: Match
    transaction: int
    tried: tuple[int, int, list[int]]
    ids: list[int] | None = None


class PostgresFullText:
    """The table ``search_rows``; see `db.engine.interface.FullText`."""

    __slots__ = ("_connection", "_known", "_rows", "_rows_at")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = 0
        self._rows_at = 0.0
        self._known: _Known | None = None

    def insert(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Index rows that are not in it."""
        self._known = None
        values = [(row["id"], vector(row)) for row in rows]  # they may still be read from here
        self._connection.copy(_INSERT, values)

    def remove(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Take out rows."""
        self._known = None
        self._connection.many(_REMOVE, [{"id": row["id"]} for row in rows])

    def clear(self) -> None:
        """Take out everything."""
        self._known = None
        self._connection.run(_CLEAR)

    def newest(self, match: Match, before: int, rows: int) -> list[int]:
        """Return the ids that match, below ``before``, the highest first."""
        known = self._remembered(match)
        if known is not None and known.ids is not None:
            at = bisect_left(known.ids, -before + 1, key=neg)
            return known.ids[at : at + rows]
        found: list[int] = []
        looked_at, size = 0, max(TRIED, rows)
        while True:
            seen, last, ids = self._try(match, before, size)
            found += ids
            looked_at += seen
            if len(found) >= rows or seen < size:
                return found[:rows]
            before = last
            size = self._next_size(rows - len(found), len(found) / looked_at)
            if not size:
                return found + self._find(match, before, rows - len(found))

    def _next_size(self, lacking: int, share: float) -> int:
        """Return how many rows to try next; 0 where the index is cheaper."""
        if not share:
            return 0
        rows = int(1.3 * lacking / share) + 1
        trying = rows * TRY_MICROSECONDS
        finding = share * self._size() * FOUND_MICROSECONDS
        return 0 if finding < trying or rows > MOST_TRIED else rows

    def _try(self, match: Match, before: int, rows: int) -> tuple[int, int, list[int]]:
        """Look at the next rows: how many there were, the last one, and those that match."""
        known = self._remembered(match)
        if known is not None and (before, rows) == (NEWEST, TRIED):
            return known.tried
        params: dict[str, Bound] = {"match": match, "before": before, "rows": rows}
        seen, last, ids = self._connection.all(_TRY, params)[0]
        return seen, last, ids or []

    def _remembered(self, match: Match) -> _Known | None:
        """Return what this transaction knows of a match: a page counts first, then reads."""
        known = self._known
        if known is None or known.match is not match or not self._connection.in_transaction:
            return None
        return known if known.transaction == self._connection.began else None

    def _find(self, match: Match, before: int, rows: int) -> list[int]:
        params: dict[str, Bound] = {"match": match, "before": before, "rows": rows}
        return [row[0] for row in self._connection.all(_FIND, params)]

    def _size(self) -> int:
        """Return about how many entries are indexed."""
        now = time.monotonic()
        if not self._rows_at or now - self._rows_at > SIZE_SECONDS:
            self._rows = max(1, int(self._connection.value(_SIZE) or 0))
            self._rows_at = now
        return self._rows

    def best(self, match: Match, rows: int) -> list[int]:
        """Return the ids that match best, by how often and how near the words stand."""
        return [row[0] for row in self._connection.all(_BEST, {"match": match, "rows": rows})]

    def count(self, match: Match, most: int) -> int:
        """Return how many ids match, up to ``most``."""
        tried = self._try(match, NEWEST, TRIED)
        self._known = known = _Known(match, self._connection.began, tried)
        seen, _, ids = tried
        if seen < TRIED:
            return min(len(ids), most)
        if len(ids) / seen * self._size() > SURELY_MORE * most:
            return most
        known.ids = self._connection.value(_ALL, {"match": match}) or []
        return min(len(known.ids), most)

    def last(self) -> int:
        """Return the highest id in the index."""
        return int(self._connection.value(_LAST))

    def terms(self) -> dict[str, int]:
        """Return every word with the number of entries it is in; reads the whole index."""
        return dict(self._connection.all(_TERMS))

    def terms_of(self, rows: Iterable[Mapping[str, Value]]) -> dict[str, int]:
        """Return what `terms` would count of these rows alone."""
        counts: Counter[str] = Counter()
        for row in rows:
            for column in ("subject", "body", "who"):
                counts.update(set(tokens(str(row[column]))))
        return counts

    def check(self) -> PostgresIndexCheck:
        """Compare the index with what should be in it."""
        return PostgresIndexCheck(self._connection)


class PostgresIndexCheck:
    """Compares each entry's word vector with what it should be."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._after = -1
        self._wrong = 0

    def add(self, rows: Iterable[Mapping[str, Value]], last: int) -> None:
        """Compare the next rows, in the order of their ids."""
        wanted = {int(str(row["id"])): vector(row) for row in rows}
        params = {
            "ids": list(wanted),
            "words": list(wanted.values()),
            "after": self._after,
            "last": last,
        }
        self._wrong += int(self._connection.raw_all(_DIFFER, params)[0][0])
        self._after = last

    def finish(self) -> int:
        """Return how many entries are not in the index as they should be."""
        params = {"ids": [], "words": [], "after": self._after, "last": 1 << 62}
        return self._wrong + int(self._connection.raw_all(_DIFFER, params)[0][0])


class PostgresCustomerKeys:
    """The table ``customer_keys``; see `db.engine.interface.CustomerKeys`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, customer_id: int, keys: Sequence[str]) -> None:
        """Put a customer under some keys."""
        self._connection.raw_run(_ADD_KEYS, {"id": customer_id, "keys": list(keys)})

    def remove(self, customer_id: int, keys: Sequence[str]) -> None:
        """Take a customer out."""
        self._connection.run(_REMOVE_KEYS, {"id": customer_id})

    def clear(self) -> None:
        """Take out everyone."""
        self._connection.run(_CLEAR_KEYS)

    def holders(self, wanted: Iterable[str], rows: int) -> list[list[int]]:
        """Return who is meant by each expression, at most ``rows`` for each."""
        queries = [_query(one) for one in wanted]
        found: list[list[int]] = [[] for _ in queries]
        if queries:
            params = {"keys": queries, "rows": rows}
            for place, customer_id in self._connection.raw_all(_HOLDERS, params):
                found[place - 1].append(customer_id)
        return found

    def matching(self, wanted: str, rows: int) -> list[Row]:
        """Return who is meant, with the texts kept of them, the oldest customers first."""
        return self._connection.all(_MATCHING, {"wanted": _query(wanted), "rows": rows})

    def counts(self) -> dict[str, int]:
        """Return every key with the number of customers under it."""
        return dict(self._connection.all(_KEY_COUNTS))


def _query(wanted: str) -> str:
    """Return an expression over keys as PostgreSQL reads it."""
    joined = wanted.replace(" AND ", " & ").replace(" OR ", " | ")
    return _KEY.sub(lambda key: f"'{key[1]}'{':*' if key[2] else ''}", joined)
