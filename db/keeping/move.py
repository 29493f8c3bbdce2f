"""Move a whole store from one engine to the other, and prove that all of it arrived.

Rows go in bulk, in the order of their keys, in pieces that are compared with what is there already:
what was interrupted goes on where it stopped, and what has changed meanwhile is put right. Then
everything is read again on both sides. Until that is through, the new store cannot be opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from db import journal
from db.engine.bulk import load
from db.engine.interface import Connection, Engine, Row, Value
from db.engine.works import loosen, tighten, tighten_search
from db.errors import Unavailable
from db.frozen import dataclass
from db.identity.lookup_index import fill_keys
from db.schema.catalogue import TableInfo, tables
from db.search import index_after

PIECE_ROWS = 2_000
PIECE_ROWS_OF: Mapping[str, int] = {"raws": 16, "quarantine": 64, "entry_texts": 1_000}
NOT_MOVED = frozenset({"sessions"})  # who has the old store open has not opened the new one
ROUNDS = 3

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved.

    Attributes:
        tables: Rows of each table.
        sha256: Of all rows, in the order of tables and keys; the same on both sides.
        acts: In the journal.
        anchor: Hash of the last of them.
    """

    source: str
    target: str
    tables: dict[str, int]
    sha256: str
    acts: int
    anchor: str

    @property
    def rows(self) -> int:
        """Return how many rows there are in all."""
        return sum(self.tables.values())


def move(source: Engine, target: Engine, progress: Progress | None = None) -> Moved:
    """Fill a store from another until both hold the same.

    Args:
        source: Only read, as of one moment.
        target: With tables and without readers; empty, or left by an earlier attempt.
        progress: Told ``(what, done, total)``.

    Raises:
        Unavailable: One of them fails, or they do not become the same.
    """
    tell = progress or (lambda what, done, total: None)
    loosen(target)
    with source.read() as reading:
        moved = _copied(reading, target, tell)
        tell("making indexes", 0, 1)
        tighten(target)
        tell("making indexes", 1, 1)
        _index(target, moved.rows.get("entries", 0), tell)
        tighten_search(target)
        acts, anchor = journal.head(reading)
        altered = journal.verify(reading)
    there = target.connection()
    if journal.head(there) != (acts, anchor) or journal.verify(there) != altered:
        raise Unavailable(f"The journal in {target.place} is not the one of {source.place}.")
    return Moved(source.place, target.place, moved.rows, moved.digest, acts, anchor)


class _Copy:
    """What one walk over all tables came to."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.written = 0
        self._hash = hashlib.sha256()

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Count rows in."""
        self.rows[table] = self.rows.get(table, 0) + len(rows)
        for row in rows:
            self._hash.update(repr(row).encode("utf-8", "surrogatepass"))

    @property
    def digest(self) -> str:
        """Return the hash of all rows so far."""
        return self._hash.hexdigest()


def _copied(reading: Connection, target: Engine, tell: Progress) -> _Copy:
    """Walk until a walk finds nothing to write: the last one is the proof."""
    wanted = [table for name, table in tables().items() if name not in NOT_MOVED]
    total = sum(
        reading.value(f"select count(*) from {table.name}")  # noqa: S608  # a table of ours
        for table in wanted
    )
    indexed = target.connection().full_text.last() >= 0
    for number in range(ROUNDS):
        what, walk = ("comparing" if number else "copying"), _Copy()
        for table in wanted:
            for rows in _pieces(table, reading, target, walk):
                walk.add(table.name, rows)
                tell(what, sum(walk.rows.values()), total)
        if not walk.written:
            return walk
        if indexed:  # an earlier attempt came so far, and the rows have changed since
            with target.write(durable=False) as writing:
                writing.full_text.clear()
    raise Unavailable(
        f"{target.place} does not keep what is written into it. Is another program at work there?"
    )


def _pieces(
    table: TableInfo, reading: Connection, target: Engine, walk: _Copy
) -> Iterator[Sequence[Row]]:
    """Yield the rows of a table piece by piece, when the target holds them too."""
    size = PIECE_ROWS_OF.get(table.name, PIECE_ROWS)
    ours, theirs = _Statements(table), target.connection()
    places = [list(table.columns).index(name) for name in table.key]
    texts = [place for place, kind in enumerate(table.columns.values()) if kind == "text"]
    after: Row | None = None
    empty = False
    while True:
        rows = _plain(reading.all(ours.page(after, size), ours.params(after)), texts)
        last = tuple(rows[-1][place] for place in places) if len(rows) == size else None
        there: Sequence[Row] = []
        if not empty:
            there = theirs.all(ours.range(after, last), ours.params(after, last))
            empty = not there and not theirs.value(ours.any(after), ours.params(after))
        if there != rows:
            with target.write(durable=False) as writing:
                if there:
                    writing.run(ours.delete(after, last), ours.params(after, last))
                load(writing, table.name, list(table.columns), rows)
            walk.written += 1
        yield rows
        if last is None:
            return
        after = last


def _plain(rows: list[Row], texts: Sequence[int]) -> list[Row]:
    """Return rows with NUL in texts as U+FFFD, as PostgreSQL keeps it."""
    for place in texts:
        if "\0" in "".join([row[place] for row in rows if row[place] is not None]):
            break
    else:
        return rows
    return [
        tuple(v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in row) for row in rows
    ]


class _Statements:
    """The statements for pieces of a table; every name in them is of our own schema."""

    def __init__(self, table: TableInfo) -> None:
        self._table = table
        self._key = ", ".join(table.key)
        self._select = f"select {', '.join(table.columns)} from {table.name}"  # noqa: S608  # ours

    def page(self, after: Row | None, rows: int) -> str:
        """Return the next piece of so many rows."""
        return f"{self._select}{self._between(after, None)} order by {self._key} limit {rows}"

    def range(self, after: Row | None, last: Row | None) -> str:
        """Return the rows behind a key, up to another; to the end where there is none."""
        return f"{self._select}{self._between(after, last)} order by {self._key}"

    def any(self, after: Row | None) -> str:
        """Return whether there is a row behind a key."""
        return f"select 1 from {self._table.name}{self._between(after, None)} limit 1"  # noqa: S608  # ours

    def delete(self, after: Row | None, last: Row | None) -> str:
        """Delete the rows of `range`."""
        return f"delete from {self._table.name}{self._between(after, last)}"  # noqa: S608  # ours

    def params(self, after: Row | None, last: Row | None = None) -> dict[str, Value]:
        """Return the values of the keys."""
        found: dict[str, Value] = {}
        for name, key in (("after", after), ("last", last)):
            found.update({f"{name}{place}": value for place, value in enumerate(key or ())})
        return found

    def _between(self, after: Row | None, last: Row | None) -> str:
        parts = [
            f"({self._key}) {sign} ({', '.join(f':{name}{place}' for place in range(len(key)))})"
            for name, sign, key in (("after", ">", after), ("last", "<=", last))
            if key
        ]
        return f" where {' and '.join(parts)}" if parts else ""


def _index(target: Engine, total: int, tell: Progress) -> None:
    """Make the search indexes from what is stored: they are the engine's own."""
    done = 0
    for walked in index_after(target):
        done += walked
        tell("indexing", min(done, total), total)
    fill_keys(target)
