"""Full-text search of SQLite: content-less FTS5 indexes, walked newest first by row id.

FTS5 walks the rows of a match in the order of their ids, so the newest are there at once; a rank
costs 1.3 microseconds for each row that matches. SQLite 3.40 deletes from such an index only with
the exact values that were inserted, and never notices wrong ones.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from db.engine.interface import Match, Row, Value, Words

_INSERT = """
insert into search(rowid, subject, body, who, scope) values(:id, :subject, :body, :who, :scope)
"""
_REMOVE = """
insert into search(search, rowid, subject, body, who, scope)
values('delete', :id, :subject, :body, :who, :scope)
"""
_CLEAR = "insert into search(search) values('delete-all')"
_NEWEST = (
    "select rowid from search where search match :match and rowid < :before"
    " order by rowid desc limit :rows"
)
_BEST = "select rowid from search where search match :match order by rank limit :rows"
_COUNT = "select count(*) from (select rowid from search where search match :match limit :rows)"
_LAST = "select coalesce(max(id), -1) from search_docsize"
_VOCABULARY = "create virtual table if not exists temp.words using fts5vocab(main, search, col)"
_TERMS = """
select term, sum(doc) from temp.words where col in ('subject', 'body', 'who')
group by term
"""
_WORD_COUNTS = (
    "create virtual table if not exists temp.word_counts using fts5vocab(main, search, row)"
)
_KEY_COUNTS = (
    "create virtual table if not exists temp.key_counts using fts5vocab(main, customer_keys, row)"
)
_SIZES = "select id, sz from search_docsize where id > ? and id <= ?"
_FRESH = (
    "create virtual table if not exists temp.fresh using fts5(subject, body, who, content='',"
    " tokenize='unicode61 remove_diacritics 2')",
    "create virtual table if not exists temp.fresh_words using fts5vocab(temp, fresh, col)",
    "insert into temp.fresh(fresh) values('delete-all')",
)
_ADD_FRESH = """
insert into temp.fresh(rowid, subject, body, who) values(:id, :subject, :body, :who)
"""
_FRESH_TERMS = "select term, sum(doc) from temp.fresh_words group by term"
_ADD_KEYS = "insert into customer_keys(rowid, keys) values(:id, :keys)"
_REMOVE_KEYS = "insert into customer_keys(customer_keys, rowid, keys) values('delete', :id, :keys)"
_CLEAR_KEYS = "insert into customer_keys(customer_keys) values('delete-all')"
_HOLDERS = "select rowid from customer_keys where customer_keys match :wanted limit :rows"
_MATCHING = """
select customer_id, text from customer_keys
join customer_texts on customer_id = customer_keys.rowid
where customer_keys match :wanted limit :rows
"""

_ANYWHERE = "{subject body who}"  # the scope token is ours, not a word of theirs


def expression(match: Match) -> str:
    """Return a match in the language of FTS5, each word quoted so that none is an operator."""
    wanted = " AND ".join(_any_of(words) for words in match.wanted)
    if not match.unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(_any_of(words) for words in match.unwanted)})"


def _any_of(words: Words) -> str:
    values = " OR ".join(_quoted(value) for value in words.values)
    return f"{words.column or _ANYWHERE} : ({values})"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""').replace("\0", " ") + '"'


# A `Match` can be a parameter of any statement: the driver asks here what it looks like.
sqlite3.register_adapter(Match, expression)


class SqliteFullText:
    """The table ``search``; see `db.engine.interface.FullText`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def insert(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Index rows that are not in it."""
        self._raw.executemany(_INSERT, rows)

    def remove(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Take out rows exactly as they were inserted."""
        self._raw.executemany(_REMOVE, rows)

    def clear(self) -> None:
        """Take out everything."""
        self._raw.execute(_CLEAR)

    def newest(self, match: Match, before: int, rows: int) -> list[int]:
        """Return the ids that match, below ``before``, the highest first."""
        return self._ids(_NEWEST, {"match": expression(match), "before": before, "rows": rows})

    def best(self, match: Match, rows: int) -> list[int]:
        """Return the ids that match best, by bm25."""
        return self._ids(_BEST, {"match": expression(match), "rows": rows})

    def count(self, match: Match, most: int) -> int:
        """Return how many ids match, up to ``most``."""
        found = self._raw.execute(_COUNT, {"match": expression(match), "rows": most}).fetchone()
        return int(found[0])

    def last(self) -> int:
        """Return the highest id in the index."""
        return int(self._raw.execute(_LAST).fetchone()[0])

    def terms(self) -> dict[str, int]:
        """Return every word with the number of entries it is in: 7 CPU seconds at a million."""
        self._raw.execute(_VOCABULARY)
        return dict(self._raw.execute(_TERMS).fetchall())

    def terms_of(self, rows: Iterable[Mapping[str, Value]]) -> dict[str, int]:
        """Return what `terms` would count of these rows alone, cut by the same tokenizer."""
        for made in _FRESH:
            self._raw.execute(made)
        self._raw.executemany(_ADD_FRESH, rows)
        return dict(self._raw.execute(_FRESH_TERMS).fetchall())

    def check(self) -> SqliteIndexCheck:
        """Compare the index with what should be in it."""
        return SqliteIndexCheck(self._raw)

    def _ids(self, sql: str, params: Mapping[str, Value]) -> list[int]:
        return [row[0] for row in self._raw.execute(sql, params).fetchall()]


class SqliteIndexCheck:
    """Builds the index anew in memory, slice by slice, and compares it with the stored one.

    The index keeps no texts, so what can be compared is how many words each entry has in each
    column, and in how many entries, and how often, each word stands.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        from db.schema.search import SEARCH_TABLES

        self._raw = raw
        self._fresh = sqlite3.connect(":memory:", isolation_level=None)
        self._fresh.executescript(SEARCH_TABLES)
        self._fresh.execute("create virtual table words using fts5vocab(search, row)")
        self._raw.execute(_WORD_COUNTS)
        self._words: Counter[tuple[str, str]] = Counter()
        self._after = -1
        self._wrong = 0

    def add(self, rows: Iterable[Mapping[str, Value]], last: int) -> None:
        """Compare the next rows, in the order of their ids."""
        self._fresh.executemany(_INSERT, rows)
        wanted = dict(self._fresh.execute("select id, sz from search_docsize").fetchall())
        stored = dict(self._raw.execute(_SIZES, (self._after, last)).fetchall())
        self._wrong += sum(wanted.get(n) != stored.get(n) for n in wanted.keys() | stored.keys())
        for term, entries, times in self._fresh.execute("select term, doc, cnt from words"):
            self._words[term, "entries"] += entries
            self._words[term, "times"] += times
        self._fresh.execute(_CLEAR)
        self._after = last

    def finish(self) -> int:
        """Return how many entries and words are not in the index as they should be."""
        self._fresh.close()
        wrong = self._wrong
        wrong += len(self._raw.execute(_SIZES, (self._after, 1 << 62)).fetchall())
        found: set[str] = set()
        for term, entries, times in self._raw.execute(
            "select term, doc, cnt from temp.word_counts"
        ).fetchall():
            found.add(term)
            wrong += (entries, times) != (
                self._words[term, "entries"],
                self._words[term, "times"],
            )
        return wrong + len({term for term, _ in self._words} - found)


class SqliteCustomerKeys:
    """The table ``customer_keys``; see `db.engine.interface.CustomerKeys`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def insert(self, customer_id: int, keys: Sequence[str]) -> None:
        """Put a customer under some keys."""
        self._raw.execute(_ADD_KEYS, {"id": customer_id, "keys": " ".join(keys)})

    def remove(self, customer_id: int, keys: Sequence[str]) -> None:
        """Take a customer out, with the keys that were inserted."""
        self._raw.execute(_REMOVE_KEYS, {"id": customer_id, "keys": " ".join(keys)})

    def clear(self) -> None:
        """Take out everyone."""
        self._raw.execute(_CLEAR_KEYS)

    def holders(self, wanted: Iterable[str], rows: int) -> list[list[int]]:
        """Return who is meant by each expression, at most ``rows`` for each."""
        found = []
        for one in wanted:
            params: dict[str, Value] = {"wanted": one, "rows": rows}
            found.append([row[0] for row in self._raw.execute(_HOLDERS, params).fetchall()])
        return found

    def matching(self, wanted: str, rows: int) -> list[Row]:
        """Return who is meant, with the texts kept of them, the oldest customers first."""
        return self._raw.execute(_MATCHING, {"wanted": wanted, "rows": rows}).fetchall()

    def counts(self) -> dict[str, int]:
        """Return every key with the number of customers under it."""
        self._raw.execute(_KEY_COUNTS)
        return dict(self._raw.execute("select term, doc from temp.key_counts").fetchall())
