"""Many rows at once, by each engine's fastest way: only for what nobody reads meanwhile."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from db.engine.interface import Connection, Value

if TYPE_CHECKING:
    import psycopg

_INDEX = re.compile(r"create index (\w+) on[^;]+;")


def load(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]
) -> None:
    """Insert rows that are not there.

    Args:
        connection: Inside `Engine.write`.
        table: Ours; never a stranger's word.
        columns: Of the table; the rows have their values in this order.
        rows: What breaks a constraint is refused, with all that came with it.
    """
    raw = _raw(connection)
    names = ", ".join(columns)
    if isinstance(raw, sqlite3.Connection):
        marks = ", ".join("?" * len(columns))
        raw.executemany(f"insert into {table}({names}) values({marks})", rows)
        return
    _copy(raw, f"copy {table}({names}) from stdin", rows)


@contextmanager
def unsearched(connection: Connection) -> Iterator[None]:
    """Load without what only searches need, and make it at the end, at once.

    PostgreSQL keeps a word index up to date row by row ten times slower than it builds one.

    Args:
        connection: Inside `Engine.write`.
    """
    raw = _raw(connection)
    if isinstance(raw, sqlite3.Connection):
        yield
        return
    from db.schema.search_postgres import SEARCH_TABLES

    indexes = {found[1]: found[0] for found in _INDEX.finditer(SEARCH_TABLES)}
    for name in indexes:
        connection.run(f"drop index {name}")
    yield
    for made in indexes.values():
        connection.run(made)


def weigh(connection: Connection) -> None:
    """Let the engine look at what was loaded, before questions are asked that walk all of it."""
    if not isinstance(_raw(connection), sqlite3.Connection):
        connection.run("analyze")


def _raw(connection: Connection) -> Any:  # sqlite3's connection, or psycopg's
    return connection.raw  # type: ignore[attr-defined]


def _copy(raw: psycopg.Connection[Any], sql: str, rows: Iterable[Sequence[Value]]) -> None:
    with raw.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)
