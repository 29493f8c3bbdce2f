"""What the rest of the store sees of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

# Columns are of many types; each query names them where it builds its record.
Row = tuple[Any, ...]
Value = int | str | bytes | float | None
Column = Literal["", "subject", "who", "scope"]


@dataclass(frozen=True, slots=True)
class Words:
    """Some words of which one must be there.

    Attributes:
        values: Words or phrases as a person writes them; each engine cuts them as it cut the texts.
        column: Where; empty for anything that somebody wrote (all but the scope).
    """

    values: tuple[str, ...]
    column: Column = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry must hold to be found; a parameter of ``search(:match)`` in a statement.

    ``search(…)`` gives the row ids of what matches, as a column ``rowid``, on every engine.

    Attributes:
        wanted: All of these; at least one.
        unwanted: None of these.
    """

    wanted: tuple[Words, ...]
    unwanted: tuple[Words, ...] = ()


Bound = Value | Match
Params = Mapping[str, Bound]


class IndexCheck(Protocol):
    """Compares an index with the rows that should be in it; writes nothing."""

    def add(self, rows: Iterable[Mapping[str, Value]], last: int) -> None:
        """Compare the next rows, in the order of their ids.

        Args:
            rows: As for `FullText.insert`.
            last: The highest id that these stand for, in the index or not.
        """
        ...

    def finish(self) -> int:
        """Return how many entries and words are not in the index as they should be."""
        ...


class FullText(Protocol):
    """The index of what entries say. Its rows are made by `db.search` alone."""

    def insert(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Index rows of ``id, subject, body, who, scope``, which are not in it."""
        ...

    def remove(self, rows: Iterable[Mapping[str, Value]]) -> None:
        """Take out rows exactly as they were inserted."""
        ...

    def clear(self) -> None:
        """Take out everything."""
        ...

    def newest(self, match: Match, before: int, rows: int) -> list[int]:
        """Return the ids that match, below ``before``, the highest first, without sorting all."""
        ...

    def best(self, match: Match, rows: int) -> list[int]:
        """Return the ids that match best, the best first."""
        ...

    def count(self, match: Match, most: int) -> int:
        """Return how many ids match; ``most`` where it is at least so many."""
        ...

    def last(self) -> int:
        """Return the highest id in the index; -1 where it is empty."""
        ...

    def terms(self) -> dict[str, int]:
        """Return every word with the number of subjects, texts and parties it is in; slow."""
        ...

    def terms_of(self, rows: Iterable[Mapping[str, Value]]) -> dict[str, int]:
        """Return what `terms` would count of these rows alone."""
        ...

    def check(self) -> IndexCheck:
        """Compare the index with what should be in it."""
        ...


class CustomerKeys(Protocol):
    """The keys of the customer finder (`db.identity.lookup_keys`): who stands under which."""

    def insert(self, customer_id: int, keys: Sequence[str]) -> None:
        """Put a customer, who is not in it, under some keys."""
        ...

    def remove(self, customer_id: int, keys: Sequence[str]) -> None:
        """Take a customer out, with the keys that were inserted."""
        ...

    def clear(self) -> None:
        """Take out everyone."""
        ...

    def holders(self, wanted: Iterable[str], rows: int) -> list[list[int]]:
        """Return who is meant by each expression (see `matching`), at most ``rows`` for each."""
        ...

    def matching(self, wanted: str, rows: int) -> list[Row]:
        """Return who is meant, with the texts kept of them, the oldest customers first.

        Args:
            wanted: Keys joined by ``AND``, ``OR`` and brackets; a star behind one means every key
                that begins so.
            rows: How many at most.
        """
        ...

    def counts(self) -> dict[str, int]:
        """Return every key with the number of customers under it; slow."""
        ...


class Connection(Protocol):
    """One thread's connection: named parameters (``:name``) in, tuples out.

    Results are fetched whole. Writes are only made inside `Engine.write`.

    Attributes:
        refusals: What is raised when a row breaks a constraint or holds an impossible value.
    """

    refusals: tuple[type[Exception], ...]

    @property
    def full_text(self) -> FullText:
        """Return the index of what entries say."""
        ...

    @property
    def customer_keys(self) -> CustomerKeys:
        """Return the keys of the customer finder."""
        ...

    def all(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return every row of a query."""
        ...

    def one(self, sql: str, params: Params | None = None) -> Row | None:
        """Return the first row of a query, or None."""
        ...

    def value(self, sql: str, params: Params | None = None) -> Any:  # one column of any type
        """Return the first column of the first row, or None."""
        ...

    def run(self, sql: str, params: Params | None = None) -> int:
        """Execute a write and return how many rows it touched."""
        ...

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        """Execute a write once for each set of parameters."""
        ...

    def interrupt(self) -> None:
        """Stop the query that another thread runs on this connection."""
        ...


class Engine(Protocol):
    """A database: connections, transactions, and a sign that something changed."""

    name: str
    place: str
    """Where it is, fit to be shown: a path, or a URL without its password."""

    def connection(self) -> Connection:
        """Return this thread's connection, opening it at its first use."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """Read several things as of one moment."""
        ...

    def write(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        """Run a transaction: all of it, or nothing; ``durable`` is synced before return."""
        ...

    def change_mark(self) -> int:
        """Return a number that differs after another connection's commit."""
        ...

    def size(self) -> int:
        """Return how many bytes the store takes, without what still waits in a log."""
        ...

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the database itself; empty when it is whole."""
        ...

    def close(self) -> None:
        """Close every connection that was handed out."""
        ...
