"""What the rest of the store sees of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

# Columns are of many types; each query names them where it builds its record.
Row = tuple[Any, ...]
Value = int | str | bytes | float | None
Params = Mapping[str, Value]


class Connection(Protocol):
    """One thread's connection: named parameters (``:name``) in, tuples out.

    Results are fetched whole. Writes are only made inside `Engine.write`.
    """

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

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the database itself; empty when it is whole."""
        ...

    def close(self) -> None:
        """Close every connection that was handed out."""
        ...
