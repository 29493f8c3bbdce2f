"""One thread's connection to a store file: named parameters in, tuples out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from db.engine.interface import Params, Row
from db.engine.sqlite_errors import unavailable
from db.engine.sqlite_search import SqliteCustomerKeys, SqliteFullText


class Connection:
    """One thread's connection: named parameters in, tuples out.

    It is used by the thread that made it. Reads are outside any transaction unless they are inside
    `Engine.write`; every result is fetched whole, because an open cursor would pin the WAL.
    """

    __slots__ = ("_path", "customer_keys", "full_text", "raw")

    refusals: tuple[type[Exception], ...] = (sqlite3.DataError, sqlite3.IntegrityError)

    def __init__(self, raw: sqlite3.Connection, path: Path = Path()) -> None:
        self.raw = raw
        self._path = path
        self.full_text = SqliteFullText(raw)
        self.customer_keys = SqliteCustomerKeys(raw)

    def all(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return every row of a query."""
        try:
            return self.raw.execute(sql, params or {}).fetchall()
        except sqlite3.Error as error:
            self._tell(error)

    def one(self, sql: str, params: Params | None = None) -> Row | None:
        """Return the first row of a query, or None."""
        try:
            cursor = self.raw.execute(sql, params or {})
            row: Row | None = cursor.fetchone()
            cursor.close()
        except sqlite3.Error as error:
            self._tell(error)
        return row

    def value(self, sql: str, params: Params | None = None) -> Any:  # one column of any type
        """Return the first column of the first row, or None."""
        row = self.one(sql, params)
        return row[0] if row else None

    def run(self, sql: str, params: Params | None = None) -> int:
        """Execute a write and return how many rows it touched."""
        try:
            return self.raw.execute(sql, params or {}).rowcount
        except sqlite3.Error as error:
            self._tell(error)

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        """Execute a write once for each set of parameters."""
        try:
            self.raw.executemany(sql, rows)
        except sqlite3.Error as error:
            self._tell(error)

    def interrupt(self) -> None:
        """Stop the query that another thread runs on this connection."""
        self.raw.interrupt()

    def close(self) -> None:
        """Close it."""
        self.raw.close()

    def _tell(self, error: sqlite3.Error) -> NoReturn:
        """Raise what the disk or a lock did as a sentence, anything else as it came."""
        told = unavailable(self._path, error)
        if told is None:
            raise error
        raise told from error
